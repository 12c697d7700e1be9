"""Where the launchers of the CUDA backend get memory and start kernels, whatever device runs them.

A runtime has the methods of `gpuarray.cuda.cupy_runtime.CuPyRuntime`, which serves a GPU. Launchers call the
functions below, which find the runtime of the array they are given; so the tests can put another one in its
place, which runs the same kernels on the CPU.
"""
import re
import sys
from functools import cache
from pathlib import Path

from gpuarray.dispatch import register_cuda_type
from gpuarray.errors import ArgumentError

FOLDER = Path(__file__).parent
COMPILER_OPTIONS = ("-std=c++17",)
INCLUDE = re.compile(r'#include "([\w.]+)"')
_RUNTIMES = {}                   # array type -> its runtime, besides CuPy's


def register_runtime(array_type, runtime):
    """Let `runtime` serve arrays of `array_type`, and the CUDA backend answer for them."""
    _RUNTIMES[array_type] = runtime
    register_cuda_type(array_type)


@cache
def default_runtime():
    """The runtime of the machine's GPU. Raises DeviceError where there is none that can be used."""
    from gpuarray.cuda.cupy_runtime import CuPyRuntime
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

    source: file in this folder; grid, block: up to three numbers; args: arrays, typed NumPy scalars, None for
    a null pointer; shared: bytes of dynamic shared memory; defines: (name, value) pairs, seen by `source`
    alone.
    """
    runtime_of(like).launch(source, kernel, grid, block, args, shared, tuple(defines))


def is_aligned(array, nbytes=16):
    """Does the array begin at a multiple of `nbytes`, so that kernels may read it in pieces of that size?"""
    return runtime_of(array).address(array) % nbytes == 0


@cache
def source_text(source, defines=()):
    """What is compiled for a kernel file: common.cuh, the defines (which common.cuh does not see), the file.

    Lines `#include "file.cuh"` are replaced by that file: CuPy's cache of compiled kernels looks at this text
    alone.
    """
    chosen = "".join(f"#define {name} {value}\n" for name, value in defines)
    return _joined("common.cuh") + chosen + _joined(source)


def _joined(name):
    lines = [f'#line 1 "{name}"']
    for number, line in enumerate((FOLDER / name).read_text(encoding="utf-8").splitlines(), 1):
        included = INCLUDE.fullmatch(line.strip())
        lines.append(f'{_joined(included[1])}#line {number + 1} "{name}"' if included else line)
    return "\n".join(lines) + "\n"
