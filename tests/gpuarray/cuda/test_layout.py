from types import SimpleNamespace

import numpy as np
import pytest

from gpuarray.cuda import layout
from tests.gpuarray.cuda.check import BFLOAT16, FLOAT32


@pytest.fixture(autouse=True)
def addresses(monkeypatch):
    """Arrays here are shapes alone; `address` is where they lie."""
    monkeypatch.setattr(layout, "is_aligned", lambda array, nbytes: array.address % nbytes == 0)


def array(shape, dtype=FLOAT32, address=0):
    return SimpleNamespace(shape=shape, size=int(np.prod(shape)), dtype=dtype, address=address)


@pytest.mark.parametrize("dtype", [FLOAT32, BFLOAT16], ids=str)
@pytest.mark.parametrize("rows, channels", [
    (1, 1), (2**31 - 1, 1), (2**24, 3), (64, 16384), (64, 20), (300, 16416), (4, 2**20), (262144, 32),
    (100_000, 100)])
def test_blocks_cover_every_row_and_channel_once(rows, channels, dtype):
    columns = layout.Columns(array((rows, channels), dtype))
    lanes, depth = columns.block
    assert lanes * depth == layout.THREADS and depth & (depth - 1) == 0
    assert channels % columns.width == 0 and columns.width * dtype.itemsize <= 16
    assert (columns.strips - 1) * lanes * columns.width < channels <= columns.strips * lanes * columns.width
    for segment, segments in (columns.segments_for_sums(), columns.segments_for_map()):
        assert (segments - 1) * segment < rows <= segments * segment and segments <= 65535


@pytest.mark.parametrize("columns, blocks", [(1, 1), (3, 2), (32, 16), (1000, 500)])
def test_results_of_blocks_are_merged_by_many_blocks(columns, blocks):
    (grid,), (lanes, depth) = layout.merge_grid(columns)
    assert grid == blocks and lanes * depth == layout.THREADS and depth & (depth - 1) == 0


@pytest.mark.parametrize("length, arrays, width", [
    (64, [array((64,))], 4),
    (64, [array((64,), BFLOAT16)], 8),
    (64, [array((64,), np.dtype(np.uint8))], 16),
    (6, [array((6,))], 2),
    (7, [array((7,))], 1),
    (64, [array((64,)), None, array((64,), address=8)], 2),
    (64, [array((64,)), array((64,), address=4)], 1),
    # 32 bytes of the second, as two accesses
    (64, [array((64,), BFLOAT16), array((64,), FLOAT32, address=16)], 8),
])
def test_width_of_an_access(length, arrays, width):
    assert layout.vector_width(length, *arrays) == width
