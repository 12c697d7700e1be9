"""Arrays cut into rows and chunks that suit NumPy's loops and the caches.

Work on the channels of (..., C) goes through the array in chunks that stay in cache. Where a vector (C,) is
combined with rows, NumPy runs one inner loop for each row, so short rows are slow: as many pixels as make
about a thousand numbers are taken as one row, and the vector is repeated as often.
"""
import math

import numpy as np

from gpuarray.cpu.memory import empty

_ROW = 1024                 # numbers
_GAP = 80                   # numbers between spaced rows: 5 cache lines in float32
_CHUNK_BYTES = 1 << 19      # of each array in a chunk: three or four of them fit the cache of a core


def wide_rows(x):
    """x (..., C) seen as (rows, some C)."""
    channels = x.shape[-1]
    most = 1 << (max(1, _ROW // channels).bit_length() - 1)
    return x.reshape(-1, channels * math.gcd(x.size // channels, most))


def repeat(vector, rows):
    """vector (C,) as often as it goes into a row of wide rows."""
    out = empty((rows.shape[1],), vector.dtype)
    out.reshape(-1, len(vector))[...] = vector
    return out


def fold(sums, channels):
    """Sums over wide rows -> (channels,), in float64."""
    return sums.reshape(-1, channels).sum(0, dtype=np.float64)


def rows_in_chunk(rows):
    return max(1, _CHUNK_BYTES // (rows.shape[1] * rows.itemsize))


def spaced_rows(count, shape, dtype):
    """An uninitialised array (count, *shape) whose rows are apart by no large power of two.

    A product with a small matrix reads all rows side by side. A power of two apart they would share the same
    few lines of the cache and evict each other.
    """
    length = math.prod(shape)
    return empty((count, length + _GAP), dtype)[:, :length].reshape(count, *shape)
