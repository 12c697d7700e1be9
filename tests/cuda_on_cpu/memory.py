"""Arrays of the simulated device: poisoned, fenced, and without what CuPy arrays do not allow."""
import ctypes
import mmap
import numbers

import numpy as np

POISON = 0xFF                  # as bytes of floating-point numbers: NaN; of integers: -1 or the largest
ALIGNMENT = 16
_libc = ctypes.CDLL(None, use_errno=True)


class Fenced:
    """Memory between two pages that nobody may touch. It ends at the second, to within 16 bytes. The bytes
    around it are poison, and `is_whole` sees whether somebody has written there."""

    def __init__(self, nbytes):
        page = mmap.PAGESIZE
        size = -(-max(nbytes, 1) // page) * page
        self.map = mmap.mmap(-1, size + 2 * page)
        memory = np.frombuffer(self.map, np.uint8)
        memory[page:page + size] = POISON
        for fence in (0, page + size):
            if _libc.mprotect(ctypes.c_void_p(memory.ctypes.data + fence), page, 0):
                raise OSError(ctypes.get_errno(), "mprotect")
        begin = (page + size - nbytes) // ALIGNMENT * ALIGNMENT
        self.before, self.data = memory[page:begin], memory[begin:begin + nbytes]
        self.after = memory[begin + nbytes:page + size]

    def is_whole(self):
        """Has nobody written beside the data?"""
        return bool((self.before == POISON).all() and (self.after == POISON).all())


class SimulatedArray(np.ndarray):
    """Memory of the simulated device.

    Views, assignment, and arithmetic with scalars and among themselves work, as with CuPy's arrays.
    Arithmetic with NumPy arrays, NumPy's functions, and reading an element are refused: use `to_host`.
    """
    device = "simulated 0"         # a test may put an array on another
    runtime = None                 # the simulator; it runs the work now, or keeps it for a graph

    def __array_finalize__(self, source):
        self.fenced = getattr(source, "fenced", None)

    def __array_ufunc__(self, function, method, *operands, out=None, **options):
        if method != "__call__" or not all(map(_on_device, operands)):
            raise TypeError(f"{function.__name__}.{method} of a device array and a NumPy array")
        operands = [host_view(operand) for operand in operands]
        with np.errstate(all="ignore"):
            result = function(*operands, **options)                 # in a graph: for its shape and type alone
            out = self.runtime.empty(result.shape, result.dtype) if out is None else out[0]
            self.runtime.run(lambda: function(*operands, out=host_view(out), **options))
        return out

    def __array_function__(self, function, types, args, kwargs):
        raise TypeError(f"{function.__name__} on a device array")

    def __getitem__(self, index):
        part = super().__getitem__(index)
        if not isinstance(part, SimulatedArray) or not np.may_share_memory(host_view(self), host_view(part)):
            raise TypeError("an element of a device array read on the host: that waits for the device")
        return part

    def __setitem__(self, index, value):
        if not _on_device(value):
            raise TypeError("a NumPy array assigned to a device array")
        self.runtime.run(lambda: host_view(self).__setitem__(index, host_view(value)))

    def fill(self, value):
        self[...] = value

    def copy(self, order="C"):
        return self.astype(self.dtype)

    def astype(self, dtype, copy=True):
        if self.dtype == dtype and not copy:
            return self
        result = self.runtime.empty(self.shape, dtype)
        result[...] = self
        return result


def empty(shape, dtype):
    """A poisoned array of the simulated device."""
    dtype = np.dtype(dtype)
    shape = (shape,) if isinstance(shape, numbers.Integral) else tuple(shape)
    fenced = Fenced(int(np.prod(shape, dtype=np.int64)) * dtype.itemsize)
    array = fenced.data.view(dtype).reshape(shape).view(SimulatedArray)
    array.fenced = fenced
    return array


def host_view(value):
    """The same memory as an ordinary array, for the simulator's own use; a scalar as it is."""
    return value.view(np.ndarray) if isinstance(value, SimulatedArray) else value


def _on_device(value):
    return isinstance(value, (SimulatedArray, numbers.Number, np.generic))
