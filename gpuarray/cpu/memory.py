"""Arrays in the computer's memory."""
import numpy as np

from gpuarray.errors import ArgumentError


def empty(shape, dtype, like=None):
    """An uninitialised array; `like` only says which half of the library it belongs to."""
    return np.empty(shape, dtype)


def zeros(shape, dtype, like=None):
    """An array of zeros."""
    return np.zeros(shape, dtype)


def cast(x, dtype):
    """x in another floating-point type; x itself where it has it already."""
    if str(dtype) not in ("float32", "float64"):
        raise ArgumentError(f"dtype is {dtype}: the CPU computes in float32 or float64 only")
    return x.astype(dtype, copy=False)


def concatenate(*arrays):
    """The arrays, one after the other along the first axis."""
    return np.concatenate(arrays)


def to_device(array):
    """A copy of its own, C-contiguous."""
    return np.array(array, order="C")


def to_host(array):
    """A copy of its own."""
    return np.array(array, order="C")
