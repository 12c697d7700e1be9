"""The CUDA half: hand-written kernels, launched through `gpuarray.cuda.runtime`. Importable without CuPy.

What each operation does stands in `gpuarray.operations`.
"""
from gpuarray.cuda import runtime
from gpuarray.cuda.runtime import empty, zeros


def to_device(array):
    """A copy of a NumPy array on the GPU. Raises DeviceError without a usable GPU, or memory."""
    return runtime.default_runtime().to_device(array)


def to_host(array):
    """The array as a NumPy array (waits for the GPU)."""
    return runtime.runtime_of(array).to_host(array)


def describe_device():
    """The GPU in a line. Raises DeviceError where there is none that can be used."""
    return runtime.default_runtime().describe()
