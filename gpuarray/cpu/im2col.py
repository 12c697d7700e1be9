"""Convolution by matrix products over patches (im2col), in cache-sized pieces of the output, on all cores.

A piece is some output rows of one image, or some whole images. Its patches are copied out of x into a matrix
and multiplied with the weights; the epilogue (bias, activation, moments) follows while the result is in
cache. Where the output has few channels, as in the last layer of a decoder, that product would have only
three columns. There every pixel is first multiplied with all taps, a product with 25 times as many columns,
and then the plane of each tap is shifted to its place and added.

All functions correlate:

    y[i, j] = sum over a, b of x[i * stride - begin + a, j * stride - begin + b] taps[a, b],   x = 0 outside.
"""
import numpy as np
from numpy.lib.stride_tricks import as_strided

from gpuarray.cpu.memory import empty, zeros
from gpuarray.cpu.blocking import spaced_rows
from gpuarray.cpu.threads import cores, in_chunks, in_parallel

_PATCH_BYTES = 1 << 20      # of a piece's patches
_FEW = 8                    # output channels up to which planes are the faster way


def correlate(x, taps, stride, begin, y, epilogue):
    """Fill y (N, Ho, Wo, K), which may be a strided view. taps (a, b, C, K); begin: rows, columns before x.

    epilogue(rows) is called on each piece, (M, K) and contiguous, before it is written. Returns its results,
    in order.
    """
    if stride == 1 and y.shape[3] <= _FEW < x.shape[3] and x.shape[:3] == y.shape[:3]:
        return _correlate_planes(x, taps, begin, y, epilogue)
    sides, channels = taps.shape[:2], taps.shape[3]
    matrix = taps.reshape(-1, channels)

    def piece(where):
        target = y[where]
        part = target if target.flags.c_contiguous else empty(target.shape, y.dtype)
        rows = part.reshape(-1, channels)
        np.matmul(_patches(x, where, y.shape[2], sides, stride, begin), matrix, out=rows)
        result = epilogue(rows)
        if part is not target:
            target[...] = part
        return result

    return in_parallel(piece, _pieces(y.shape, len(matrix) * x.itemsize))


def weight_gradient(x, dy, sides, stride, begin):
    """The gradient (a, b, C, K) of correlate to its taps."""
    if stride == 1 and dy.shape[3] < x.shape[3] and x.shape[:3] == dy.shape[:3]:
        # The same sum seen from the other side has fewer columns of patches.
        begin = sides[0] - 1 - begin[0], sides[1] - 1 - begin[1]
        return weight_gradient(dy, x, sides, 1, begin)[::-1, ::-1].transpose(0, 1, 3, 2)
    shape = *sides, x.shape[3], dy.shape[3]
    depth = sides[0] * sides[1] * x.shape[3]

    def share(pieces):
        total = zeros((depth, dy.shape[3]), x.dtype)
        for images, rows in pieces:
            patches = _patches(x, (images, rows), dy.shape[2], sides, stride, begin)
            total += patches.T @ dy[images, rows].reshape(-1, dy.shape[3])
        return total

    pieces = _pieces(dy.shape, depth * x.itemsize)
    each = -(-len(pieces) // cores())
    return sum(in_parallel(share, [pieces[i:i + each] for i in range(0, len(pieces), each)])).reshape(shape)


def _correlate_planes(x, taps, begin, y, epilogue):
    n, h, width, c = x.shape
    sides, channels = taps.shape[:2], taps.shape[3]
    matrix = np.ascontiguousarray(taps.transpose(0, 1, 3, 2)).reshape(-1, c)          # (a b K, C)

    def piece(images):
        part = x[images]
        planes = spaced_rows(len(matrix), (len(part) * h * width,), x.dtype)
        np.matmul(matrix, part.reshape(-1, c).T, out=planes)
        planes = planes.reshape(*sides, channels, len(part), h, width)
        lines = _shifted_sum(planes.swapaxes(0, 1), begin[1], 4)                      # (a, K, n, h, width)
        total = _shifted_sum(lines, begin[0], 2)                                      # (K, n, h, width)
        rows = np.ascontiguousarray(total.transpose(1, 2, 3, 0)).reshape(-1, channels)
        result = epilogue(rows)
        y[images] = rows.reshape(y[images].shape)
        return result

    return in_chunks(piece, n, max(1, _PATCH_BYTES // (len(matrix) * h * width * x.itemsize)))


def _shifted_sum(planes, begin, axis):
    """The sum over t of planes[t], shifted so that i + t - begin along `axis` comes to i; 0 where none is."""
    size = planes.shape[axis + 1]
    total = planes[begin].copy() if 0 <= begin < len(planes) else zeros(planes.shape[1:], planes.dtype)
    for t, plane in enumerate(planes):
        if t != begin:
            at = (slice(None),) * axis
            total[(*at, _overlap(begin - t, size))] += plane[(*at, _overlap(t - begin, size))]
    return total


def _pieces(shape, bytes_each):
    """Slices (images, rows) that cover an output of `shape`, with about _PATCH_BYTES of patches each."""
    n, h, width, _ = shape
    rows = max(1, _PATCH_BYTES // max(1, width * bytes_each))      # a phase that no tap meets has no patches
    images = max(1, rows // h)
    return [(slice(i, min(i + images, n)), slice(j, min(j + rows, h)))
            for i in range(0, n, images) for j in range(0, h, rows)]


def _patches(x, where, width, sides, stride, begin):
    """The patches of x under the output rows `where`, a row (a b C) for each output pixel."""
    images, rows = where
    n, r, c = images.stop - images.start, rows.stop - rows.start, x.shape[3]
    first, left = rows.start * stride - begin[0], -begin[1]
    box = zeros((n, (r - 1) * stride + sides[0], (width - 1) * stride + sides[1], c), x.dtype)
    inside = _overlap(first, x.shape[1], box.shape[1]), _overlap(left, x.shape[2], box.shape[2])
    at = [slice(part.start - start, part.stop - start) for part, start in zip(inside, (first, left))]
    box[:, at[0], at[1]] = x[images, inside[0], inside[1]]
    s0, s1, s2, s3 = box.strides
    shape = n, r, width, *sides, c
    patches = empty(shape, x.dtype)
    patches[...] = as_strided(box, shape, (s0, stride * s1, stride * s2, s1, s2, s3))
    return patches.reshape(n * r * width, sides[0] * sides[1] * c)


def _overlap(first, size, length=None):
    """The part of first .. first + length (default: size) that lies in 0 .. size: a slice, maybe empty."""
    start = min(max(first, 0), size)
    return slice(start, max(start, min(first + (size if length is None else length), size)))
