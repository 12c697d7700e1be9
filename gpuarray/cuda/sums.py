"""Launchers of sums.cu: the second stage of sums over many blocks."""
import numpy as np

from gpuarray.cuda.layout import THREADS, merge_grid
from gpuarray.cuda.runtime import empty, launch


def total(parts):
    """The sum (1,) of parts (n,)."""
    out = empty((1,), np.float32, parts)
    launch(parts, "sums.cu", "total", (1,), (THREADS,), (parts, out, np.int32(parts.size)))
    return out


def add_column_sums(parts, sums, first, second, weight):
    """Sums over the first axis of parts (chunks, C) or (chunks, 2, C): assigned to `sums` where not None, and
    added, times weight, to `first` (C,), those of the second C to `second`, unless the weight is 0."""
    columns = parts[0].size
    if not weight:
        first = second = None
    sizes = (np.int32(n) for n in (len(parts), columns, parts.shape[-1]))
    launch(parts, "sums.cu", "column_sums", *merge_grid(columns),
           (parts, sums, first, second, np.float32(weight), *sizes))
