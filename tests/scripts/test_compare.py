"""The four models side by side, as a user calls the command."""
import json
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.scripts.commands import FROM_ANYWHERE, call, command_line, do
from tests.scripts.scripts import TINY, arrays, metrics

MODELS = "gan", "vae", "vae_dis_l", "vaegan"
COMPARE = ("compare", "--out", "side", "--count", "20", "--epochs", "2", "--cache", "cache", *TINY,
           "--limit", "200")


@pytest.fixture(scope="module")
def side(tmp_path_factory):
    """(the folder that the command ran in, what it said)."""
    folder = tmp_path_factory.mktemp("compare")
    return folder, do(*COMPARE, cwd=folder)


def test_four_models_learn_alike_and_lie_side_by_side(side):
    folder = side[0] / "side"
    configs = [json.loads((folder / name / "config.json").read_text()) for name in MODELS]
    for name in ("data", "width", "z_size", "image_size", "seed", "batch_size", "epochs"):
        assert len({config["settings"][name] for config in configs}) == 1
    assert [config["script"] for config in configs] == [
        "celeba_gan", "celeba_vae", "celeba_vae", "celeba_aegan"]
    assert [config["settings"].get("similarity") for config in configs] == [
        None, "pixels", "discriminator", None]
    assert all(metrics(folder / name)[-1]["step"] == 4 for name in MODELS)
    for picture, rows in (("samples.png", 8), ("reconstructions.png", 4)):
        with Image.open(folder / picture) as shown:
            assert shown.width > 12 * 34 and shown.height > rows * 34
    page = (folder / "index.html").read_text()
    assert all(name in page for name in MODELS)


def test_the_table_is_what_measure_finds(side):
    folder, said = side
    results = json.loads((folder / "side" / "compare.json").read_text())["models"]
    table = (folder / "side" / "compare.md").read_text()
    assert table.split("\n\n")[0] in said
    rows = {line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:-1]]
            for line in table.splitlines() if line.startswith("|")}
    for name, title in zip(MODELS, ("GAN", "VAE", "VAE_Dis_l", "VAE/GAN")):
        kept = json.loads((folder / "side" / name / "measures.json").read_text())["measures"]
        assert results[name]["measures"] == kept and results[name]["images_seen"] == 16
        assert rows[title][rows[""].index("Frechet")] == f"{kept['distances']['samples']['frechet']:.2f}"
        psnr = rows[title][rows[""].index("PSNR, dB")]
        assert psnr == ("-" if name == "gan" else f"{kept['reconstruction']['psnr']:.2f}")
    assert rows["real training images"][rows[""].index("PSNR, dB")] == "-"
    assert "trained on 16 images each; 32x32" in table


def test_what_is_done_is_not_done_again(side):
    folder = side[0]
    before = {name: (folder / "side" / name / "metrics.jsonl").read_bytes() for name in MODELS}
    said = do(*COMPARE, cwd=folder)
    assert all(f"{name}: done before" in said for name in MODELS)
    assert before == {name: (folder / "side" / name / "metrics.jsonl").read_bytes() for name in MODELS}


def test_a_comparison_that_was_stopped_ends_as_if_it_had_not_been(side, tmp_path):
    shutil.copytree(side[0] / "cache", tmp_path / "cache")
    longer = [*COMPARE, "--models", "gan,vaegan"]
    longer[longer.index("--epochs") + 1] = "20"
    shutil.copytree(tmp_path / "cache", tmp_path / "whole" / "cache")
    do(*longer, cwd=tmp_path / "whole")
    with subprocess.Popen(command_line(*longer), cwd=tmp_path, env=FROM_ANYWHERE, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        until = time.monotonic() + 120
        while not list(tmp_path.glob("side/vaegan/checkpoints/*.npz")) and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        error = process.communicate(timeout=120)[1]
    assert process.returncode == 143 and error.count("\n") == 1
    assert error.startswith("vaegan: interrupted at step") and error.endswith("the same command goes on\n")
    said = do(*longer, cwd=tmp_path)
    assert "gan: done before" in said and "going on from" in said
    for name in ("gan", "vaegan"):
        ends = [sorted((place / "side" / name / "checkpoints").glob("epoch_*.npz"))[-1]
                for place in (tmp_path, tmp_path / "whole")]
        assert arrays(ends[0])[0] == arrays(ends[1])[0]


@pytest.mark.parametrize("words, line", [
    (["--width", "0.2"], "gan: --width 0.2: the run in side/gan was started with 0.1: leave the flag out"),
    (["--models", "vae", "--gamma", "1e-3"], "--gamma: none of vae has it: leave it out"),
    (["--models", "vaegun"], "vaegun: no such model: use gan, vae, vae_dis_l, vaegan"),
    (["--data", "nowhere"], "--data nowhere: gan has learned from toyfaces: leave the flag out"),
    (["--lr", "fast"], "gan: --lr fast: expected a number"),
    (["--epocs", "3"], "unrecognized arguments: --epocs 3"),
])
def test_bad_input_is_one_line(side, words, line):
    ended = call("compare", "--out", "side", "--cache", "cache", *words, cwd=side[0])
    assert ended.returncode == 2 and ended.stderr.count("\n") == 1
    assert re.search(line, ended.stderr), ended.stderr


def test_a_comparison_that_was_begun_with_other_flags_does_not_go_on(side, tmp_path):
    (tmp_path / "side/gan").mkdir(parents=True)
    shutil.copy(side[0] / "side/gan/config.json", tmp_path / "side/gan")
    ended = call("compare", "--out", "side", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (
        2, "error: vae: would have --limit none, but gan has 200: give all the flags that the comparison "
        "began with\n")
    assert [path.name for path in (tmp_path / "side").iterdir()] == ["gan"]


def test_vae_dis_l_needs_a_gan_and_the_folder_must_be_its_own(tmp_path):
    ended = call("compare", "--out", "new", "--models", "vae_dis_l", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (
        2, "error: --models: vae_dis_l needs the discriminator of a GAN: add gan\n")
    (tmp_path / "thesis.tex").write_text("mine")
    ended = call("compare", "--out", ".", cwd=tmp_path)
    assert ended.returncode == 2 and "holds other files (thesis.tex)" in ended.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.tex"]


def test_lfw_takes_the_numbers_of_its_script():
    from experiment.commands.compare import _plan

    settings = {name: _plan(name, Path("side"), {"preset": ["--preset", "released"]},
                            True).settings for name in ("gan", "vae", "vaegan")}
    assert np.allclose([of.lr for of in settings.values()], 0.01 / 64)
    assert {(of.data, of.epochs) for of in settings.values()} == {("lfw", 150)}
    assert settings["gan"].real_weight == settings["vaegan"].real_weight == 0.33
