"""Convolution and its two gradients as matrix products over patches, a cache-sized piece of the output at a time.

A piece is some output rows of one image, or some whole images. Its patches are copied out of x into a matrix (im2col),
multiplied with the weights, given bias, activation and moments while still in cache, and written to the output. The
gradient to the input of stride s is s * s convolutions of stride 1, one for each phase (row mod s, column mod s) of the
input, each with the taps of the kernel that meet it: no product with an inserted zero is ever made.
"""
import numpy as np
from numpy.lib.stride_tricks import as_strided

from gpuarray.cpu import winograd
from gpuarray.cpu.activation import activate
from gpuarray.cpu.batchnorm import chunk_moments, merge_moments
from gpuarray.cpu.checks import check_array, check_epilogue, check_precision
from gpuarray.cpu.memory import empty
from gpuarray.cpu.threads import cores, in_parallel
from gpuarray.errors import ArgumentError

_PATCH_BYTES = 1 << 20


def conv2d(x, w, stride, bias, activation, moments, tf32):
    n, h, wd, c = _check_image("x", x)
    k, channels = _check_kernel(w, x)
    _check_stride(stride)
    check_array("w", w, (k, k, c, channels), x)
    check_epilogue(bias, activation, tf32, channels, x)
    y = empty((n, -(-h // stride), -(-wd // stride), channels), x.dtype)
    if winograd.applies(x.shape, w.shape, stride):
        parts = winograd.convolve(x, w, y, lambda part: _epilogue(part, bias, activation, moments))
        return (y, merge_moments(parts, x.dtype)) if moments else y
    before = (k - 1) // 2
    matrix = w.reshape(-1, channels)

    def piece(where):
        part = _patches(x, where, y.shape[2], (k, k), stride, (before, before)) @ matrix
        result = _epilogue(part, bias, activation, moments)
        images, rows = where
        y[images, rows] = part.reshape(y[images, rows].shape)
        return result

    parts = in_parallel(piece, _pieces(y.shape, k * k * c, x.itemsize))
    return (y, merge_moments(parts, y.dtype)) if moments else y


def conv2d_input_grad(dy, w, stride, size, bias, activation, moments, tf32):
    _check_image("dy", dy)
    k, channels = _check_kernel(w, dy)
    _check_stride(stride)
    h, wd = size
    c = w.shape[2]
    check_array("dy", dy, (None, -(-h // stride), -(-wd // stride), channels))
    check_epilogue(bias, activation, tf32, c, dy)
    dx = empty((len(dy), h, wd, c), dy.dtype)
    if winograd.applies(dx.shape, w.shape, stride):
        parts = winograd.convolve_back(dy, w, dx, lambda part: _epilogue(part, bias, activation, moments))
        return (dx, merge_moments(parts, dy.dtype)) if moments else dx
    before = (k - 1) // 2
    work = []
    for a in range(min(stride, h)):
        for b in range(min(stride, wd)):
            # Tap t of y[i] reads x[s i + t - before]; so x[a + s m] meets the taps t = r + s u in y[m + q - u].
            (q, r), (q2, r2) = divmod(a + before, stride), divmod(b + before, stride)
            taps = w[r::stride, r2::stride][::-1, ::-1]
            sides = taps.shape[:2]
            matrix = np.ascontiguousarray(taps.transpose(0, 1, 3, 2)).reshape(-1, c)
            phase = dx[:, a::stride, b::stride]
            begin = sides[0] - 1 - q, sides[1] - 1 - q2
            work += [(where, phase, matrix, sides, begin) for where in _pieces(phase.shape, len(matrix), dy.itemsize)]

    def piece(item):
        where, phase, matrix, sides, begin = item
        part = _patches(dy, where, phase.shape[2], sides, 1, begin) @ matrix
        result = _epilogue(part, bias, activation, moments)
        images, rows = where
        phase[images, rows] = part.reshape(phase[images, rows].shape)
        return result

    parts = in_parallel(piece, work)
    return (dx, merge_moments(parts, dx.dtype)) if moments else dx


def conv2d_weight_grad(x, dy, dw, stride, weight, tf32):
    n, h, wd, c = _check_image("x", x)
    k, channels = _check_kernel(dw, x)
    _check_stride(stride)
    check_array("dy", dy, (n, -(-h // stride), -(-wd // stride), channels), x)
    check_array("dw", dw, (k, k, c, channels), x)
    check_precision(tf32)
    if not weight:
        return
    if winograd.applies(x.shape, dw.shape, stride):
        winograd.add_weight_gradient(x, dy, dw, weight)
        return
    before = (k - 1) // 2

    def share(pieces):
        total = np.zeros((k * k * c, channels), x.dtype)
        for images, rows in pieces:
            patches = _patches(x, (images, rows), dy.shape[2], (k, k), stride, (before, before))
            total += patches.T @ dy[images, rows].reshape(-1, channels)
        return total

    pieces = _pieces(dy.shape, k * k * c, x.itemsize)
    each = -(-len(pieces) // cores())
    for total in in_parallel(share, [pieces[i:i + each] for i in range(0, len(pieces), each)]):
        total *= dw.dtype.type(weight)
        dw += total.reshape(dw.shape)


def _pieces(shape, depth, itemsize):
    """Slices (images, rows) that cover an output of `shape`, with at most about _PATCH_BYTES of patches of `depth` each."""
    n, h, wd, _ = shape
    rows = max(1, _PATCH_BYTES // max(1, wd * depth * itemsize))
    images = max(1, rows // h)
    return [(slice(i, min(i + images, n)), slice(j, min(j + rows, h)))
            for i in range(0, n, images) for j in range(0, h, rows)]


def _patches(x, where, width, sides, stride, begin):
    """im2col: the patches of x under the output rows `where`, a row for each output pixel.

    Output pixel (i, j) sees x from (i * stride - begin[0], j * stride - begin[1]) on, `sides` far; zeros beyond the edge.
    """
    images, rows = where
    n, r, c = images.stop - images.start, rows.stop - rows.start, x.shape[3]
    first, left = rows.start * stride - begin[0], -begin[1]
    box = np.zeros((n, (r - 1) * stride + sides[0], (width - 1) * stride + sides[1], c), x.dtype)
    from_h, from_w = _overlap(first, box.shape[1], x.shape[1]), _overlap(left, box.shape[2], x.shape[2])
    box[:, _moved(from_h, first), _moved(from_w, left)] = x[images, from_h, from_w]
    s0, s1, s2, s3 = box.strides
    windows = as_strided(box, (n, r, width, *sides, c), (s0, stride * s1, stride * s2, s1, s2, s3))
    return windows.reshape(n * r * width, sides[0] * sides[1] * c)


def _overlap(first, length, size):
    """The part of first .. first + length that lies in 0 .. size."""
    return slice(min(max(first, 0), size), max(0, min(first + length, size)))


def _moved(part, first):
    return slice(part.start - first, max(part.stop, part.start) - first)


def _epilogue(part, bias, activation, moments):
    """Bias and activation in place on rows (M, K) still in cache; their moments where asked for."""
    if bias is not None:
        part += bias
    activate(part, activation)
    return chunk_moments(part) if moments else None


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
