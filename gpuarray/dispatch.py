"""Which backend an array belongs to: `gpuarray.cpu` (NumPy) or `gpuarray.cuda` (CuPy and our kernels).

Arrays are plain `numpy.ndarray` and `cupy.ndarray`. Only `backend_of_type` looks at the type of an array.
"""
import importlib
import sys
from functools import cache

import numpy as np

from gpuarray.errors import ArgumentError, DeviceError

# Array types besides cupy.ndarray that the CUDA backend serves: the tests run its kernels on the CPU.
_CUDA_TYPES = []


def register_cuda_type(array_type):
    """Let the CUDA backend serve `array_type`, a subclass of numpy.ndarray whose kernels run elsewhere."""
    _CUDA_TYPES.append(array_type)
    backend_of_type.cache_clear()


@cache
def backend_of_type(array_type):
    """The backend that serves arrays of this type. Raises ArgumentError for a type that is no array's."""
    cupy = sys.modules.get("cupy")       # an array of CuPy's can only exist once CuPy is imported
    cuda_types = (*_CUDA_TYPES, cupy.ndarray) if cupy is not None else tuple(_CUDA_TYPES)
    if issubclass(array_type, cuda_types):
        return _backend("cuda")
    if issubclass(array_type, np.ndarray):
        return _backend("cpu")
    raise ArgumentError(f"expected numpy or cupy arrays, got {array_type.__name__}")


def backend_of(*arrays):
    """The module that works on these arrays: `gpuarray.cpu` or `gpuarray.cuda`.

    Raises ArgumentError for anything that is no array, and for arrays of both backends in one call.
    """
    backends = {backend_of_type(type(array)) for array in arrays}
    if len(backends) != 1:
        raise ArgumentError("arrays on both the CPU and the GPU in one call: move them to one device first")
    return backends.pop()


def to_device(array, device):
    """A copy of a NumPy array in the memory of `device` ('cpu' or 'cuda'), C-contiguous."""
    return _backend(device).to_device(np.ascontiguousarray(array))


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
        return "cuda", _backend("cuda").describe_device()
    except DeviceError as error:
        if wanted == "cuda":
            raise
        return "cpu", str(error)


def computes_in(precision, device):
    """Can `device` ('cpu' or 'cuda', a GPU that is there) multiply in 'fp32', 'tf32' or 'bf16'?"""
    return _backend(device).why_not(precision) is None


def _backend(device):
    return importlib.import_module(f"gpuarray.{device}")
