"""Launcher of memory.cu."""
import numpy as np

from gpuarray.cuda.checks import check_arrays, check_choice, check_range
from gpuarray.cuda.layout import ELEMENT_TYPES, flat_grid, vector_width
from gpuarray.cuda.runtime import empty, launch


def concatenate(*arrays):
    first = arrays[0]
    check_choice("concatenate", "the type", first.dtype.name, ELEMENT_TYPES)
    rest = " ".join(map(str, first.shape[1:]))
    check_arrays("concatenate", **{f"array{i}": (array, f"N{i} {rest}", first.dtype.name)
                                   for i, array in enumerate(arrays)})
    check_range("concatenate", "the number of elements", sum(array.size for array in arrays), 1)
    out = empty((sum(map(len, arrays)), *first.shape[1:]), first.dtype, first)
    start = 0
    for array in arrays:
        _copy(array, out[start:start + len(array)])
        start += len(array)
    return out


def _copy(array, to):
    width = vector_width(array.size, array, to)
    launch(array, "memory.cu", "copy", *flat_grid(array.size // width), (array, to, np.int32(array.size)),
           defines=(("ELEMENT", ELEMENT_TYPES[array.dtype.name]), ("WIDTH", width)))
