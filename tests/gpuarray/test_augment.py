import numpy as np
import pytest

import gpuarray as ga
from tests.gpuarray import reference
from tests.gpuarray.check import assert_close

IDENTITY = np.array([1, 0, 0, 0, 1, 0, 1, 1, 0], np.float32)
FLIP = IDENTITY * np.float32([-1, 1, 1, 1, 1, 1, 1, 1, 1])


def images(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def test_flips_take_the_crop_as_it_is():
    x = images((3, 12, 12, 3))
    out = ga.augment(x, np.stack([IDENTITY, FLIP, IDENTITY]), 8)
    expected = x[:, 2:10, 2:10].copy()
    expected[1] = expected[1, :, ::-1]
    np.testing.assert_array_equal(out, 2 * (expected * np.float32(1 / 255)) - 1)
    assert out.dtype == np.float32 and out.min() >= -1 and out.max() <= 1


@pytest.mark.parametrize("still", [IDENTITY, FLIP])
@pytest.mark.parametrize("shape, size", [((1, 12, 12, 3), 8), ((1, 12, 12, 1), 12), ((1, 10, 8, 3), 4)])
def test_a_crop_taken_beside_an_image_that_moves_is_the_same(still, shape, size):
    """Unmoved images take a short way, unless one that is computed with them is moved."""
    x, turned = images(shape), IDENTITY + np.float32(0.1)
    together = ga.augment(np.concatenate([x, x]), np.stack([still, turned]), size)
    assert_close(together[0], ga.augment(x, still[None], size)[0], 1e-6)


@pytest.mark.parametrize("shape, size", [((2, 9, 9, 3), 6), ((1, 6, 6, 3), 8)])
def test_a_flip_between_the_pixels_and_one_at_the_edge(shape, size):
    x, parameters = images(shape), np.tile(FLIP, (shape[0], 1))
    assert_close(ga.augment(x, parameters, size), reference.augment(x, parameters, size), 1e-5)


@pytest.mark.parametrize("shape, size", [
    ((2, 9, 9, 3), 5), ((1, 8, 11, 3), 7), ((3, 6, 6, 1), 6), ((2, 5, 5, 4), 4), ((2, 1, 1, 3), 3),
    ((5, 20, 20, 3), 40)])                                         # the last one: in chunks of two images
def test_against_the_definition(shape, size):
    rng = np.random.default_rng(1)
    x = images(shape)
    parameters = IDENTITY + rng.normal(0, 0.2, (len(x), 9)).astype(np.float32)
    parameters[:, [2, 5]] *= 10
    assert_close(ga.augment(x, parameters, size), reference.augment(x, parameters, size), 1e-5)


def test_a_position_far_outside_reads_the_edge():
    x = images((1, 4, 4, 3))
    parameters = IDENTITY.copy()[None]
    parameters[0, [2, 5]] = 1e12, -1e12
    assert_close(ga.augment(x, parameters, 2), np.broadcast_to(x[0, 0, -1] / 127.5 - 1, (1, 2, 2, 3)), 1e-6)


def colour(rgb, **change):
    """What one colour on [0, 1] becomes."""
    p = IDENTITY.copy()
    p[6:] = change.get("gamma", 1), change.get("contrast", 1), change.get("hue", 0)
    rgb = np.uint8(np.rint(255 * np.array(rgb)))
    return (ga.augment(np.tile(rgb, (1, 4, 4, 1)), p[None], 2)[0, 0, 0] + 1) / 2


def test_colours_in_words():
    np.testing.assert_allclose(colour((1, 0, 0), hue=1 / 3), (0, 1, 0), atol=1e-6)     # from red to green
    np.testing.assert_allclose(colour((1, 0, 0), hue=-1 / 6), (1, 0, 1), atol=1e-6)
    np.testing.assert_allclose(colour((.4, .4, .4), hue=.3), (.4, .4, .4), atol=1e-6)  # grey has no hue
    np.testing.assert_allclose(colour((.2, .4, .8), gamma=2), (.04, .16, .64), atol=1e-6)
    darker, less = colour((.6, .4, .2), contrast=2), .6 ** 2       # value .6, saturation 2/3
    np.testing.assert_allclose(darker, (less, less * (1 - 4 / 9 / 2), less * (1 - 4 / 9)), atol=1e-6)
    np.testing.assert_allclose(colour((0, 0, 0), gamma=.9, contrast=.9, hue=.1), 0, atol=0)
