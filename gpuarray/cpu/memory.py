"""Arrays in the computer's memory."""
import numpy as np


def empty(shape, dtype, like=None):
    """An uninitialised array; `like` only says which half of the library it belongs to."""
    return np.empty(shape, dtype)


def zeros(shape, dtype, like=None):
    """An array of zeros."""
    return np.zeros(shape, dtype)


def concatenate(*arrays):
    """The arrays, one after the other along the first axis."""
    return np.concatenate(arrays)


def to_device(array):
    """A copy of its own, C-contiguous."""
    return np.array(array, order="C")


def to_host(array):
    """A copy of its own."""
    return np.array(array, order="C")
