"""Where the launchers of the CUDA backend get memory and start kernels, whatever device runs them.

A runtime has the methods of `gpuarray.cuda.cupy_runtime.CuPyRuntime`, which serves a GPU. Launchers call the
functions below, which find the runtime of the array that they are given. The tests register another runtime,
which runs the same kernels on the CPU.
"""
import sys
from functools import cache

from gpuarray.cuda.cupy_runtime import CuPyRuntime
from gpuarray.dispatch import register_cuda_type
from gpuarray.errors import ArgumentError

_RUNTIMES = {}                   # array type -> its runtime, besides CuPy's


def register_runtime(array_type, runtime):
    """Let `runtime` serve arrays of `array_type`, and the CUDA backend answer for them."""
    _RUNTIMES[array_type] = runtime
    register_cuda_type(array_type)


@cache
def default_runtime():
    """The runtime of the machine's GPU. Raises DeviceError where there is none that can be used."""
    return CuPyRuntime()


def runtime_of(array):
    """The runtime that serves `array`. Raises ArgumentError where it is no array of the CUDA backend."""
    for array_type in type(array).__mro__:
        if array_type in _RUNTIMES:
            return _RUNTIMES[array_type]
    cupy = sys.modules.get("cupy")
    if cupy is not None and isinstance(array, cupy.ndarray):
        return default_runtime()
    raise ArgumentError(f"expected an array on the GPU, got {type(array).__name__}: use to_device")


def empty(shape, dtype, like):
    """An uninitialised array beside `like`."""
    return runtime_of(like).empty(shape, dtype)


def zeros(shape, dtype, like):
    """An array of zeros beside `like`."""
    return runtime_of(like).zeros(shape, dtype)


def launch(like, source, kernel, grid, block, args, shared=0, defines=()):
    """Start an `extern "C" __global__` kernel on the device of `like`; does not wait for it.

    source: file in this folder. grid, block: up to three numbers. args: arrays, typed NumPy scalars, None for
    a null pointer. shared: bytes of dynamic shared memory. defines: (name, value) pairs for the compiler,
    which `source` and what it includes see.
    """
    runtime_of(like).launch(source, kernel, grid, block, args, shared, tuple(defines))


def is_aligned(array, nbytes=16):
    """Does the array begin at a multiple of `nbytes`, so that kernels may read it in pieces of that size?"""
    return runtime_of(array).address(array) % nbytes == 0
