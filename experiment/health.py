"""Signs that a training goes wrong although every number is finite, in plain words, with what to change.

They are read from what lies in the run's folder, so that an interrupted run finds the same. The limits are
ours, beyond what good runs of the quick presets, and one of the released preset's kind on LFW, ever reached.
"""
import numpy as np
from PIL import Image

from experiment.pictures import tiles

WINDOW = 100          # steps to average over: single reports may be odd, and the first ones always are
GROWTH = 100          # times its first value: a loss that explodes (good runs: up to 16 times)
DEAD_KL = 0.5         # nats an image (good runs: above 10)
SURE = 0.9            # D(real), and 1 - D(fake), of a discriminator that has won (good runs: up to 0.8)
UNSURE = 0.05         # D(real) - D(fake) of one that has lost (good runs: above 0.2)
CLOSED = 0.01         # share of steps that a gate lets through (good runs: above 0.1)
SPREAD = 0.1          # of samples, as a share of the images' (good runs: above 0.15)
NEAR = 0.3            # of an image's distance to the one nearest to it: samples nearer than that are twins
TWINS = 0.6           # share of a GAN's samples that have a twin (good runs: up to 0.45, at first all)
GRIDS = 3             # in a row with so many twins: good runs begin with up to two
LEVELS = 3            # of 255: images that differ by less are all the same to the eye


def warnings(folder):
    """[(kind, a line for the user)] about the run in a RunFolder."""
    reports, size = folder.metrics(), folder.config()["settings"].get("image_size")
    found = list(_of_data(_pictures(folder.path / "originals.png", size)))
    if found or not reports:
        return found
    found = list(_of_growth(reports[0], reports[-1]))
    if reports[-1]["step"] >= WINDOW:
        recent = [report for report in reports if report["step"] > reports[-1]["step"] - WINDOW]
        means = {name: np.mean([report[name] for report in recent if name in report]) for name in recent[-1]}
        found += [*_of_the_posterior(means), *_of_the_game(means)]
        found += _of_samples(folder, size, "d_real" in means)
    return found


def _of_data(originals):
    if originals is None:
        return
    if originals.max() < LEVELS or originals.min() > 255 - LEVELS:
        yield "data", "all test images are plain black or white: look at originals.png, and check --data"
    elif len(originals) > 1 and spread(originals) < LEVELS:
        yield "data", "the test images hardly differ: look at originals.png, and check --data"


def _of_growth(first, last):
    for name in ("kl", "feature_loss", "pixel_loss", "attribute_loss"):
        if last.get(name, 0) > GROWTH * max(abs(first.get(name, np.inf)), DEAD_KL):
            yield name, (f"{name} is {last[name]:.3g}, {last[name] / first[name]:.2g} times what "
                         "it began with: the training explodes: start again with a smaller --lr")


def _of_the_posterior(means):
    if means.get("kl", np.inf) < DEAD_KL:
        yield "dead kl", (f"kl is only {means['kl']:.2g}: z says next to nothing about an image, and "
                          "reconstructions look alike: start again with a smaller --lr, or another --seed")


def _of_the_game(means):
    if "d_real" not in means:
        return
    real, fake = means["d_real"], means["d_fake"]
    outputs = f"D(real) {real:.2f}, D(fake) {fake:.2f}"
    if real > SURE and fake < 1 - SURE:
        yield "won", (f"the discriminator has won ({outputs}): the decoder learns little from it: start "
                      "again with --gate, or a smaller --lr")
    elif abs(real - fake) < UNSURE:
        yield "lost", (f"the discriminator has lost ({outputs}): it cannot tell samples from images: start "
                       "again with a smaller --lr, or a larger --batch-size")
    for name, player in (("gate_dis", "discriminator"), ("gate_dec", "decoder")):
        if means.get(name, 1) < CLOSED:
            yield name, (f"the gate has kept the {player} from learning for {WINDOW} steps: start again with "
                         "a smaller --lr, or --no-gate")


def _of_samples(folder, size, is_game):
    newest = folder.pictures("samples")[:-GRIDS - 1:-1]
    samples = _pictures(newest[0], size) if newest else None
    originals = _pictures(folder.path / "originals.png", size)
    if samples is None or originals is None:
        return
    expected = spread(originals) if len(originals) > 3 else 0
    if spread(samples) < max(SPREAD * expected, LEVELS):
        yield "collapse", ("the samples hardly differ, the decoder has collapsed: start again with "
                           "a smaller --lr, or a larger --batch-size")
        return
    share = twins(samples, originals) if is_game and len(originals) > 3 else 0
    before = (_pictures(path, size) for path in newest[1:])
    if share > TWINS and len(newest) == GRIDS and all(
            grid is not None and twins(grid, originals) > TWINS for grid in before):
        yield "few samples", (f"{share:.0%} of the samples look like another one, the decoder makes only a "
                              "few pictures: start again with a smaller --lr, or a larger --batch-size")


def twins(samples, originals):
    """The share of samples (n, H, W, 3) that nearly coincide with another one, as few of `originals` do."""
    return float(np.mean(_to_the_nearest(samples) < NEAR * np.median(_to_the_nearest(originals))))


def _to_the_nearest(pictures):
    """(n,): how far each picture is from the one nearest to it."""
    flat = pictures.reshape(len(pictures), -1).astype(np.float32)
    squares = np.einsum("ij,ij->i", flat, flat)
    distances = np.maximum(squares[:, None] + squares - 2 * flat @ flat.T, 0)            # (n, n), squared
    np.fill_diagonal(distances, np.inf)
    return np.sqrt(distances.min(axis=1))


def spread(pictures):
    """How much pictures (n, H, W, 3) differ: the mean standard deviation of a value across them, levels."""
    return float(np.std(pictures.astype(np.float32), axis=0).mean())


def _pictures(path, size):
    """The pictures in a grid, (n, S, S, 3) uint8; None where there is none that can be read."""
    try:
        with Image.open(path, formats=["PNG"]) as file:
            return tiles(np.asarray(file.convert("RGB")), size)
    except Exception:                          # no grid, or a damaged one: nothing to say about it
        return None
