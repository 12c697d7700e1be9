import re

import numpy as np
import pytest

from experiment import health
from experiment.pictures import grid, png
from experiment.run_folder import RunFolder

SIZE = 8
GOOD = {"kl": 20.0, "feature_loss": 300.0, "cost_real": 0.4, "cost_fake": 0.4, "d_real": 0.7, "d_fake": 0.3,
        "gate_dis": 0.3, "gate_dec": 1.0}
VARIED = np.random.default_rng(0).uniform(-1, 1, (64, SIZE, SIZE, 3))
ALIKE = np.tile(VARIED[0], (64, 1, 1, 1))


def run(path, numbers=GOOD, first=GOOD, samples=VARIED, originals=VARIED, steps=150, earlier=None):
    """A run's folder with a report each 25 steps. samples: of the last of three epochs, and of the earlier
    ones where they are not given."""
    folder = RunFolder(path)
    folder.write_config({"script": "fake", "settings": {"image_size": SIZE}, "origin": {}})
    folder.add_metrics({"step": 1, "epoch": 1, **first})
    for step in range(25, steps + 1, 25):
        folder.add_metrics({"step": step, "epoch": 1, **numbers})
    for epoch, some in enumerate([*(earlier or [samples] * 2), samples], 1):
        folder.write(f"samples/epoch_{epoch:04d}.png", png(grid(some)))
    folder.write("originals.png", png(grid(originals)))
    return folder


def kinds(folder):
    return [kind for kind, _ in health.warnings(folder)]


def test_a_good_run_has_none(tmp_path):
    assert kinds(run(tmp_path)) == []


def test_a_posterior_that_begins_as_the_prior_does_not_explode(tmp_path):
    assert kinds(run(tmp_path, first=GOOD | {"kl": 0.05})) == []


@pytest.mark.parametrize("kind, numbers, words", [
    ("kl", {"kl": 3e3}, "kl is 3e.03, 1.5e.02 times .* smaller --lr"),
    ("feature_loss", {"feature_loss": 1e9}, "explodes"),
    ("dead kl", {"kl": 0.1}, "kl is only 0.1"),
    ("won", {"d_real": 0.97, "d_fake": 0.02}, "has won .D.real. 0.97.* --gate"),
    ("lost", {"d_real": 1.0, "d_fake": 1.0}, "has lost"),
    ("gate_dis", {"gate_dis": 0.0}, "gate has kept the discriminator from learning for 100 steps.*--no-gate"),
    ("gate_dec", {"gate_dec": 0.0}, "gate has kept the decoder")])
def test_each_sign_is_told_with_a_setting_to_change(kind, numbers, words, tmp_path):
    folder = run(tmp_path, GOOD | numbers)
    assert kinds(folder) == [kind]
    assert re.search(words, health.warnings(folder)[0][1])


def test_samples_that_hardly_differ(tmp_path):
    assert kinds(run(tmp_path, samples=ALIKE)) == ["collapse"]


def test_samples_of_a_few_kinds(tmp_path):
    kind = VARIED[np.arange(64) % 5] * 0.9 + VARIED * 0.1
    half = np.where(np.arange(64)[:, None, None, None] < 40, kind, VARIED)
    less = np.where(np.arange(64)[:, None, None, None] < 28, kind, VARIED)
    folder = run(tmp_path / "run", samples=half)
    assert kinds(folder) == ["few samples"] and "62% of the samples" in health.warnings(folder)[0][1]
    assert kinds(run(tmp_path / "less", samples=less)) == []
    assert kinds(run(tmp_path / "first", samples=half, earlier=[half])) == []
    assert kinds(run(tmp_path / "once", samples=half, earlier=[half, VARIED])) == []
    without = {name: number for name, number in GOOD.items() if not name.startswith("d_")}
    assert kinds(run(tmp_path / "vae", without, samples=half)) == []


@pytest.mark.parametrize("originals", [ALIKE, np.full_like(ALIKE, -1), np.ones_like(ALIKE)])
def test_data_that_hardly_differs_or_is_black(originals, tmp_path):
    assert kinds(run(tmp_path, originals=originals, steps=0)) == ["data"]


def test_a_single_test_image_says_nothing_about_the_data(tmp_path):
    assert kinds(run(tmp_path, originals=VARIED[:1])) == []


def test_the_first_steps_say_nothing(tmp_path):
    assert kinds(run(tmp_path, GOOD | {"kl": 0.1}, steps=75)) == []


def test_an_explosion_is_told_at_once(tmp_path):
    assert kinds(run(tmp_path, GOOD | {"feature_loss": 1e9}, steps=25)) == ["feature_loss"]


def test_pictures_that_cannot_be_read_say_nothing(tmp_path):
    folder = run(tmp_path)
    folder.write("samples/epoch_0001.png", b"no picture")
    assert kinds(folder) == []
