"""Convolution and its two gradients: what is checked, which way is taken, and what happens on the way out.

5x5 convolutions of stride 2 between many channels go through Winograd's filters, all others through patches. The gradient
to the input of stride s is s * s convolutions of stride 1, one for each phase (row mod s, column mod s) of the input,
each with the taps of the kernel that meet it: no product with an inserted zero is ever made.
"""
import numpy as np

from gpuarray.cpu import im2col, winograd
from gpuarray.cpu.activation import activate, add_bias
from gpuarray.cpu.batchnorm import chunk_moments, merge_moments
from gpuarray.cpu.checks import check_array, check_epilogue, check_precision
from gpuarray.cpu.memory import empty
from gpuarray.errors import ArgumentError


def conv2d(x, w, stride, bias, activation, moments, tf32):
    n, h, width, c = _check_image("x", x)
    k, channels = _check_kernel(w, x)
    _check_stride(stride)
    check_array("w", w, (k, k, c, channels), x)
    check_epilogue(bias, activation, tf32, channels, x)
    y = empty((n, -(-h // stride), -(-width // stride), channels), x.dtype)
    epilogue = _epilogue(bias, activation, moments)
    if winograd.applies(x.shape, w.shape, stride):
        parts = winograd.convolve(x, w, y, epilogue)
    else:
        parts = im2col.correlate(x, w, stride, _before(k), y, epilogue)
    return (y, merge_moments(parts, x.dtype)) if moments else y


def conv2d_input_grad(dy, w, stride, size, bias, activation, moments, tf32):
    _check_image("dy", dy)
    k, channels = _check_kernel(w, dy)
    _check_stride(stride)
    h, width = size
    c = w.shape[2]
    check_array("dy", dy, (None, -(-h // stride), -(-width // stride), channels))
    check_epilogue(bias, activation, tf32, c, dy)
    dx = empty((len(dy), h, width, c), dy.dtype)
    epilogue = _epilogue(bias, activation, moments)
    if winograd.applies(dx.shape, w.shape, stride):
        parts = winograd.convolve_back(dy, w, dx, epilogue)
    else:
        parts = _correlate_phases(dy, w, stride, dx, epilogue)
    return (dx, merge_moments(parts, dy.dtype)) if moments else dx


def conv2d_weight_grad(x, dy, dw, stride, weight, tf32):
    n, h, width, c = _check_image("x", x)
    k, channels = _check_kernel(dw, x)
    _check_stride(stride)
    check_array("dy", dy, (n, -(-h // stride), -(-width // stride), channels), x)
    check_array("dw", dw, (k, k, c, channels), x)
    check_precision(tf32)
    if not weight:
        return
    way = winograd if winograd.applies(x.shape, dw.shape, stride) else im2col
    gradient = way.weight_gradient(x, dy, (k, k), stride, _before(k))
    gradient *= dw.dtype.type(weight)
    np.add(dw, gradient, out=dw)


def _correlate_phases(dy, w, stride, dx, epilogue):
    """Fill each phase of dx with the correlation of dy and the taps that meet it; results of epilogue."""
    before, parts = _before(len(w))[0], []
    for a in range(min(stride, dx.shape[1])):
        for b in range(min(stride, dx.shape[2])):
            # Tap t of y[i] reads x[s i + t - before], so x[a + s m] meets the taps t = r + s u in y[m + q - u].
            (row, r), (column, r2) = divmod(a + before, stride), divmod(b + before, stride)
            taps = np.ascontiguousarray(w[r::stride, r2::stride][::-1, ::-1].swapaxes(2, 3))
            begin = len(taps) - 1 - row, taps.shape[1] - 1 - column
            parts += im2col.correlate(dy, taps, 1, begin, dx[:, a::stride, b::stride], epilogue)
    return parts


def _before(k):
    """Rows and columns of zeros in front of the image: the odd one comes behind."""
    return (k - 1) // 2, (k - 1) // 2


def _epilogue(bias, activation, moments):
    """A function for rows (M, K) still in cache: adds the bias and applies the activation in place, returns their moments."""
    def finish(rows):
        add_bias(rows, bias)
        activate(rows, activation)
        return chunk_moments(rows) if moments else None

    return finish


def _check_image(name, array):
    check_array(name, array, (None, None, None, None))
    if 0 in array.shape:
        raise ArgumentError(f"{name} is empty: shape {array.shape}")
    return array.shape


def _check_kernel(w, like):
    check_array("the kernel", w, (None, None, None, None), like)
    if w.shape[0] != w.shape[1]:
        raise ArgumentError(f"the kernel has shape {w.shape}, expected as many rows as columns")
    return w.shape[0], w.shape[3]


def _check_stride(stride):
    if not isinstance(stride, int) or stride < 1:
        raise ArgumentError(f"stride is {stride!r}, expected a whole number from 1 on")
