"""The commands on conditional runs, and the attribute similarity, as a user calls them."""
import json

import numpy as np
import pytest
from PIL import Image

from experiment import generator, load_run
from experiment.attributes import held_out_attributes
from experiment.pictures import grid
from experiment.run_folder import RunFolder
from tests.experiment.runs import content, finished_run
from tests.scripts.commands import call, do

READER = "--regressor", "reader"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """(folder, {name: model}): conditional runs 'faces' and 'gan', 'plain', and the regressor 'reader'."""
    folder = tmp_path_factory.mktemp("runs")
    given = dict(cache=str(folder / "cache"), limit=40)
    models = {"faces": finished_run(folder / "faces", "celeba_aegan", conditional=True, **given),
              "gan": finished_run(folder / "gan", "celeba_gan", conditional=True, **given),
              "plain": finished_run(folder / "plain", "celeba_aegan", **given),
              "reader": finished_run(folder / "reader", "lfw_regressor", **given)}
    pixels = np.random.default_rng(3).integers(0, 256, (2, 32, 32, 3), np.uint8)
    for i, image in enumerate(pixels):
        Image.fromarray(image).save(folder / f"{i}.png")
    return folder, models, pixels.astype(np.float32) / np.float32(127.5) - 1


def close(path, expected):
    return np.abs(np.asarray(Image.open(path)).astype(int) - expected).max() <= 1


def test_samples_are_told_the_attributes_of_test_images(made, tmp_path):
    folder, models, _ = made
    do("sample", folder / "gan", "--count", 10, "--out", "grid.png", cwd=tmp_path)
    settings, _ = load_run(folder / "gan", "cpu")
    attributes = held_out_attributes(settings, settings.attribute_names)
    assert len(attributes) == 4                            # a tenth of the limit: told again and again
    z = generator(0, "samples").standard_normal((10, 6), np.float32)
    assert close(tmp_path / "grid.png", grid(models["gan"].sample(z, np.resize(attributes, (10, 26)))))
    do("sample", folder / "gan", "--count", 4, "--with", "Bald=3", "--out", "bald.png", cwd=tmp_path)
    attributes[:, 0] = 3
    assert close(tmp_path / "bald.png", grid(models["gan"].sample(z[:4], attributes)))


def test_own_pictures_have_the_attributes_that_a_regressor_reads(made, tmp_path):
    folder, models, images = made
    attributes = models["reader"].predict(images)
    files = folder / "0.png", folder / "1.png"
    do("reconstruct", folder / "faces", *files, "--regressor", folder / "reader", "--out", "two.png",
       cwd=tmp_path)
    expected = models["faces"].reconstruct(images, attributes)
    assert close(tmp_path / "two.png", grid(np.concatenate([images, expected]), 2))
    do("interpolate", folder / "faces", *files, "--regressor", folder / "reader", "--out", "row.png",
       cwd=tmp_path)
    ends = [*range(32), *range(-32, 0)]
    row = np.asarray(Image.open(tmp_path / "row.png")).astype(int)
    assert np.abs(row[:, ends] - grid(expected)[:, ends]).max() <= 1
    do("encode", folder / "faces", folder, "--regressor", folder / "reader", "--limit", 2, "--cache", "cache",
       "--out", "z.npz", cwd=tmp_path)
    with np.load(tmp_path / "z.npz") as codes:
        assert codes["names"].tolist() == ["0.png", "1.png"]
        assert np.allclose(codes["mean"], models["faces"].encode(images, attributes), rtol=1e-3, atol=1e-4)


