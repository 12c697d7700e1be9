"""Launchers of memory.cu."""
from math import gcd

import numpy as np

from gpuarray.cuda.layout import ELEMENT_TYPES, flat_grid, vector_width
from gpuarray.cuda.runtime import empty, launch

QUAD = 4                     # channels that products count in (quads.cuh, and `padded` in slices.cuh)


def concatenate(*arrays, axis):
    shape = list(arrays[0].shape)
    shape[axis] = sum(array.shape[axis] for array in arrays)
    out = empty(tuple(shape), arrays[0].dtype, arrays[0])
    start = 0
    for array in arrays:
        part = slice(start, start + array.shape[axis])
        if axis == 0:
            _copy(array, out[part], array.size, array.size)                # one row
        else:
            _copy(array, out[..., part], array.shape[-1], shape[-1])
        start = part.stop
    return out


def whole_quads(x):
    """x (..., C) as (..., 4) with zeros behind, where C is below 4, so that products copy a pixel at once."""
    columns, rows = x.shape[-1], x.size // x.shape[-1]
    if columns >= QUAD:
        return x
    out = empty((*x.shape[:-1], QUAD), x.dtype, x)
    launch(x, "memory.cu", "pad_rows", *flat_grid(rows), (x, out, np.int32(rows), np.int32(columns)),
           defines=(("ELEMENT", ELEMENT_TYPES[x.dtype.name]), ("WIDTH", QUAD)))
    return out


def _copy(array, to, columns, stride):
    """Rows of so many columns, one after the other in `array`, to where they begin a stride apart."""
    width = vector_width(gcd(columns, stride), array, to)
    launch(array, "memory.cu", "copy_rows", *flat_grid(array.size // width),
           (array, to, *map(np.int32, (array.size, columns, stride))),
           defines=(("ELEMENT", ELEMENT_TYPES[array.dtype.name]), ("WIDTH", width)))
