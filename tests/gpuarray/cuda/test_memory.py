import numpy as np
import pytest

import gpuarray as ga
from gpuarray.cuda import memory
from tests.gpuarray.cuda.check import BFLOAT16, FLOAT32, misaligned

UINT8 = np.dtype(np.uint8)
every_type = pytest.mark.parametrize("dtype", [FLOAT32, BFLOAT16, UINT8], ids=str)


def draw(shapes, dtype):
    rng = np.random.default_rng(1)
    return [(100 * rng.random(shape)).astype(dtype) for shape in shapes]


@every_type
@pytest.mark.parametrize("axis, shapes", [
    (0, [(1, 1)]), (0, [(2, 3, 5), (1, 3, 5)]), (0, [(4, 32), (2, 32), (3, 32)]), (0, [(7,), (600,)]),
    (-1, [(1, 1)]), (-1, [(2, 3, 5), (2, 3, 1)]), (-1, [(4, 32), (4, 64), (4, 16)]),
    (-1, [(300, 7), (300, 4), (300, 1)]),
    (-1, [(7,), (600,)]), (-1, [(1, 5), (1, 3)]), (-1, [(3, 4), (3, 6)])], ids=str)
def test_concatenate(cuda_any_order, axis, shapes, dtype):
    arrays = draw(shapes, dtype)
    got = cuda_any_order.to_host(ga.concatenate(*map(cuda_any_order.to_device, arrays), axis=axis))
    assert got.dtype == dtype and (got == np.concatenate(arrays, axis)).all()


@every_type
@pytest.mark.parametrize("axis", [0, -1])
def test_concatenate_from_odd_addresses(cuda, axis, dtype):
    arrays = draw([(4, 32), (4, 32)], dtype)
    got = cuda.to_host(ga.concatenate(*(misaligned(cuda, array) for array in arrays), axis=axis))
    assert (got == np.concatenate(arrays, axis)).all()


@pytest.mark.parametrize("dtype", [FLOAT32, BFLOAT16], ids=str)
@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (2, 7, 9, 3), (1, 16, 16, 2), (3, 5, 4), (2, 8)], ids=str)
def test_whole_quads(cuda_any_order, shape, dtype):
    x, = draw([shape], dtype)
    wanted = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, max(0, 4 - x.shape[-1]))])
    for place in cuda_any_order.to_device, lambda array: misaligned(cuda_any_order, array):
        got = cuda_any_order.to_host(memory.whole_quads(place(x)))
        assert got.dtype == dtype and got.shape == wanted.shape and (got == wanted).all()


@pytest.mark.parametrize("shapes, widths", [
    ([(3, 4), (3, 6)], [2, 2]), ([(3, 4), (3, 4)], [4, 4]), ([(3, 4), (3, 1), (3, 3)], [4, 1, 1]),
    ([(3, 2), (3, 4)], [2, 2])], ids=str)
def test_every_row_begins_where_an_access_may(cuda, monkeypatch, shapes, widths):
    """The CPU forgives an access to a wrong multiple of its size, a GPU does not."""
    taken = []
    monkeypatch.setattr(memory, "launch", lambda *args, defines: taken.append(dict(defines)["WIDTH"]))
    ga.concatenate(*map(cuda.to_device, draw(shapes, FLOAT32)), axis=-1)
    assert taken == widths
