"""The 5x5 convolution of stride 2 and its gradients in 3.2 times fewer multiplications.

(1) Space to depth: pixel (2I + a, 2J + b) of x becomes phase (a, b) of block (I, J). The 5x5 convolution of
stride 2 over C channels is now a 3x3 convolution of stride 1 over 4C channels: tap t = 2u + a of the old
kernel is tap u of phase a of the new. (2) Winograd's minimal filtering F(4x4, 3x3) (Lavin & Gray 2016,
section 4.1): a tile of 4x4 outputs needs 6x6 inputs d, and with the kernel g

    Y = A' [(G g G') * (B' d B)] A          ' transposed, * element by element; 36 products instead of 144.

Summed over channels, each of the 36 points is a matrix product over all tiles. A transform is a matrix
product too: a tile's 36 or 16 numbers, flattened, times the Kronecker product of its matrix with itself.
The gradients take the same three steps. To the weights: G' [(B' d B) * (A dY A')] G. To the input: the
convolution of dy with the kernel flipped and its channels exchanged; tiles are read and written backwards
instead of flipping the kernel, so both directions use the same points of w.

A kernel of 5 rows has no tap 5, so phases with a = 1 have only two taps. At point 5, the point at infinity,
only the last tap counts, so their products are 0; most of these are left out, 12% of all products. In float32
the relative error is 1e-6 to 2e-6 (root mean square), that of patches 4e-7 (tests/gpuarray/test_winograd.py).
"""
import numpy as np
from numpy.lib.stride_tricks import as_strided

from gpuarray.cpu.memory import empty, zeros
from gpuarray.cpu.blocking import spaced_rows
from gpuarray.cpu.threads import cores, in_chunks, in_parallel

# Toom-Cook: polynomials are multiplied by their values at six points, the last one infinity; the filter is
# the transpose of that. Points of sizes about 1 keep rounding small (Barabasz et al. 2020); these halve the
# error of 0, 1, -1, 2, -2.
_POINTS = 0, 3 / 4, -3 / 4, 3 / 2, -3 / 2


def _powers(count):
    """(6, count): the values of 1, p, p^2, ... at the points; at infinity, the highest coefficient."""
    return np.vstack([np.power.outer(_POINTS, np.arange(count)), np.eye(count)[-1]])


_A, _G, _B = _powers(4).T, _powers(3), np.linalg.inv(_powers(6)).T       # A', G and B' above

