import numpy as np
import pytest

import gpuarray as ga
from tests.gpuarray.cuda.check import BFLOAT16, FLOAT32


@pytest.mark.parametrize("dtype", [FLOAT32, BFLOAT16, np.dtype(np.uint8)], ids=str)
@pytest.mark.parametrize("shapes", [[(1, 1)], [(2, 3, 5), (1, 3, 5)], [(4, 32), (2, 32), (3, 32)]], ids=str)
def test_concatenate(cuda_any_order, shapes, dtype):
    rng = np.random.default_rng(1)
    arrays = [(100 * rng.random(shape)).astype(dtype) for shape in shapes]
    got = cuda_any_order.to_host(ga.concatenate(*map(cuda_any_order.to_device, arrays)))
    assert got.dtype == dtype and (got == np.concatenate(arrays)).all()


def test_zeros_and_empty_lie_beside_their_like(cuda):
    like = cuda.to_device(np.ones(3, FLOAT32))
    zeros, empty = ga.zeros((2, 5), np.uint64, like), ga.empty((4,), FLOAT32, like)
    assert type(zeros) is type(empty) is type(like) and empty.shape == (4,)
    assert (cuda.to_host(zeros) == np.zeros((2, 5), np.uint64)).all()


def test_refuses_what_it_cannot_take(cuda):
    a, b = cuda.to_device(np.ones((2, 3), FLOAT32)), cuda.to_device(np.ones((2, 4), FLOAT32))
    with pytest.raises(ga.ArgumentError, match=r"concatenate: array1 has shape \(2, 4\), expected \(N1, 3\)"):
        ga.concatenate(a, b)
    with pytest.raises(ga.ArgumentError, match="concatenate: the type is 'int16'"):
        ga.concatenate(cuda.to_device(np.ones(2, np.int16)))
    with pytest.raises(ga.ArgumentError, match="both the CPU and the GPU"):
        ga.concatenate(a, np.ones((2, 3), FLOAT32))
