"""Work on the arrays of a batch, recorded as one CUDA graph and started with one call from then on."""
from gpuarray.dispatch import backend_of
from gpuarray.errors import ArgumentError


class Graph:
    """work(*arrays): run as it is at the first call, recorded at the second, and replayed from then on.

    The first call compiles the kernels and makes the arrays that work keeps on the device. From the second
    on, only what work does on the device happens again, with the same arrays at the same addresses: the
    arrays of a call are copied to where the recording found its own, and anything else that changes (a
    learning rate, a counter) must lie in device memory. work may neither wait for the device nor return
    anything. On the CPU every call is a call of work. Raises ArgumentError for arrays of other shapes or
    types than the first call's.
    """

    def __init__(self, work):
        self._work = work
        self._arrays = self._replay = None

    def __call__(self, *arrays):
        if self._arrays is None:
            self._work(*arrays)
            self._arrays = [backend_of(array).empty(array.shape, array.dtype, array) for array in arrays]
            return
        if _kinds(arrays) != _kinds(self._arrays):
            recorded, got = (", ".join(f"{dtype} {shape}" for dtype, shape in _kinds(each))
                             for each in (self._arrays, arrays))
            raise ArgumentError(f"recorded for {recorded}, got {got}: make another Graph for it")
        for recorded, array in zip(self._arrays, arrays):
            recorded[...] = array
        if self._replay is None:
            self._replay = backend_of(*arrays).capture(lambda: self._work(*self._arrays))
        self._replay()


def _kinds(arrays):
    return [(array.dtype, array.shape) for array in arrays]
