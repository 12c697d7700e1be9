"""A piece of work on one array, recorded as one CUDA graph and started with one call from then on."""
from gpuarray.dispatch import backend_of
from gpuarray.errors import ArgumentError


class Graph:
    """work(x), which is run as it is at the first call, recorded at the second, and replayed from then on.

    The first call compiles the kernels and makes the arrays that work keeps on the device. From the second on, only what
    work does on the device happens again, with the same arrays at the same addresses: x is copied to where the first
    recording found it, and anything else that changes (a learning rate, a counter) must lie in device memory. work may
    neither wait for the device nor return anything. On the CPU every call is a call of work.
    Raises ArgumentError for an x of another shape or type than the first.
    """

    def __init__(self, work):
        self._work = work
        self._x = self._replay = None

    def __call__(self, x):
        if self._x is None:
            self._work(x)
            self._x = backend_of(x).empty(x.shape, x.dtype, x)
            return
        if x.shape != self._x.shape or x.dtype != self._x.dtype:
            raise ArgumentError(f"recorded for {self._x.dtype} {self._x.shape}, got {x.dtype} {x.shape}: "
                                "make another Graph for it")
        self._x[...] = x
        if self._replay is None:
            self._replay = backend_of(x).capture(lambda: self._work(self._x))
        self._replay()