# The points, sorted so that those with products of 0 come together; (points, phases with other products).
_ORDER = sorted(range(36), key=lambda point: (point % 6 == 5) * 2 + (point // 6 == 5))
_PRODUCTS = (slice(0, 25), 4), (slice(25, 30), 2), (slice(30, 35), 3), (slice(35, 36), 1)

_TO_POINTS = np.kron(_B, _B)[_ORDER]               # 36 x 36, of an input tile
_WEIGHTS_TO_POINTS = np.kron(_G, _G)[_ORDER]       # 36 x 9
_FROM_POINTS = np.kron(_A, _A)[:, _ORDER]          # 16 x 36, to an output tile

# Measured on a core with 2 MiB of cache.
_STRIP_BYTES = 1 << 20        # of tiles that are transformed at once
_FEWEST_TILES = 64            # in a product,
_WEIGHTS_PER_TILE = 256       # and at least one for so many weights, so that loading these into cache pays
_GROUP_TILES = 512            # at least, whose gradients to the weights are summed in one product
_COLUMNS = 1 << 13            # of weights that are transformed at once


def applies(x_shape, w_shape, stride):
    """Whether these functions can compute this convolution (whole tiles) and are faster (enough channels)."""
    k, _, c, channels = w_shape
    return k == 5 and stride == 2 and x_shape[1] % 8 == x_shape[2] % 8 == 0 and min(c, channels) >= 16


def convolve(x, w, y, epilogue):
    """Fill y with the convolution, epilogue(rows) called on each finished piece; its results in order."""
    c, channels = w.shape[2:]
    weights = _weight_points(w)

    def piece(images):
        part = y[images]
        inputs = spaced_rows(36, (_tiles(part), 4 * c), x.dtype)
        sums = spaced_rows(36, (_tiles(part), channels), x.dtype)
        _transform(x[images], _overlapping_tiles, 2, _TO_POINTS, inputs)
        for points, phases in _PRODUCTS:
            np.matmul(inputs[points, :, :phases * c], weights[points, :phases * c], out=sums[points])
        return _inverse_transform(sums, _FROM_POINTS, part, 1, epilogue)

    parts = in_chunks(piece, len(x), _images(y, c, channels))
    return [result for part in parts for result in part]


def input_gradient(dy, w, dx, epilogue):
    """Fill dx with the gradient to the input (the up-convolution of dy); epilogue as in convolve."""
    c, channels = w.shape[2:]
    weights = _weight_points(w)

    def piece(images):
        part = dy[images]
        inputs = spaced_rows(36, (_tiles(part), channels), dy.dtype)
        sums = spaced_rows(36, (_tiles(part), 4 * c), dy.dtype)
        _transform(part, _overlapping_tiles, 1, _TO_POINTS[:, ::-1], inputs)
        for points, phases in _PRODUCTS:
            np.matmul(inputs[points], weights[points, :phases * c].swapaxes(1, 2),
                      out=sums[points, :, :phases * c])
            sums[points, :, phases * c:] = 0
        return _inverse_transform(sums, _FROM_POINTS[::-1], dx[images], 2, epilogue)

    parts = in_chunks(piece, len(dy), _images(dy, c, channels))
    return [result for part in parts for result in part]


def weight_gradient(x, dy):
    """The gradient (5, 5, C, K) to the weights, a group of images at a time; the cores share the points."""
    c, channels = x.shape[3], dy.shape[3]
    each = _tiles(dy[:1])
    group = min(len(x), max(_GROUP_TILES // each, cores() * _images(dy, c, channels)))
    inputs = spaced_rows(36, (group * each, 4 * c), x.dtype)
    errors = spaced_rows(36, (group * each, channels), x.dtype)
    total = spaced_rows(36, (4 * c, channels), x.dtype)
    total[...] = 0
    for start in range(0, len(x), group):
        count = min(group, len(x) - start)

        def transform(images):
            at = slice(images.start * each, images.stop * each)
            _transform(x[start:][images], _overlapping_tiles, 2, _TO_POINTS, inputs[:, at])
            _transform(dy[start:][images], _plain_tiles, 1, _FROM_POINTS.T, errors[:, at])

        def multiply(item):
            point, depth = item
            total[point, :depth] += inputs[point, :count * each, :depth].T @ errors[point, :count * each]

        in_chunks(transform, count, -(-count // (2 * cores())))
        in_parallel(multiply,
                    [(point, phases * c) for points, phases in _PRODUCTS for point in range(36)[points]])
    taps = _product(_WEIGHTS_TO_POINTS.T, total.reshape(36, -1)).reshape(3, 3, 2, 2, c, channels)
    return np.ascontiguousarray(taps.transpose(0, 2, 1, 3, 4, 5).reshape(6, 6, c, channels)[:5, :5])


def _weight_points(w):
    """w (5, 5, C, K) -> (36, 4C, K)."""
    c, channels = w.shape[2:]
    padded = zeros((6, 6, c, channels), w.dtype)
    padded[:5, :5] = w
    taps = padded.reshape(3, 2, 3, 2, c, channels).transpose(0, 2, 1, 3, 4, 5)      # (u, v, a, b, C, K)
    return _product(_WEIGHTS_TO_POINTS, taps.reshape(9, -1)).reshape(36, 4 * c, channels)


def _product(matrix, columns):
    """A small matrix times many columns, which the cores share."""
    out = spaced_rows(len(matrix), columns.shape[1:], columns.dtype)
    matrix = matrix.astype(columns.dtype)
    in_chunks(lambda part: np.matmul(matrix, columns[:, part], out=out[:, part]), columns.shape[1], _COLUMNS)
    return out


def _copy_rows(array):
    """array (a, b, ...) -> (a b, rest), a copy in rows."""
    rows = spaced_rows(array.shape[0] * array.shape[1], array.shape[2:], array.dtype)
    rows.reshape(array.shape)[...] = array
    return rows.reshape(len(rows), -1)


def _tiles(y):
    """Number of 4x4 tiles in outputs y (n, h, w, K)."""
    return y.shape[0] * y.shape[1] * y.shape[2] // 16


def _images(y, c, channels):
    """How many images make one product, at most a core's share."""
    tiles = max(_FEWEST_TILES, 4 * c * channels // _WEIGHTS_PER_TILE)
    return max(1, min(tiles // _tiles(y[:1]), -(-len(y) // cores())))


def _transform(images, tiles_of, block, matrix, points):
    """points (36, T, C) = matrix times tiles_of(images, block), a strip of images in cache at a time."""
    points = points.reshape(36, -1)
    matrix = matrix.astype(images.dtype)
    width = points.shape[1] // len(images)
    for strip in _strips(len(images), len(matrix[0]) * width * images.itemsize):
        np.matmul(matrix, tiles_of(images[strip], block),
                  out=points[:, strip.start * width:strip.stop * width])


def _inverse_transform(points, matrix, images, block, epilogue):
    """Fill images with the tiles matrix times points (36, T, C), a strip at a time; epilogue's results."""
    points = points.reshape(36, -1)
    matrix = matrix.astype(images.dtype)
    width = points.shape[1] // len(images)
    results = []
    for strip in _strips(len(images), 36 * width * images.itemsize):
        part = images[strip]
        target = _split(part, block).transpose(2, 5, 0, 1, 4, 3, 6)
        tiles = spaced_rows(16, (width * len(part),), part.dtype)
        np.matmul(matrix, points[:, strip.start * width:strip.stop * width], out=tiles)
        target[...] = tiles.reshape(target.shape)
        results.append(epilogue(part.reshape(-1, part.shape[3])))
    return results


def _strips(n, bytes_each):
    """0 .. n in slices of about _STRIP_BYTES."""
    size = max(1, _STRIP_BYTES // bytes_each)
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]


def _split(images, block):
    """images (n, H, W, C) as (n, H/4b, 4, b, W/4b, 4, b C): tile, block, row, for both sides."""
    n, h, width, c = images.shape
    return images.reshape(n, h // (4 * block), 4, block, width // (4 * block), 4, block * c)


def _plain_tiles(images, block):
    """images (n, H, W, C) -> (16, T * b b C): their tiles of 4x4 blocks."""
    return _copy_rows(_split(images, block).transpose(2, 5, 0, 1, 4, 3, 6))


def _overlapping_tiles(images, block):
    """images (n, H, W, C), framed by blocks of zeros -> (36, T * b b C): tiles of 6x6 blocks, 4 apart."""
    n, h, width, c = images.shape
    framed = empty((n, h + 2 * block, width + 2 * block, c), images.dtype)
    framed[:, :block] = framed[:, -block:] = framed[:, :, :block] = framed[:, :, -block:] = 0
    framed[:, block:-block, block:-block] = images
    s0, s1, s2, s3 = framed.strides
    shape = 6, 6, n, h // (4 * block), width // (4 * block), block, block * c
    windows = as_strided(framed, shape, (block * s1, block * s2, s0, 4 * block * s1, 4 * block * s2, s1, s3))
    return _copy_rows(windows)
