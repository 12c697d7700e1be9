"""Arrays in the computer's memory, taken from a pool of buffers.

Fresh memory is slow: the system clears it and hands it out page by page, at about the speed of a copy. A
training step needs the same large arrays every time, so a large buffer goes into a pool when its last array
is deleted, and serves the next array of about its size.
"""
import math

import numpy as np

_POOLED = 1 << 16            # bytes from which a buffer is worth keeping
_MOST_IDLE = 1 << 30         # bytes that may wait in the pool
_ALIGNMENT = 64              # bytes: a cache line. NumPy's loops are twice as fast on such arrays


class _Pool:
    """Idle buffers by size. Lists and numbers change under the interpreter's lock, in any thread."""

    def __init__(self):
        self.idle = {}           # size in bytes -> [buffers]
        self.idle_bytes = 0

    def take(self, size):
        """A buffer of `size` or up to twice as much: the smallest that is idle, or a new one."""
        for fit in sorted(fit for fit in list(self.idle) if size <= fit <= 2 * size):
            try:
                memory = self.idle[fit].pop()
            except IndexError:
                continue
            self.idle_bytes -= fit
            return memory
        return np.empty(size, np.uint8)

    def give(self, memory):
        if self.idle_bytes + memory.size <= _MOST_IDLE:
            self.idle.setdefault(memory.size, []).append(memory)
            self.idle_bytes += memory.size


_pool = _Pool()


class _Owner:
    """The `.base` of an array and its views, which gives the buffer back when the last of them is deleted."""

    memory = None                # until there is one: Ctrl-C may come before that

    def __init__(self, nbytes, shape, dtype):
        self.memory = _pool.take(_size_class(nbytes + _ALIGNMENT))
        start = self.memory.ctypes.data
        self.__array_interface__ = {"data": (start + -start % _ALIGNMENT, False), "shape": shape,
                                    "typestr": dtype.str, "version": 3}

    def __del__(self, pool=_pool):
        if self.memory is not None:
            pool.give(self.memory)


def _size_class(nbytes):
    """nbytes rounded up to one of eight sizes in each power of two, so that arrays can share buffers."""
    step = 1 << max(0, nbytes.bit_length() - 4)
    return -(-nbytes // step) * step


def empty(shape, dtype, like=None):
    """An uninitialised array; `like` only says which backend it belongs to."""
    dtype = np.dtype(dtype)
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    nbytes = math.prod(shape) * dtype.itemsize
    if nbytes >= _POOLED:
        return np.asarray(_Owner(nbytes, shape, dtype))
    memory = np.empty(nbytes + _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start:start + nbytes].view(dtype).reshape(shape)


def zeros(shape, dtype, like=None):
    """An array of zeros."""
    array = empty(shape, dtype)
    array.fill(0)
    return array


def host_value(x, otherwise):
    """The number in x (1,)."""
    return float(x[0])


def cast(x, dtype):
    """x in another floating-point type; x itself where it has it already."""
    return x.astype(dtype, copy=False)


def concatenate(*arrays, axis):
    """The arrays, one after the other along the first axis (0) or the last (-1)."""
    shape = list(arrays[0].shape)
    shape[axis] = sum(array.shape[axis] for array in arrays)
    return np.concatenate(arrays, axis, out=empty(shape, arrays[0].dtype))


def capture(step):
    """There is nothing to record on the CPU: step itself."""
    return step


def to_device(array):
    """A copy of its own, C-contiguous."""
    copy = empty(array.shape, array.dtype)
    copy[...] = array
    return copy


def to_host(array):
    """A copy of its own."""
    return np.array(array, order="C")
