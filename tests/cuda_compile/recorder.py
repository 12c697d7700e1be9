"""The programs that a training step launches, found by running its launchers on arrays that nobody fills."""
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

import numpy as np

from gpuarray.cuda import runtime
from tests.cuda_on_cpu import SimulatedArray, SimulatedRuntime
from tests.cuda_on_cpu.memory import host_view


@dataclass(frozen=True)
class Launch:
    """What was launched. sizes: the whole numbers among its arguments, in order. nbytes: of its arrays.
    source: its file; none of CuPy's own kernels.
    """
    kernel: str
    grid: tuple
    defines: dict
    sizes: tuple
    nbytes: int
    source: str = ""

    @property
    def program(self):
        """(source, defines), as compiled."""
        return self.source, tuple(self.defines.items())


class RecordedArray(SimulatedArray):
    """Memory that is claimed and hardly touched, so that full-size networks cost little.

    Arithmetic and assignment are launches, too: CuPy has a kernel for each.
    """

    def __array_ufunc__(self, function, method, *operands, **options):
        result = super().__array_ufunc__(function, method, *operands, **options)
        self.runtime.note(f"CuPy's {function.__name__}", result, *operands)
        return result

    def __setitem__(self, index, value):
        super().__setitem__(index, value)
        written = host_view(self)[index]
        if written.size:                      # as for CuPy
            self.runtime.note("CuPy's copy", written, value)


class Recorder(SimulatedRuntime):
    """A device that notes what is launched and does nothing."""

    def __init__(self, capability):
        super().__init__()
        self.capability = capability
        self.shared = defaultdict(int)           # (source, defines, kernel) -> most dynamic shared memory
        self.launches = []

    def empty(self, shape, dtype):
        return np.empty(shape, dtype).view(RecordedArray)

    def zeros(self, shape, dtype):
        array = np.zeros(shape, dtype).view(RecordedArray)
        self.note("CuPy's zeros", array)
        return array

    def to_device(self, array):
        return array.view(RecordedArray)

    def run(self, work):
        """Not done: nobody looks at the result."""

    def launch(self, source, kernel, grid, block, args, shared=0, defines=()):
        self.shared[source, defines, kernel] = max(self.shared[source, defines, kernel], shared)
        self.note(kernel, *args, grid=grid, defines=defines, source=source)

    def note(self, kernel, *args, grid=(1,), defines=(), source=""):
        sizes = tuple(int(value) for value in args if isinstance(value, np.integer))
        nbytes = sum(value.nbytes for value in args if isinstance(value, np.ndarray) and value.ndim)
        self.launches.append(Launch(kernel, grid, dict(defines), sizes, nbytes, source))


@contextmanager
def recording(capability):
    """A Recorder that serves device 'cuda' inside the with statement."""
    recorder = RecordedArray.runtime = Recorder(capability)
    runtime.register_runtime(RecordedArray, recorder)
    with mock.patch.object(runtime, "default_runtime", lambda: recorder):
        yield recorder
