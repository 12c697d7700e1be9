"""Which backend an array belongs to: `gpuarray.cpu` (NumPy) or `gpuarray.cuda` (CuPy and our kernels).

Arrays are plain `numpy.ndarray` and `cupy.ndarray`. `backend_of` is the only place that looks at an array's type.
"""
import importlib
import sys

import numpy as np

from gpuarray.errors import ArgumentError, DeviceError

_CUDA_TYPES = []     # array types besides cupy.ndarray that the CUDA backend serves (its kernels run on the CPU in the tests)


def register_cuda_type(array_type):
    """Let the CUDA backend answer for `array_type`, a subclass of numpy.ndarray whose kernels run elsewhere."""
    _CUDA_TYPES.append(array_type)


def _is_cuda(array):
    cupy = sys.modules.get("cupy")       # an array of CuPy's can only exist once CuPy is imported
    if cupy is not None and isinstance(array, cupy.ndarray):
        return True
    return any(isinstance(array, array_type) for array_type in _CUDA_TYPES)


def backend_of(*arrays):
    """The module that works on these arrays: `gpuarray.cpu` or `gpuarray.cuda`. None stands for an absent optional one.

    Raises ArgumentError for anything that is no array, and for arrays of both backends in one call.
    """
    names = set()
    for array in arrays:
        if array is None:
            continue
        if _is_cuda(array):
            names.add("gpuarray.cuda")
        elif isinstance(array, np.ndarray):
            names.add("gpuarray.cpu")
        else:
            raise ArgumentError(f"expected numpy or cupy arrays, got {type(array).__name__}")
    if len(names) != 1:
        raise ArgumentError("arrays on both the CPU and the GPU in one call: move them to one device first")
    return importlib.import_module(names.pop())


def to_device(array, device):
    """A copy of a NumPy array in the memory of `device` ('cpu' or 'cuda'), C-contiguous."""
    return _backend_of_device(device).to_device(np.ascontiguousarray(array))


def to_host(array):
    """The array as a NumPy array of its own (waits for the device)."""
    return backend_of(array).to_host(array)


def choose_device(wanted="auto"):
    """('cpu' or 'cuda', why) for `wanted` in 'auto', 'cpu', 'cuda'.

    Raises DeviceError where 'cuda' is asked for and cannot be used; 'auto' takes the CPU then, and says why.
    """
    if wanted == "cpu":
        return "cpu", "asked for"
    if wanted not in ("auto", "cuda"):
        raise ArgumentError(f"unknown device {wanted!r}: use 'auto', 'cpu' or 'cuda'")
    try:
        return "cuda", _backend_of_device("cuda").describe_device()
    except DeviceError as error:
        if wanted == "cuda":
            raise
        return "cpu", str(error)


def computes_in(precision, device):
    """Does `device` ('cpu' or 'cuda', a GPU that is there) have products in `precision`: 'fp32', 'tf32' or 'bf16'?"""
    if precision == "fp32":
        return True
    return device == "cuda" and _backend_of_device("cuda").runtime.default_runtime().capability >= (8, 0)


def _backend_of_device(device):
    return importlib.import_module(f"gpuarray.{device}")