def test_the_similarity_of_runs(made, tmp_path):
    folder, models, _ = made
    before = {name: content(folder / name) for name in models}
    do("export", folder / "reader", "--out", "reader.safetensors", cwd=tmp_path)
    said = do("similarity", folder / "faces", folder / "gan", "--regressor", "reader.safetensors",
              "--out", "table", cwd=tmp_path)
    assert before == {name: content(folder / name) for name in models}
    assert sorted(content(tmp_path / "table")) == ["queries.png", "similarity.json", "similarity.md"]
    table = (tmp_path / "table" / "similarity.md").read_text()
    assert said.endswith(table)
    assert [line.split(" |")[0] for line in table.splitlines()[2:6]] == [
        "| test images", "| other test images", f"| {folder / 'faces'}", f"| {folder / 'gan'}"]
    assert "attributes were at hand for 44 of 44 images; 4 of 4 test images are queries" in table
    written = json.loads((tmp_path / "table" / "similarity.json").read_text())
    assert [len(rows) for rows in written["repetitions"].values()] == [1, 3, 3, 3]
    assert written["models"][str(folder / "gan")]["step"] == 4 and written["test_images"] == 4
    do("similarity", folder / "faces", folder / "gan", "--regressor", folder / "reader", "--out", "again",
       cwd=tmp_path)
    again = json.loads((tmp_path / "again" / "similarity.json").read_text())
    assert again["repetitions"] == written["repetitions"]


def of_other_data(folder):
    change_data(folder, name="celeba")


def of_other_attributes(folder):
    names = RunFolder(folder / "reader").config()["data"]["attributes"]
    change_data(folder, attributes=names[::-1])


def that_holds_out_others(folder):
    change_data(folder, test=71)


def change_data(folder, **changes):
    run = RunFolder(folder / "reader")
    config = run.config()
    run.write_config(config | {"data": config["data"] | changes})


def nothing(folder):
    pass


SIMILARITY = ["similarity", "faces", *READER, "--out", "out"]
RECONSTRUCT = ["reconstruct", "faces", "0.png", "--out", "out.png"]
CASES = {
    "no regressor": (nothing, ["similarity", "faces", "--out", "out"], ["--regressor"]),
    "regressor of other data": (of_other_data, SIMILARITY, ["--regressor reader: has data celeba", "fake"]),
    "regressor of other attributes": (of_other_attributes, SIMILARITY, ["reader: reads other attributes"]),
    "regressor of another split": (that_holds_out_others, SIMILARITY,
                                   ["has test images 71", "faces has 70"]),
    "a run that is no regressor": (nothing, ["similarity", "faces", "--regressor", "gan", "--out", "out"],
                                   ["--regressor gan: a run of celeba_gan.py"]),
    "an unconditional run": (nothing, ["similarity", "plain", *READER, "--out", "out"],
                             ["plain: is no conditional run", "--conditional"]),
    "a regressor to measure": (nothing, ["similarity", "reader", *READER, "--out", "out"],
                               ["reader: is no conditional run"]),
    "own pictures": (nothing, RECONSTRUCT, ["faces: is a conditional run", "--regressor RUN"]),
    "own pictures, other attributes": (of_other_attributes, [*RECONSTRUCT, *READER], ["other attributes"]),
    "unknown attribute": (nothing, ["sample", "gan", "--with", "Balled=1", "--out", "out"], ["told Bald"]),
    "attributes for a plain run": (nothing, ["sample", "plain", "--with", "Bald=1", "--out", "out"],
                                   ["plain is no conditional run"]),
    "data without attributes": (nothing, ["sample", "gan", "--data", ".", "--out", "out"],
                                ["has no attribute list"]),
    "samples of a regressor": (nothing, ["sample", "reader", "--out", "out"], ["makes no pictures"]),
}


@pytest.mark.parametrize("case", CASES)
def test_one_line_and_nothing_written(case, made, tmp_path):
    prepare, arguments, words = CASES[case]
    for name in ("faces", "gan", "plain", "reader", "0.png"):
        (tmp_path / name).symlink_to(made[0] / name)
    if prepare is not nothing:
        (tmp_path / "reader").unlink()
        finished_run(tmp_path / "reader", "lfw_regressor")
        prepare(tmp_path)
    before = content(tmp_path)
    done = call(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1 and len(done.stderr) < 400
    assert all(word in done.stderr for word in words), done.stderr
    assert content(tmp_path) == before
