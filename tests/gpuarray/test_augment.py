import numpy as np
import pytest

import gpuarray as ga
from tests.gpuarray import reference
from tests.gpuarray.check import assert_close

IDENTITY = np.array([1, 0, 0, 0, 1, 0, 1, 1, 0], np.float32)


def images(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def test_identity_takes_the_crop_as_it_is():
    x = images((3, 12, 12, 3))
    out = ga.augment(x, np.tile(IDENTITY, (3, 1)), 8)
    assert_close(out, x[:, 2:10, 2:10] / 127.5 - 1, 1e-6)
    assert out.dtype == np.float32 and out.min() >= -1 and out.max() <= 1


def test_negative_columns_flip():
    x = images((1, 10, 10, 3))
    flip = IDENTITY.copy()
    flip[[0, 3]] *= -1
    out = ga.augment(x, flip[None], 6)
    assert_close(out, x[:, 2:8, 7:1:-1] / 127.5 - 1, 1e-6)


@pytest.mark.parametrize("shape, size", [((2, 9, 9, 3), 5), ((1, 8, 11, 3), 7), ((3, 6, 6, 1), 6)])
def test_against_the_definition(shape, size):
    rng = np.random.default_rng(1)
    x = images(shape)
    parameters = IDENTITY + rng.normal(0, 0.2, (len(x), 9)).astype(np.float32)
    parameters[:, [2, 5]] *= 10
    assert_close(ga.augment(x, parameters, size), reference.augment(x, parameters, size), 1e-5)
