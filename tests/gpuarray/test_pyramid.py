"""Half and double size, in NumPy."""
import numpy as np
import pytest

import gpuarray as ga
from tests.gpuarray.check import check_op

SHAPES = pytest.mark.parametrize("shape", [(1, 1, 1, 1), (3, 2, 5, 4), (2, 7, 3, 3)], ids=str)


def shrunk(x):
    return (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4


def enlarged(x):
    large = np.empty((len(x), 2 * x.shape[1], 2 * x.shape[2], x.shape[3]))
    for i, j in np.ndindex(large.shape[1:3]):
        large[:, i, j] = x[:, i // 2, j // 2]
    return large


@SHAPES
def test_shrink_and_enlarge(shape):
    rng = np.random.default_rng(0)
    small = rng.standard_normal(shape)
    large = rng.standard_normal((shape[0], 2 * shape[1], 2 * shape[2], shape[3]))
    check_op(lambda x: (ga.shrink(x),), lambda x: (shrunk(x),), [large])
    check_op(lambda x: (ga.enlarge(x),), lambda x: (enlarged(x),), [small])
    assert np.allclose(ga.shrink(ga.enlarge(small)), small, rtol=1e-12)
