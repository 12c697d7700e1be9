"""Where the CUDA half gets memory and starts kernels. The only module that knows CuPy.

A runtime is what `CuPyRuntime` is: memory, copies, launches on one kind of array. Launchers use `empty`, `zeros` and
`launch` below, which find the runtime of the array they are given; so the tests can put another one, that runs the same
kernels on the CPU, in its place.
"""
from functools import lru_cache
from pathlib import Path

import numpy as np

from gpuarray.dispatch import register_cuda_type
from gpuarray.errors import DeviceError

FOLDER = Path(__file__).parent
_RUNTIMES = {}                   # array type -> its runtime, besides CuPy's


def register_runtime(array_type, runtime):
    """Let `runtime` serve arrays of `array_type`, and the CUDA half answer for them."""
    _RUNTIMES[array_type] = runtime
    register_cuda_type(array_type)


def runtime_of(array):
    """The runtime that serves `array`."""
    for array_type, runtime in _RUNTIMES.items():
        if isinstance(array, array_type):
            return runtime
    return default_runtime()


@lru_cache(maxsize=None)
def default_runtime():
    """The runtime of the machine's GPU. Raises DeviceError where there is none that can be used."""
    return CuPyRuntime()


def empty(shape, dtype, like):
    """An uninitialised array beside `like`."""
    return runtime_of(like).empty(shape, dtype)


def zeros(shape, dtype, like):
    """An array of zeros beside `like`."""
    return runtime_of(like).zeros(shape, dtype)


def launch(like, source, kernel, grid, block, args, shared=0, defines=()):
    """Start an `extern "C" __global__` kernel on the device of `like`; does not wait for it.

    source: file in this folder; grid, block: up to three numbers; args: arrays, typed NumPy scalars, None for a null
    pointer; shared: bytes of dynamic shared memory; defines: (name, value) pairs set while compiling.
    """
    runtime_of(like).launch(source, kernel, grid, block, args, shared, tuple(defines))


COMPILER_OPTIONS = ("-std=c++17",)


@lru_cache(maxsize=None)
def source_text(source, defines=()):
    """The text that is compiled for a kernel file: common.cuh, the defines (which common.cuh does not see), the file."""
    chosen = "".join(f"#define {name} {value}\n" for name, value in defines)
    return _numbered("common.cuh") + chosen + _numbered(source)


def _numbered(name):
    return f'#line 1 "{name}"\n' + (FOLDER / name).read_text() + "\n"


class CuPyRuntime:
    """Memory and launches through CuPy, on its current device and stream; kernels compiled by NVRTC and kept by CuPy's cache."""

    def __init__(self):
        try:
            import cupy
        except ImportError as error:
            raise DeviceError("no CuPy: install it with pip install '.[cuda13]' (or '.[cuda12]'), or use the CPU") from error
        self.cupy = cupy
        self._kernels = {}

    def empty(self, shape, dtype):
        return self.cupy.empty(shape, dtype)

    def zeros(self, shape, dtype):
        return self.cupy.zeros(shape, dtype)

    def to_device(self, array):
        return self.cupy.asarray(array)

    def to_host(self, array):
        return self.cupy.asnumpy(array)

    def synchronize(self):
        self.cupy.cuda.get_current_stream().synchronize()

    def launch(self, source, kernel, grid, block, args, shared=0, defines=()):
        key = source, defines
        if key not in self._kernels:
            self._kernels[key] = self.cupy.RawModule(code=source_text(source, defines), options=COMPILER_OPTIONS)
        function = self._kernels[key].get_function(kernel)
        args = tuple(np.uintp(0) if arg is None else arg for arg in args)
        function(grid, block, args, shared_mem=shared)
