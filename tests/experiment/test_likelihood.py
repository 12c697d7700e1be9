"""Parzen windows and bounds against their definitions, and the command that measures them."""
import json
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from experiment.commands import main
from experiment.evaluation import likelihood
from experiment.exit import UsageError
from tests.experiment.runs import finished_run
from tests.nets import test_importance as importance


def images(n, seed, mean=0.0):
    return np.random.default_rng(seed).normal(mean, 0.4, (n, 2, 2, 1)).astype(np.float32)


def test_log_densities_are_those_of_a_mixture_of_gaussians(monkeypatch):
    monkeypatch.setattr(likelihood, "_BLOCK", 3)
    centres, some, sigmas = images(5, 1), images(7, 2), np.array([0.05, 0.3])
    flat = [(array.reshape(-1, 4) + 1) / 2 for array in (centres, some)]
    wanted = [logsumexp([multivariate_normal(centre, sigma**2).logpdf(flat[1]) for centre in flat[0]], axis=0)
              - np.log(5) for sigma in sigmas]
    assert np.allclose(likelihood.log_densities(centres, some, sigmas), wanted, rtol=1e-4)


def test_log_densities_far_from_every_window_are_finite():
    far = likelihood.log_densities(images(5, 1), 1000 + images(4, 2), np.array([0.03]))
    assert np.isfinite(far).all() and (far < -1e6).all()


def test_a_parzen_window_prefers_samples_like_the_images():
    held_out = images(300, 3)
    near = likelihood.parzen(images(200, 4), held_out)
    off = likelihood.parzen(images(200, 5, mean=0.5), held_out)
    (mean, error), (lower, _) = near["log_likelihood"], off["log_likelihood"]
    assert mean > lower + 5 * error and not near["at_the_edge"]
    entropy = multivariate_normal(np.full(4, 0.5), 0.04).entropy()
    assert mean < -entropy + 3 * error                                  # the best that any model can


def test_sigma_is_chosen_on_images_that_are_not_measured():
    held_out = images(300, 3)
    held_out[100:] = images(1, 6)                                       # measured: one image again and again
    _, error = likelihood.parzen(images(200, 4), held_out)["log_likelihood"]
    assert error == pytest.approx(0, abs=1e-6)


def test_the_command_writes_what_it_says(tmp_path, capsys):
    finished_run(tmp_path / "gan", "celeba_gan", cache=str(tmp_path / "cache"), limit=300)
    main(["likelihood", str(tmp_path / "gan"), "--device", "cpu", "--windows", "40"])
    found = json.loads((tmp_path / "gan" / "likelihood.json").read_text())
    assert found["protocol"]["held_out"] == 30 and found["protocol"]["windows"] == 40
    assert set(found["likelihood"]) == {"parzen"}                       # a GAN has no likelihood of its own
    rows = found["likelihood"]["parzen"]
    assert rows["training images"]["log_likelihood"][0] > rows["samples"]["log_likelihood"][0]
    said = capsys.readouterr().out
    assert "Parzen window on samples" in said and "Theis" in said and "ELBO" not in said
    with pytest.raises(UsageError, match="likelihood.json: exists: add --overwrite"):
        main(["likelihood", str(tmp_path / "gan"), "--device", "cpu"])


def test_bounds_of_a_model_are_those_of_its_own_draws(monkeypatch):
    monkeypatch.setattr(likelihood, "ROWS", 20)                         # five images at a time
    model, x = importance.build(samples=2, dtype=np.float32), importance.images(7).astype(np.float32)
    subject = SimpleNamespace(model=model, device="cpu")
    found = likelihood.bounds(subject, x, 4)
    assert found == likelihood.bounds(subject, x, 4)
    (elbo, _), (bound, _), (kl, error) = (found[name] for name in ("elbo", "importance", "kl"))
    assert elbo < bound < 0 < kl + 3 * error
    many, _ = likelihood.bounds(subject, x, 20)["importance"]
    assert many > bound - 0.05
    monkeypatch.setattr(likelihood, "ROWS", 4)                          # the same binary images, one by one
    assert likelihood.bounds(subject, x, 4)["elbo"][0] == pytest.approx(elbo, abs=0.3)
