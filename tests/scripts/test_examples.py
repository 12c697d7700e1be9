"""The scripts in examples/, tiny, on small files in the true formats; and commands on what they leave."""
import json
import re

import numpy as np
import pytest
from PIL import Image

from experiment.commands import main
from experiment.evaluation import attribute_network
from tests.dataset.make import cifar10, mnist, stl10, write_files, zipped
from tests.scripts.commands import call as experiment
from tests.scripts.commands import do
from tests.scripts.scripts import arrays, call, metrics, train

GAN = {"cost_real", "cost_fake", "d_real", "d_fake", "gate_dis", "gate_dec"}
SETS = {"mnist": zipped(mnist(120, 12)[0]), "cifar10": cifar10(14, 12)[0], "stl10": stl10(64, 2, 12)[0]}
EXAMPLES = {
    "mnist_vae": ("mnist", 28, 1, {"kl", "pixel_loss"}),
    "mnist_vae --conditional": ("mnist", 28, 1, {"kl", "pixel_loss"}),
    "mnist_gan": ("mnist", 28, 1, GAN),
    "mnist_gan --conditional": ("mnist", 28, 1, GAN),
    "cifar_aegan": ("cifar10", 32, 3, GAN | {"kl", "feature_loss"}),
    "cifar_aegan --conditional": ("cifar10", 32, 3, GAN | {"kl", "feature_loss"}),
    "stl_aegan": ("stl10", 32, 3, GAN | {"kl", "feature_loss"}),
    "binary_vae": ("mnist", 28, 1, {"bound", "kl", "test_bound"}),
    "binary_vae --samples 3 --flows 2": ("mnist", 28, 1, {"bound", "kl", "test_bound"}),
    "binary_vae --likelihood gaussian": ("cifar10", 32, 3, {"bound", "kl", "test_bound"}),
    "dcgan": ("cifar10", 32, 3, GAN),
    "pyramid_gan": ("cifar10", 32, 3, GAN | {"d_real16", "d_fake32"}),
    "celeba_aegan": ("mnist", 32, 1, GAN | {"kl", "feature_loss"}),          # convolutions on grey images
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets")
    for name, files in SETS.items():
        write_files(folder / name, files)
    return folder


def flags(folder, name, *more):
    script, *words = name.split()
    data, size, _, _ = EXAMPLES.get(name, EXAMPLES[script])
    return (script, "--data", folder / data, "--image-size", size, "--width", 0.1, "--z-size", 6,
            "--epoch-size", 2, "--batch-size", 4, "--limit", 120, *words, *more)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_and_its_run_opens_again(name, folder, tmp_path):
    _, size, channels, measured = EXAMPLES[name]
    train(*flags(folder, name, "--epochs", 2, "--out", "run"), cache=folder / "cache", cwd=tmp_path)
    run = tmp_path / "run"
    assert measured <= set(metrics(run)[-1])
    assert json.loads((run / "config.json").read_text())["data"]["channels"] == channels
    shown = np.asarray(Image.open(run / "samples" / "epoch_0002.png"))
    assert shown.shape == (8 * (size + 2) - 2,) * 2 + (3,)
    assert (channels == 3) == (shown != shown[..., :1]).any()
    do("export", run, "--out", "model.safetensors", cwd=tmp_path)
    if "--conditional" not in name:
        do("sample", "model.safetensors", "--count", 4, "--out", "singles", cwd=tmp_path)
        assert np.asarray(Image.open(tmp_path / "singles" / "000003.png")).shape == (size, size, 3)


@pytest.mark.parametrize("name", ["mnist_vae", "mnist_gan", "binary_vae"])
def test_an_example_goes_on_as_if_nothing_had_happened(name, folder, tmp_path):
    for out, epochs in (("whole", 3), ("parts", 2)):
        train(*flags(folder, name, "--schedule", "constant", "--epochs", epochs, "--out", out),
              cache=folder / "cache", cwd=tmp_path)
    done = call(name, "--out", "parts", "--resume", "--epochs", 3, cache=folder / "cache", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    whole, parts = (arrays(tmp_path / out / "checkpoints" / "epoch_0003.npz") for out in ("whole", "parts"))
    assert whole == parts


def test_a_likelihood_of_pixels_is_planned_trained_and_measured(folder, tmp_path):
    given = flags(folder, "binary_vae --samples 3 --flows 2", "--epochs", 1, "--out", "run")
    planned = train(*given, "--dry-run", cache=folder / "cache", cwd=tmp_path).stdout
    assert "\nflow 6\n  planar flow  " in planned and not (tmp_path / "run").exists()
    train(*given, cache=folder / "cache", cwd=tmp_path)
    refused = experiment("explore", "run", "--static", "page.html", cwd=tmp_path)
    assert refused.returncode == 2 and "more than what its decoder puts out" in refused.stderr
    assert not (tmp_path / "page.html").exists()
    said = do("likelihood", "run", "--importance", 5, "--windows", 30, cwd=tmp_path)
    found = json.loads((tmp_path / "run" / "likelihood.json").read_text())["likelihood"]
    assert found["bounds"]["importance"][0] > found["bounds"]["elbo"][0]
    assert "importance-weighted bound, 5 samples" in said and set(found) == {"bounds", "parzen"}


@pytest.fixture(scope="module")
def grey(folder, tmp_path_factory):
    """The folder of a run on grey images."""
    where = tmp_path_factory.mktemp("grey")
    train(*flags(folder, "mnist_vae", "--epochs", 1, "--out", "run"), cache=folder / "cache", cwd=where)
    return where / "run"


def test_a_colour_picture_is_shown_to_a_model_of_grey_ones(grey, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (28, 28, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "me.png")
    do("reconstruct", grey, "me.png", "--out", "both.png", cwd=tmp_path)
    shown = np.asarray(Image.open(tmp_path / "both.png"))[:28].astype(int)
    assert np.abs(shown - np.asarray(Image.fromarray(pixels).convert("L"))[..., None]).max() <= 1
    do("interpolate", grey, "me.png", "me.png", "--steps", 3, "--out", "row.png", cwd=tmp_path)


def test_colour_data_is_shown_to_a_model_of_grey_ones(grey, folder, tmp_path):
    do("encode", grey, folder / "cifar10", "--out", "z.npz", cwd=tmp_path)
    with np.load(tmp_path / "z.npz") as encoded:
        assert encoded["mean"].shape == (82, 6) and "test_batch/000003" in encoded["names"]


def test_grey_images_are_measured_and_walked_among(grey, tmp_path, monkeypatch):
    monkeypatch.setitem(attribute_network.SETTINGS, "images", 256)
    for command in ("measure", "attributes", "walk"):
        main([command, str(grey), "--out", str(tmp_path / command)])
    found = json.loads((tmp_path / "measure" / "measures.json").read_text())["measures"]
    assert {"reconstruction", "distances", "z", "nearest"} <= set(found)
    assert Image.open(tmp_path / "attributes" / "faces_plain.png").mode == "RGBA"
    main(["explore", str(grey), "--static", str(tmp_path / "page.html")])
    main(["report", str(grey), "--out", str(tmp_path / "runs.html")])


@pytest.mark.parametrize("name", ["mnist_vae", "cifar_aegan", "stl_aegan", "mnist_gan"])
def test_the_released_numbers_are_shown(name, tmp_path):
    done = call(name, "--help", cache=tmp_path, cwd=tmp_path)
    assert done.returncode == 0 and "released: " in done.stdout
    done = call(name, "--preset", "paper", cache=tmp_path, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "") and len(done.stderr.splitlines()) == 1
    assert "none of this experiment's presets: use quick or" in done.stderr


def cut(name, end):
    return lambda files: files | {name: files[name][:end]}


@pytest.mark.parametrize("name, damage, complaint", [
    ("mnist_vae", cut("train-images-idx3-ubyte.gz", -2000),
     r"train-images-idx3-ubyte.gz: cannot be read \(.*\): fetch it again"),
    ("mnist_vae", cut("t10k-images-idx3-ubyte.gz", 3), "t10k-images-idx3-ubyte.gz: cannot be read"),
    ("mnist_gan --conditional", lambda files: files | {
        "train-labels-idx1-ubyte.gz": files["t10k-labels-idx1-ubyte.gz"]},
     "train-labels-idx1-ubyte.gz: has 12 labels for 120 images: put images and labels of one set together"),
    ("mnist_vae", lambda files: {}, "holds no files: give a folder or an archive of pictures"),
    ("cifar_aegan", cut("data_batch_2.bin", -1),
     "data_batch_2.bin: is of 43,021 bytes, not of whole pictures of 3,073 each: fetch it again"),
    ("cifar_aegan", lambda files: {"data_batch_1": b"x"}, "is the Python version of CIFAR-10, pickles"),
    ("stl_aegan", cut("unlabeled_X.bin", -5),
     "unlabeled_X.bin: is of 1,769,467 bytes, not of whole pictures of 27,648 each: fetch it again"),
    ("stl_aegan --conditional", lambda files: files, "none of the images to train with has attributes")])
def test_sets_that_cannot_be_used_are_one_line(name, damage, complaint, folder, tmp_path):
    data = EXAMPLES[name.split()[0]][0]
    (tmp_path / data).mkdir()
    write_files(tmp_path / data, damage(SETS[data]))
    done = call(*flags(tmp_path, name, "--epochs", 1, "--out", "run"), cache=tmp_path / "cache", cwd=tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert re.match(f"error: .*{complaint}", done.stderr)
    assert not (tmp_path / "run").exists() and not list((tmp_path / "cache").glob("*.npy"))
