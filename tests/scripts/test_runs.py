"""Every experiment, tiny, as a program: what it prints and what it leaves."""
import importlib
import json
import re

import numpy as np
import pytest
from PIL import Image

from dataset.toyfaces import ATTRIBUTES
from tests.scripts.scripts import call, metrics, tiny, train

GAN = {"cost_real", "cost_fake", "d_real", "d_fake", "gate_dis", "gate_dec"}
VAEGAN = GAN | {"kl", "feature_loss"}
EXPERIMENTS = {
    "vae": ("celeba_vae", [], {"kl", "pixel_loss"}),
    "vae, adam": ("celeba_vae", ["--optimiser", "adam", "--warmup", 3, "--no-augment"], {"kl", "pixel_loss"}),
    "gan, gate": ("celeba_gan", ["--gate"], GAN),
    "gan, non-saturating": ("celeba_gan", ["--non-saturating", "--no-gate"], GAN),
    "vae/gan": ("celeba_aegan", [], VAEGAN),
    "vae/gan, fakes reconstructions": ("celeba_aegan", ["--fakes", "reconstructions"], VAEGAN),
    "vae/gan, fakes both": ("lfw_aegan", ["--fakes", "both", "--real-weight", "none"], VAEGAN),
    "vae, conditional": ("celeba_vae", ["--conditional"], {"kl", "pixel_loss"}),
    "gan, conditional": ("celeba_gan", ["--conditional"], GAN),
    "vae/gan, conditional": ("celeba_aegan", ["--conditional"], VAEGAN),
    "vae/gan, fakes decoded again": ("lfw_aegan", ["--fakes", "both", "--decode-again"], VAEGAN),
}
ALWAYS = {"step", "epoch", "seconds", "images_per_s", "waiting", "learning_rate"}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_runs(name, cache, tmp_path):
    script, arguments, measured = EXPERIMENTS[name]
    done = train(script, "--epochs", 2, "--out", "run", *arguments, cache=cache, cwd=tmp_path)
    run = tmp_path / "run"
    with_encoder = script != "celeba_gan"
    assert {path.name for path in run.iterdir()} == {
        "config.json", "metrics.jsonl", "originals.png", "samples", "curves.png", "checkpoints", "index.html",
        "report_data.js", *(["reconstructions"] if with_encoder else [])}
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert all(set(report) == ALWAYS | measured for report in metrics(run))
    assert re.search(r"^epoch 2/2  step 4/4  .* images/s  .* left$", done.stdout, re.MULTILINE)
    assert "device: cpu (asked for)" in done.stdout and f"open {run.name}" in done.stdout
    for kind, columns in [("samples", 8), ("reconstructions", 6)][:1 + with_encoder]:
        first, last = (np.asarray(Image.open(run / kind / f"epoch_000{n}.png")) for n in (1, 2))
        assert (first != last).any() and last.shape[1:] == (columns * 34 - 2, 3)


def test_the_regressor_makes_no_pictures_and_is_measured_on_test_images(cache, tmp_path):
    flags = "--epochs", 2, "--report-every", 1, "--out", "run"
    done = train("lfw_regressor", *flags, cache=cache, cwd=tmp_path)
    run = tmp_path / "run"
    assert {path.name for path in run.iterdir()} == {
        "config.json", "metrics.jsonl", "originals.png", "curves.png", "checkpoints", "index.html",
        "report_data.js"}
    of_test_images = {"test_attribute_loss"}
    assert [set(report) - ALWAYS for report in metrics(run)] == [
        {"attribute_loss"} | (of_test_images if step % 2 == 0 else set()) for step in (1, 2, 3, 4)]
    assert re.search(r"^epoch 2/2  step 4/4  attribute loss \S+  of test images ", done.stdout, re.MULTILINE)


def test_a_conditional_run_notes_the_names_of_its_attributes(cache, tmp_path):
    train("celeba_vae", "--conditional", "--epochs", 1, "--out", "run", cache=cache, cwd=tmp_path)
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["settings"]["conditional"] and config["data"]["attributes"] == list(ATTRIBUTES)


def test_features_of_a_finished_gan(gan_run, cache, tmp_path):
    done = train("celeba_vae", "--similarity", "discriminator", "--discriminator", gan_run, "--epochs", 1,
                 "--out", "run", cache=cache, cwd=tmp_path)
    assert set(metrics(tmp_path / "run")[-1]) == ALWAYS | {"kl", "feature_loss"}
    assert f"discriminator: {gan_run}/checkpoints/epoch_0001.npz\n" in done.stdout


def test_a_run_can_be_made_again_from_its_config(cache, tmp_path):
    train("celeba_aegan", "--epochs", 1, "--seed", 3, "--out", "run", cache=cache, cwd=tmp_path)
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    settings = config["settings"]
    assert (config["script"], settings["seed"], settings["width"]) == ("celeba_aegan", 3, 0.1)
    assert (config["origin"]["seed"], config["origin"]["gamma"]) == ("flag", "ours")
    assert config["versions"]["numpy"] == np.__version__ and config["device"] == "cpu: asked for"
    assert re.fullmatch("[0-9a-f]{8}", config["data"].pop("digest"))
    assert config["data"] == {"name": "toyfaces", "crop": "centre", "train": 64, "test": 6, "channels": 3}
    assert re.fullmatch("[0-9a-f]{40}(-dirty)?", config["commit"] or "0" * 40)


@pytest.mark.parametrize("script, size", [
    ("celeba_vae", 128), ("celeba_gan", 64), ("celeba_aegan", 32), ("lfw_aegan", 64), ("lfw_regressor", 32),
    ("celeba_gan --conditional", 32), ("celeba_vae --conditional", 32), ("lfw_aegan --conditional", 32)])
def test_a_dry_run_writes_nothing(script, size, tmp_path):
    script, *conditional = script.split()
    flags = *tiny(script), *conditional, "--image-size", size
    done = call(script, *flags, "--dry-run", cache=tmp_path, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    joined = {"celeba_gan": 2, "celeba_vae": 2, "lfw_aegan": 3}[script] if conditional else 0
    assert done.stdout.count("(26 attributes joined)") == joined
    assert "5x5 conv" in done.stdout and f"{size} x {size} x 3" in done.stdout
    assert re.search(r"memory +about \d+ MB", done.stdout)
    assert list(tmp_path.iterdir()) == []


def test_the_default_folder_is_named_after_script_preset_and_time(cache, tmp_path):
    train("celeba_vae", "--epochs", 1, cache=cache, cwd=tmp_path)
    (run,) = (tmp_path / "runs").iterdir()
    assert re.fullmatch(r"celeba_vae-quick-\d{8}-\d{6}", run.name)


@pytest.mark.parametrize("script", ["celeba_aegan", "lfw_aegan"])
def test_help_begins_with_the_words_of_the_script_that_was_called(script, tmp_path):
    shown = call(script, "--help", cache=tmp_path, cwd=tmp_path).stdout
    assert shown.startswith(f"usage: {script}.py")
    assert importlib.import_module(script).__doc__.strip() in shown
