"""Bias and activation of layers without batchnorm, in place, and their gradients."""
import numpy as np

from gpuarray.cpu.memory import empty
from gpuarray.cpu.blocking import fold, repeat, rows_in_chunk, wide_rows
from gpuarray.cpu.threads import in_chunks


def add_bias(y, bias):
    """Add the bias (C,) to y (..., C) in place; None: nothing."""
    if bias is not None:
        rows = wide_rows(y)
        rows += repeat(bias, rows)


def activate(y, activation):
    """Apply the activation in place."""
    if activation == "relu":
        np.maximum(y, 0, out=y)
    elif activation == "tanh":
        np.tanh(y, out=y)


def bias_activation_grad(dy, y, activation, dbias, weight):
    da = empty(dy.shape, dy.dtype)
    dy_rows, y_rows, da_rows = wide_rows(dy), wide_rows(y), wide_rows(da)

    def gradient(chunk):
        out = da_rows[chunk]
        if activation == "relu":
            np.multiply(dy_rows[chunk], y_rows[chunk] > 0, out=out)
        elif activation == "tanh":
            np.multiply(y_rows[chunk], y_rows[chunk], out=out)
            np.subtract(1, out, out=out)
            out *= dy_rows[chunk]
        else:
            np.copyto(out, dy_rows[chunk])
        return fold(np.ones(len(out), out.dtype) @ out, dy.shape[-1])

    sums = in_chunks(gradient, len(da_rows), rows_in_chunk(da_rows))
    if weight and dbias is not None:
        dbias += (weight * sum(sums)).astype(dbias.dtype)
    return da
