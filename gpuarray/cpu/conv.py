"""Convolution and its two gradients: which method computes them, and the epilogue: bias, activation, moments.

5x5 convolutions of stride 2 between many channels are computed by Winograd's algorithm, all others from
patches (im2col). The gradient to the input of stride s is s * s convolutions of stride 1, one for each phase
(row mod s, column mod s) of the input, each with the taps of the kernel that meet it: no zeros are inserted
and multiplied.
"""
import numpy as np

from gpuarray.cpu import im2col, winograd
from gpuarray.cpu.activation import activate, add_bias
from gpuarray.cpu.batchnorm import chunk_moments, gradient_sums, merge_moments
from gpuarray.cpu.memory import empty


def conv2d(x, w, stride, bias, activation, moments, tf32, into):
    (n, h, width, _), (k, _, _, channels) = x.shape, w.shape
    y = empty((n, -(-h // stride), -(-width // stride), channels), x.dtype)
    epilogue = _epilogue(bias, activation, moments)
    if winograd.applies(x.shape, w.shape, stride):
        parts = winograd.convolve(x, w, y, epilogue)
    else:
        parts = im2col.correlate(x, w, stride, _before(k), y, epilogue)
    return _with_sums(y, parts, moments, into)


def conv2d_input_grad(dy, w, stride, size, bias, activation, moments, tf32, into):
    dx = empty((len(dy), *size, w.shape[2]), dy.dtype)
    epilogue = _epilogue(bias, activation, moments)
    if winograd.applies(dx.shape, w.shape, stride):
        parts = winograd.input_gradient(dy, w, dx, epilogue)
    else:
        parts = _correlate_phases(dy, w, stride, dx, epilogue)
    return _with_sums(dx, parts, moments, into)


def conv2d_weight_grad(x, dy, dw, stride, weight, tf32):
    if not weight:
        return
    if winograd.applies(x.shape, dw.shape, stride):
        gradient = winograd.weight_gradient(x, dy)
    else:
        gradient = im2col.weight_gradient(x, dy, dw.shape[:2], stride, _before(len(dw)))
    gradient *= dw.dtype.type(weight)
    np.add(dw, gradient, out=dw)


def _correlate_phases(dy, w, stride, dx, epilogue):
    """Fill each phase of dx with the correlation of dy and the taps that meet it; results of epilogue."""
    before, parts = _before(len(w))[0], []
    for a in range(min(stride, dx.shape[1])):
        for b in range(min(stride, dx.shape[2])):
            # Tap t of y[i] reads x[s i + t - before], so x[a + s m] meets the taps t = r + s u in y[m + q -
            # u].
            (row, r), (column, r2) = divmod(a + before, stride), divmod(b + before, stride)
            taps = np.ascontiguousarray(w[r::stride, r2::stride][::-1, ::-1].swapaxes(2, 3))
            begin = len(taps) - 1 - row, taps.shape[1] - 1 - column
            parts += im2col.correlate(dy, taps, 1, begin, dx[:, a::stride, b::stride], epilogue)
    return parts


def _with_sums(y, parts, moments, into):
    """y, and with it what batchnorm forward, or backward, would otherwise sum itself."""
    if into is not None:
        return y, gradient_sums(y, *into)
    return (y, merge_moments(parts, y.dtype)) if moments else y


def _before(k):
    """Rows and columns of zeros in front of the image: the odd one comes behind."""
    return (k - 1) // 2, (k - 1) // 2


def _epilogue(bias, activation, moments):
    """A function of rows (M, K) still in cache: bias and activation in place; it returns their moments."""
    def finish(rows):
        add_bias(rows, bias)
        activate(rows, activation)
        return chunk_moments(rows) if moments else None

    return finish

