"""Commands used wrongly: exit status 2, one line that says what, where and what to do, nothing written."""
import numpy as np
import pytest

from tests.experiment.runs import content, finished_run
from tests.scripts.commands import call


def without_checkpoints(run, folder):
    for path in (run / "checkpoints").iterdir():
        path.unlink()


def damaged(run, folder):
    (run / "checkpoints" / "epoch_0002.npz").write_bytes(b"no checkpoint")


def of_another_version(run, folder):
    about = np.array('{"format": "autoencoding-beyond-pixels checkpoint 0"}')
    np.savez(run / "checkpoints" / "epoch_0002.npz", about=about)


def of_another_network(run, folder):
    config = (run / "config.json").read_text()
    (run / "config.json").write_text(config.replace('"z_size": 6', '"z_size": 7'))


def of_an_unknown_script(run, folder):
    config = (run / "config.json").read_text()
    (run / "config.json").write_text(config.replace('"script": "celeba_', '"script": "my_'))


def without_config(run, folder):
    (run / "config.json").unlink()


def file_in_the_way(run, folder):
    (folder / "out").write_text("mine")


def old_pictures(run, folder):
    (folder / "out").mkdir()
    (folder / "out" / "000000.png").write_text("mine")


def other_files(run, folder):
    (folder / "out").mkdir()
    (folder / "out" / "precious.txt").write_text("mine")


def old_grid(run, folder):
    (folder / "out.png").write_text("mine")


def text_as_picture(run, folder):
    (folder / "face.png").write_text("no picture")


def nothing(run, folder):
    pass


SAMPLE = ["sample", "run", "--count", 2, "--out", "out"]
FACE = ["run", "face.png", "--out", "out.png"]
FACES = ["run", "face.png", *FACE[1:]]
CASES = {
    "no command": ("vae", nothing, [], ["COMMAND"]),
    "unknown command": ("vae", nothing, ["paint", "run"], ["paint", "sample"]),
    "unknown flag": ("vae", nothing, [*SAMPLE, "--colour", 1], ["--colour"]),
    "count 0": ("vae", nothing, [*SAMPLE, "--count", 0], ["--count", "0: expected a whole number from 1"]),
    "no such folder": ("vae", nothing, ["sample", "ran", "--out", "out"], ["ran: not the folder of a run"]),
    "no run to have results": ("vae", nothing, ["attributes", "ran"], ["ran: no such run: check the path"]),
    "checkpoint of a file": ("vae", nothing, ["sample", "--checkpoint", "epoch_1", "--out", "out"],
                             ["--checkpoint epoch_1", "toyfaces.safetensors holds one model"]),
    "no such user": ("vae", nothing, ["sample", "~no-such-user/run", "--out", "out"], ["there is no user"]),
    "no run": ("vae", without_config, SAMPLE, ["run: not the folder of a run"]),
    "no checkpoint": ("vae", without_checkpoints, SAMPLE, ["run: no checkpoint in this run"]),
    "no such checkpoint": ("vae", nothing, [*SAMPLE, "--checkpoint", "epoch_7"], ["epoch_7", "epoch_0001"]),
    "damaged": ("gan", damaged, SAMPLE, ["epoch_0002.npz: damaged", "--checkpoint epoch_0001"]),
    "another version": ("aegan", of_another_version, SAMPLE, ["epoch_0002.npz", "another version"]),
    "another network": ("aegan", of_another_network, SAMPLE, ["epoch_0002.npz: does not fit"]),
    "unknown script": ("vae", of_an_unknown_script, SAMPLE, ["my_vae.py", "none of this version's"]),
    "no GPU": ("vae", nothing, [*SAMPLE, "--device", "cuda"], ["--device cuda"]),
    "file at out": ("vae", file_in_the_way, SAMPLE, ["--out out: is a file"]),
    "folder exists": ("vae", old_pictures, SAMPLE, ["--out out", "--overwrite"]),
    "folder of other things": ("vae", other_files, [*SAMPLE, "--overwrite"], ["--out out", "another kind"]),
    "grid exists": ("vae", old_grid, [*SAMPLE, "--out", "out.png"], ["--out out.png: exists", "--overwrite"]),
    "other picture format": ("vae", nothing, [*SAMPLE, "--out", "out.jpg"], ["out.jpg", "PNG"]),
    "folder not writable": ("vae", nothing, [*SAMPLE, "--out", "/dev/null/out"], ["cannot be written"]),
    "file not writable": ("vae", nothing, [*SAMPLE, "--out", "/dev/null/out.png"], ["cannot be written"]),
    "picture missing": ("vae", nothing, ["reconstruct", *FACE], ["face.png"]),
    "picture damaged": ("aegan", text_as_picture, ["reconstruct", *FACE], ["face.png: not an image"]),
    "pictures damaged": ("vae", text_as_picture, ["interpolate", *FACES], ["face.png"]),
    "unknown crop": ("vae", nothing, ["reconstruct", *FACE, "--crop", "round"], ["--crop", "round", "lfw"]),
    "steps 1": ("vae", nothing, ["interpolate", *FACES, "--steps", 1], ["--steps", "1"]),
    "data missing": ("vae", nothing, ["encode", "run", "faces", "--out", "z.npz"], ["faces: no such file"]),
    "codes as .csv": ("vae", nothing, ["encode", "run", "toyfaces", "--out", "z.csv"], ["z.csv", ".npz"]),
    "model as .pt": ("vae", nothing, ["export", "run", "--out", "m.pt"], ["m.pt", ".safetensors"]),
    "exported file missing": ("vae", nothing, ["sample", "m.safetensors", "--out", "out"], ["no such file"]),
    "report of no run": ("vae", nothing, ["report", "elsewhere"], ["elsewhere", "not the folder of a run"]),
    "report of runs exists": ("vae", lambda run, beside: (beside / "runs.html").write_text(""),
                              ["report", "run", "run"], ["runs.html: exists", "--overwrite"]),
    "report as .txt": ("vae", nothing, ["report", "run", "run", "--out", "out.txt"], ["out.txt", ".html"]),
    "report exists": ("vae", lambda run, beside: (beside / "out.html").write_text(""),
                      ["report", "run", "--out", "out.html"], ["out.html: exists", "--overwrite"]),
    **{f"{command} of a GAN": ("gan", nothing, [command, *arguments], ["run: a GAN has no encoder"])
       for command, arguments in (("reconstruct", FACE), ("interpolate", FACES),
                                  ("encode", ["run", "toyfaces", "--out", "z.npz"]))},
}


@pytest.mark.parametrize("case", CASES)
def test_one_line_and_nothing_written(case, tmp_path):
    script, prepare, arguments, words = CASES[case]
    finished_run(tmp_path / "run", f"celeba_{script}")
    prepare(tmp_path / "run", tmp_path)
    before = content(tmp_path)
    done = call(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1 and len(done.stderr) < 400
    assert all(word in done.stderr for word in words), done.stderr
    assert content(tmp_path) == before
