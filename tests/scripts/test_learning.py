"""A minute of learning on fixed seeds: losses fall, reconstructions know their image, samples differ.

The margins leave room: what was measured when they were set stands beside each.
"""
import numpy as np
from PIL import Image

from tests.scripts.scripts import call, metrics

SIZE, GAP = 32, 2
SHORT = ("--data", "toyfaces", "--width", "0.25", "--z-size", "32", "--batch-size", "16", "--lr", "1e-3",
         "--epoch-size", "30", "--report-every", "30", "--limit", "1000", "--seed", "0", "--device", "cpu",
         "--schedule", "constant", "--out", "run")


def learn(script, *arguments, cache, cwd):
    """(run folder, report of the first epoch, report of the last)."""
    done = call(script, *SHORT, *arguments, cache=cache, cwd=cwd)
    assert done.returncode == 0, done.stderr
    epochs = [report for report in metrics(cwd / "run") if report["step"] % 30 == 0]
    return cwd / "run", epochs[0], epochs[-1]


def tiles(path):
    """The images of a grid, (n, H, W, 3) in [0, 1]."""
    picture = np.asarray(Image.open(path)).astype(np.float32) / 255
    rows, columns = ((side + GAP) // (SIZE + GAP) for side in picture.shape[:2])
    corners = [(i * (SIZE + GAP), j * (SIZE + GAP)) for i in range(rows) for j in range(columns)]
    return np.stack([picture[top:top + SIZE, left:left + SIZE] for top, left in corners])


def own_to_other(run, epoch):
    """Error of reconstructions to their own image over that to others: 1 where they know nothing of it."""
    images = tiles(run / "originals.png")
    reconstructions = tiles(run / f"reconstructions/epoch_000{epoch}.png")
    errors = ((reconstructions[:, None] - images) ** 2).mean((2, 3, 4))          # (n, n)
    n = len(errors)
    return np.trace(errors) / n / ((errors.sum() - np.trace(errors)) / (n * (n - 1)))


def spread(images):
    """Mean difference between images."""
    return np.mean([np.abs(images - np.roll(images, shift, axis=0)).mean() for shift in (1, 7, 20)])


def variety(run, epoch):
    """Spread of samples over that of real images: 0 for a collapsed decoder."""
    return spread(tiles(run / f"samples/epoch_000{epoch}.png")) / spread(tiles(run / "originals.png"))


def test_vae(cache, tmp_path):
    run, first, last = learn("celeba_vae", "--epochs", 3, cache=cache, cwd=tmp_path)
    assert last["kl"] + last["pixel_loss"] < 0.8 * (first["kl"] + first["pixel_loss"])        # measured 0.65
    assert own_to_other(run, 3) < 0.5                                                         # measured 0.28


def test_gan(cache, tmp_path):
    run, first, last = learn("celeba_gan", "--epochs", 2, cache=cache, cwd=tmp_path)
    assert last["d_real"] - last["d_fake"] > 0.25                                             # measured 0.51
    assert variety(run, 2) > 0.15                                                             # measured 0.32


def test_vaegan(cache, tmp_path):
    run, first, last = learn("celeba_aegan", "--epochs", 2, "--gamma", 1e-3, cache=cache, cwd=tmp_path)
    assert last["feature_loss"] < 0.9 * first["feature_loss"]                                 # measured 0.76
    assert own_to_other(run, 2) < 0.8                                                         # measured 0.48
    assert variety(run, 2) > 0.25                                                             # measured 0.57
    assert last["d_real"] - last["d_fake"] > 0.2                                              # measured 0.44


def test_an_untrained_model_would_fail(cache, tmp_path):
    """The measures measure: with a learning rate of next to nothing they stay where they start."""
    still = "--lr", "1e-9", "--epochs", 1, "--epoch-size", 4
    done = call("celeba_aegan", *SHORT, *still, cache=cache, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert own_to_other(tmp_path / "run", 1) > 0.9 and variety(tmp_path / "run", 1) < 0.15
