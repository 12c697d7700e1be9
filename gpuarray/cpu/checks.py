"""What every operation of the NumPy backend asks of its arrays."""
import numpy as np

from gpuarray.errors import ArgumentError

_TYPES = (np.dtype(np.float32), np.dtype(np.float64))


def check_array(name, array, shape, like=None):
    """Refuse an array that is not C-contiguous, not float32 or float64 (or not of the type of `like`) or not of `shape`.

    None in `shape` stands for any size.
    """
    if array.dtype not in _TYPES or like is not None and array.dtype != like.dtype:
        wanted = "float32 or float64" if like is None else str(like.dtype)
        raise ArgumentError(f"{name} is {array.dtype}, expected {wanted}")
    if array.ndim != len(shape) or any(n is not None and n != m for n, m in zip(shape, array.shape)):
        wanted = ", ".join("any" if n is None else str(n) for n in shape)
        raise ArgumentError(f"{name} has shape {array.shape}, expected ({wanted})")
    if not array.flags.c_contiguous:
        raise ArgumentError(f"{name} is not C-contiguous: use numpy.ascontiguousarray")


def check_epilogue(bias, activation, tf32, channels, like):
    """Refuse a bias that does not fit, an unknown activation, and tf32, which only the CUDA backend knows."""
    if bias is not None:
        check_array("bias", bias, (channels,), like)
    if activation not in ("linear", "relu", "tanh"):
        raise ArgumentError(f"unknown activation {activation!r}: use 'linear', 'relu' or 'tanh'")
    check_precision(tf32)


def check_precision(tf32):
    if tf32:
        raise ArgumentError("tf32 is a precision of the CUDA backend: leave it off on the CPU")
