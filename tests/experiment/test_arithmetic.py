"""Arithmetic on z of samples, on a model of which all is known, and by the command."""
import json

import numpy as np
import pytest

from experiment.commands import main
from experiment.evaluation import arithmetic, attribute_network
from experiment.exit import UsageError
from tests.experiment.runs import finished_run

NAMES = ["Eyeglasses", "Male", "Smiling"]
SMILE, GLASSES = arithmetic.EXPRESSIONS


def decode(z):
    """Images of three pixels, of one number of z each."""
    return np.tanh(3 * z).reshape(len(z), 1, 3, 1)


def read(images):
    """The attributes that the three pixels stand for."""
    return images[:, 0, :, 0]


def samples(n=400):
    z = np.random.default_rng(0).standard_normal((n, 3))
    return z, read(decode(z))


@pytest.mark.parametrize("expression", arithmetic.EXPRESSIONS, ids=lambda expression: expression.words)
def test_directions_of_z_that_are_attributes_add_up(expression):
    found, images = arithmetic.evaluate(expression, *samples(), NAMES, decode, read)
    assert images.shape == (arithmetic.REPEATS, 5, 1, 3, 1)
    assert found["on_z"] > 0.6 > 0.1 > found["c_alone"] and 0.15 < found["of_samples"] < 0.35
    assert np.abs(images).max() <= 1
    again, _ = arithmetic.evaluate(expression, *samples(), NAMES, decode, read)
    assert again == found


def test_a_model_that_forgets_z_gains_nothing():
    def forget(z):
        return decode(np.random.default_rng(len(z)).standard_normal(z.shape))

    found, _ = arithmetic.evaluate(SMILE, *samples(), NAMES, forget, read)
    assert found["on_z"] < 0.4


def test_too_few_samples_that_show_a_term_are_told():
    z, readings = samples()
    readings[:, 0] = -1
    with pytest.raises(UsageError, match="only 0 of 400 samples show Male, Eyeglasses, at least 3 must"):
        arithmetic.evaluate(GLASSES, z, readings, NAMES, decode, read)


def test_the_command_writes_picture_and_numbers(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(attribute_network.SETTINGS, "images", 640)      # trains in no time
    monkeypatch.setattr(arithmetic, "shows", lambda readings, *_: np.arange(len(readings)) % 2 == 0)
    finished_run(tmp_path / "gan", "celeba_gan", cache=str(tmp_path / "cache"), limit=300)
    main(["arithmetic", str(tmp_path / "gan"), "--device", "cpu", "--count", "20"])
    results = json.loads((tmp_path / "gan" / "arithmetic" / "arithmetic.json").read_text())
    assert results["expressions"][SMILE.words]["on_z"] == 0.5 and results["protocol"]["samples"] == 20
    assert (tmp_path / "gan" / "arithmetic" / "arithmetic.png").read_bytes().startswith(b"\x89PNG")
    assert "smiling woman - woman + man" in capsys.readouterr().out
