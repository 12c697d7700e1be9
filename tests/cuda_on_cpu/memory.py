"""Arrays of the simulated device: poisoned, fenced, and closed to NumPy's own arithmetic."""
import ctypes
import mmap

import numpy as np

POISON = 0xFF                  # as bytes of float32, float64 and bfloat16: NaN; of integers: -1 or the largest
ALIGNMENT = 16
_libc = ctypes.CDLL(None, use_errno=True)


class Fenced:
    """`bytes` of memory that end at a page nobody may touch; the page before them is forbidden too, and what lies between
    is poison that a check finds changed."""

    def __init__(self, nbytes):
        page = mmap.PAGESIZE
        size = -(-max(nbytes, 1) // page) * page
        self.map = mmap.mmap(-1, size + 2 * page)
        memory = np.frombuffer(self.map, np.uint8)
        memory[page:page + size] = POISON
        self.address = memory.ctypes.data
        for fence in (self.address, self.address + page + size):
            if _libc.mprotect(ctypes.c_void_p(fence), page, 0):
                raise OSError(ctypes.get_errno(), "mprotect")
        begin = (page + size - nbytes) // ALIGNMENT * ALIGNMENT
        self.data, self.before, self.after = memory[begin:begin + nbytes], memory[page:begin], memory[begin + nbytes:page + size]

    def is_whole(self):
        """Has nobody written beside the data?"""
        return bool((self.before == POISON).all() and (self.after == POISON).all())


class SimulatedArray(np.ndarray):
    """Memory of the simulated device. Views are free; anything that NumPy would compute is refused, as a GPU would have to
    run a kernel or wait for one. Read it with `to_host`."""

    device = "simulated 0"         # a test may put an array on another

    def __array_finalize__(self, source):
        self.fenced = getattr(source, "fenced", None)

    def __array_ufunc__(self, *args, **kwargs):
        raise TypeError("NumPy arithmetic on a device array")

    def __array_function__(self, *args, **kwargs):
        raise TypeError("a NumPy function on a device array")

    def __getitem__(self, index):
        part = super().__getitem__(index)
        if not isinstance(part, SimulatedArray) or not np.may_share_memory(self.view(np.ndarray), part.view(np.ndarray)):
            raise TypeError("an element of a device array read on the host: that waits for the device")
        return part

    def __setitem__(self, index, value):
        raise TypeError("a device array written on the host")


def empty(shape, dtype):
    """A poisoned array of the simulated device."""
    dtype = np.dtype(dtype)
    nbytes = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    fenced = Fenced(nbytes)
    array = fenced.data.view(dtype).reshape(shape).view(SimulatedArray)
    array.fenced = fenced
    return array


def host_view(array):
    """The same memory as an ordinary array, for the simulator's own copies."""
    return array.view(np.ndarray)
