"""attributes, walk and measure on finished runs, tiny ones: what they write, tell and refuse."""
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from dataset import DataError, open_dataset
from experiment.commands import main, walk
from experiment.commands.attributes import STRENGTHS
from experiment.evaluation import attribute_network, pixels
from experiment.exit import UsageError
from experiment.report import LIVE, PAGE
from tests.dataset.make import picture
from tests.experiment.runs import content, finished_run


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder of runs: 'vae', 'gan', 'conditional', 'regressor'; 'pictures', without attributes; 'cache'."""
    folder = tmp_path_factory.mktemp("runs")
    given = dict(cache=str(folder / "cache"), limit=400)
    for name, script, more in (("vae", "celeba_vae", {}), ("gan", "celeba_gan", {}),
                               ("conditional", "celeba_aegan", dict(conditional=True)),
                               ("regressor", "lfw_regressor", {})):
        finished_run(folder / name, script, **given, **more)
    (folder / "pictures").mkdir()
    for number in range(120):
        Image.fromarray(picture(number, 40, 40)).save(folder / "pictures" / f"{number:03d}.png")
    return folder


@pytest.fixture
def runs(made, tmp_path, monkeypatch):
    """A copy of the runs to write in, where a network trains in no time."""
    monkeypatch.setitem(attribute_network.SETTINGS, "images", 640)
    monkeypatch.setattr(walk, "STEPS", 12)
    monkeypatch.setattr(walk, "LEG", 3)
    for name in ("vae", "gan", "conditional", "regressor"):
        shutil.copytree(made / name, tmp_path / name)
    return tmp_path


def do(*arguments):
    main([*map(str, arguments), "--device", "cpu"])


def refused(*arguments):
    """The line that is said."""
    with pytest.raises((UsageError, DataError)) as error:
        do(*arguments)
    assert "\n" not in str(error.value) and len(str(error.value)) < 400
    return str(error.value)


def results_in(run):
    """The content of a run's folder, but for its page, which is made anew with every result."""
    return {name: what for name, what in content(run).items() if name not in (PAGE, LIVE)}


def added(run, before):
    """Files that a command has written beside the page; all others must be as they were."""
    after = results_in(run)
    assert {name: after.get(name) for name in before} == before
    return {name for name in after if name not in before}


def test_attributes(runs, capsys):
    run = runs / "vae"
    before = results_in(run)
    do("attributes", run, "--attributes", "Male", "Smiling", "black hair", "--faces", 3)
    files = {"attributes", *(f"attributes/{name}" for name in (
        "attributes.json", "vectors.npz", "faces_plain.png", "faces_regressed.png", "strengths.png"))}
    assert added(run, before) - {"attributes/changes.png"} == files
    assert 'src="attributes/strengths.png"' in (run / PAGE).read_text()
    results = json.loads((run / "attributes" / "attributes.json").read_text())
    table = results["attributes"]
    assert [row["name"] for row in table] == ["Male", "Smiling", "Black_Hair"]
    assert all(row["with"] + row["without"] == 400 for row in table) and results["step"] == 4
    assert np.shape(results["changes"]["plain"]) == (3, 26)
    assert "Smiling" in capsys.readouterr().out
    with np.load(run / "attributes" / "vectors.npz") as file:
        assert file["plain"].shape == file["regressed"].shape == (26, 6) and "Male" in file["names"].tolist()


def test_sampled_z_gives_other_vectors(runs):
    vectors = []
    for flags in ([], ["--sampled"]):
        do("attributes", runs / "vae", "--attributes", "Male", "--overwrite", *flags)
        with np.load(runs / "vae" / "attributes" / "vectors.npz") as file:
            vectors.append(file["plain"])
        results = json.loads((runs / "vae" / "attributes" / "attributes.json").read_text())
        assert results["protocol"]["z"] == ("sampled" if flags else "posterior mean")
    assert (vectors[0] != vectors[1]).any()


def test_strengths_go_from_minus_2_to_2_through_the_papers_1():
    assert STRENGTHS[0] == -2 and STRENGTHS[-1] == 2 and 1 in STRENGTHS


def test_walk(runs, capsys):
    run = runs / "vae"
    for kind in ("samples", "reconstructions"):
        (run / kind).mkdir()
        for epoch in (1, 2, 3):
            grid = Image.fromarray(np.full((40, 40, 3), 70 * epoch, np.uint8))
            grid.save(run / kind / f"epoch_{epoch:04d}.png")
    before = results_in(run)
    do("walk", run)
    assert {name.split("/")[1] for name in added(run, before) if "/" in name} == {
        "walk.webp", "interpolation_faces.webp", "interpolation_samples.webp", "convergence_samples.webp",
        "convergence_reconstructions.webp", "samples", "originals", "reconstructions", "walk.json"}
    results = run / "walk"
    for name, frames in (("walk", 12), ("convergence_samples", 3)):
        with Image.open(results / f"{name}.webp") as animation:
            assert animation.n_frames == frames
    for name, count in (("samples", 100), ("originals", 40), ("reconstructions", 40)):
        assert len(list((results / name).iterdir())) == count
    do("sample", run, "--count", 3, "--out", runs / "out")
    for path in (runs / "out").iterdir():
        assert path.read_bytes() == (results / "samples" / path.name).read_bytes()


def test_a_gan_walks_from_samples(runs):
    do("walk", runs / "gan", "--format", "gif", "--faces", 8, "--out", runs / "out")
    assert {path.name for path in (runs / "out").iterdir()} == {
        "walk.gif", "interpolation_samples.gif", "samples", "walk.json"}
    for name in ("walk", "interpolation_samples"):
        with Image.open(runs / "out" / f"{name}.gif") as animation:
            assert animation.size == (2 * (8 * 34 - 2), 2 * 32 + 24)       # a row of 8 faces, and words


