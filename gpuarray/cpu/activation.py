"""Activations of layers without batchnorm, forward in place, and the way back with the bias gradient."""
import numpy as np

from gpuarray.cpu.memory import empty
from gpuarray.cpu.threads import in_chunks

_CHUNK_BYTES = 1 << 20


def activate(y, activation):
    """Apply the activation in place."""
    if activation == "relu":
        np.maximum(y, 0, out=y)
    elif activation == "tanh":
        np.tanh(y, out=y)


def bias_activation_grad(dy, y, activation, dbias, weight):
    da = empty(dy.shape, dy.dtype)
    channels = dy.shape[-1]
    dy_rows, y_rows, da_rows = (array.reshape(-1, channels) for array in (dy, y, da))

    def back(chunk):
        out = da_rows[chunk]
        if activation == "relu":
            np.multiply(dy_rows[chunk], y_rows[chunk] > 0, out=out)
        elif activation == "tanh":
            np.multiply(y_rows[chunk], y_rows[chunk], out=out)
            np.subtract(1, out, out=out)
            out *= dy_rows[chunk]
        else:
            np.copyto(out, dy_rows[chunk])
        return np.ones(len(out), out.dtype) @ out

    sums = in_chunks(back, len(da_rows), max(1, _CHUNK_BYTES // (channels * dy.itemsize)))
    if weight and dbias is not None:
        dbias += dbias.dtype.type(weight) * sum(sums)
    return da
