"""Launchers of sums.cu: the second stage of reductions over many blocks."""
import numpy as np

from gpuarray.cuda.layout import THREADS, merge_grid
from gpuarray.cuda.runtime import empty, launch

_DEFINES = (("THREADS", THREADS),)


def total(partials):
    """The sum (1,) of partials (n,), or of any numbers."""
    out = empty((1,), np.float32, partials)
    launch(partials, "sums.cu", "total", (1,), (THREADS,), (partials, out, np.int32(partials.size)),
           defines=_DEFINES)
    return out


def add_column_sums(partials, sums, dbeta, dgamma, weight):
    """Sum partials (segments, C), or (segments, 2, C), over their segments.

    The sums are assigned to `sums`, unless it is None. Unless the weight is 0, they are also added, times
    weight, to dbeta (C,) and, those of the second C, to dgamma (C,).
    """
    columns = partials[0].size
    if not weight:
        dbeta = dgamma = None
    sizes = (np.int32(n) for n in (len(partials), columns, partials.shape[-1]))
    launch(partials, "sums.cu", "column_sums", *merge_grid(columns),
           (partials, sums, dbeta, dgamma, np.float32(weight), *sizes), defines=_DEFINES)


def merge_moments(moments, tiles, cols):
    """(mean, biased var), (cols,) each, from the moments of the tiles of a product (`write_activations`)."""
    mean, var = empty((cols,), np.float32, moments), empty((cols,), np.float32, moments)
    launch(moments, "sums.cu", "merge_moments", *merge_grid(cols),
           (moments, mean, var, np.int32(tiles), np.int32(cols)), defines=_DEFINES)
    return mean, var