def test_measure(runs, capsys):
    run = runs / "vae"
    before = results_in(run)
    do("measure", run)
    assert added(run, before) == {"measures.json", "neighbours.png"}
    assert "nearest / copies" in (run / PAGE).read_text()
    results = json.loads((run / "measures.json").read_text())
    found = results["measures"]
    assert set(found) == {"difference", "reconstruction", "distances", "attributes", "z", "nearest"}
    assert set(found["distances"]) == {"samples", "reconstructions", "real training images"}
    assert results["protocol"]["held_out"] == 40
    real, samples = (found["distances"][name]["frechet"] for name in ("real training images", "samples"))
    assert 0 < real < samples                                   # of a model that has not learned
    said = capsys.readouterr().out
    assert "copies: " in said and f"{samples:.2f}" in said and "careful" not in said
    once = results_in(run)
    do("measure", run, "--overwrite")
    assert results_in(run) == once


def test_measures_of_models_without_encoder_and_of_conditional_ones(runs):
    do("measure", runs / "gan")
    found = json.loads((runs / "gan" / "measures.json").read_text())["measures"]
    assert set(found) == {"difference", "distances", "nearest"}
    do("measure", runs / "conditional")
    results = json.loads((runs / "conditional" / "measures.json").read_text())
    assert set(results["measures"]) == {"difference", "reconstruction", "distances", "attributes", "nearest"}
    assert "attributes of the held-out images" in results["protocol"]["samples"]


def test_data_without_attributes_is_measured_as_far_as_it_can_be(made, runs, capsys):
    data = "--data", made / "pictures"
    do("measure", runs / "vae", *data)
    said = capsys.readouterr().out
    assert said.count("without an attribute network: ") == 1 and "--network" in said
    found = json.loads((runs / "vae" / "measures.json").read_text())["measures"]
    assert set(found) == {"difference", "reconstruction", "nearest"}
    do("measure", runs / "vae", *data, "--network", "toyfaces", "--overwrite")
    results = json.loads((runs / "vae" / "measures.json").read_text())
    assert set(results["measures"]) == {"difference", "reconstruction", "distances", "attributes", "nearest"}
    assert results["protocol"]["attribute_network"]["data"] == "toyfaces"


def test_a_held_out_image_among_the_training_images_is_told(made, runs, capsys):
    data = runs / "twice"
    shutil.copytree(made / "pictures", data)
    for number in range(120):                                    # every picture is there two times
        shutil.copy(data / f"{number:03d}.png", data / f"copy_{number:03d}.png")
    do("measure", runs / "vae", "--data", data)
    assert "held-out images are among the training images too" in capsys.readouterr().out


def test_results_are_replaced_only_when_asked(runs):
    (runs / "gan" / "measures.json").write_text("mine")
    assert "measures.json: exists: add --overwrite" in refused("measure", runs / "gan")
    (runs / "gan" / "walk").mkdir()
    (runs / "gan" / "walk" / "precious.txt").write_text("mine")
    assert "add --overwrite" in refused("walk", runs / "gan")
    assert "another kind" in refused("walk", runs / "gan", "--overwrite")


def test_what_cannot_be_done_is_said_and_leaves_nothing(made, runs, monkeypatch):
    before, pictures = content(runs), ("--data", made / "pictures")
    assert "attribute" in refused("attributes", runs / "vae", *pictures)
    assert "did you mean Smiling?" in refused("attributes", runs / "vae", "--attributes", "Smilling")
    assert "a GAN has no encoder" in refused("attributes", runs / "gan")
    assert "conditional run" in refused("attributes", runs / "conditional")
    assert "regressor makes no pictures" in refused("measure", runs / "regressor")
    assert "attribute" in refused("measure", runs / "vae", "--network", made / "pictures")
    assert "--data" in refused("walk", runs / "vae", "--data", runs / "nowhere")
    monkeypatch.setenv("PATH", "")
    assert "needs ffmpeg" in refused("walk", runs / "vae", "--format", "mp4")
    assert content(runs) == before


def test_results_of_an_exported_file_lie_in_the_working_folder(runs, monkeypatch):
    monkeypatch.chdir(runs)
    do("export", "gan", "--out", "model.safetensors")
    do("measure", "model.safetensors")
    do("walk", "model.safetensors")
    assert {path.name for path in (runs / "results" / "model").iterdir()} == {
        "measures.json", "neighbours.png", "walk"}
    assert "no such run" in refused("measure", "modal.safetensors")


def test_results_that_fail_leave_no_folder(runs, monkeypatch):
    monkeypatch.chdir(runs)
    do("export", "gan", "--out", "model.safetensors")
    assert "a GAN has no encoder" in refused("attributes", "model.safetensors")
    assert not (runs / "results").exists()


def test_changes_of_toyfaces_are_held_to_the_truth(runs, capsys):
    do("attributes", runs / "vae", "--attributes", "Eyeglasses")
    row, = json.loads((runs / "vae" / "attributes" / "attributes.json").read_text())["attributes"]
    assert set(row["truth"]) == {"faces", "reachable", "plain", "regressed"} and row["truth"]["faces"] > 20
    assert "painted with it" in capsys.readouterr().out


def test_a_training_image_is_nearest_to_itself(made):
    images = open_dataset(made / "pictures", 32, made / "cache")
    rows, distance, _ = pixels.nearest(images.train.pictures(slice(5)), images.train)
    assert rows.tolist() == list(range(5)) and (distance == 0).all()
