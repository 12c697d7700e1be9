"""The 5x5 convolution of stride 2 and its gradients in 2.8 to 3.3 times fewer multiplications.

Two steps. (1) Space to depth: pixel (2I + a, 2J + b) of x becomes phase (a, b) of block (I, J), which makes the 5x5
convolution of stride 2 over C channels a 3x3 convolution of stride 1 over 4C channels: tap t = 2u + a of the old kernel is
tap u of phase a of the new. (2) Winograd's minimal filtering F(4x4, 3x3) (Lavin & Gray 2016, section 4.1) on that: a tile
of 4x4 outputs needs 6x6 inputs d, and with the kernel g

    Y = A' [(G g G') * (B' d B)] A          ' transposed, * element by element; 36 products instead of 144.

Summed over channels, each of the 36 points is a matrix product over all tiles, and so is each transform: over a tile's
flattened 36 or 16 numbers it is the Kronecker product of its matrix with itself. The gradients are the same three steps:
to the weights G' [(B' d B) * (A dY A')] G, and to the input the convolution of dy with the kernel flipped and its channels
exchanged; reading tiles backwards and writing them backwards flips instead, so both directions share the points of w.

A kernel of 5 rows has no tap 5, so phases with a = 1 have only two taps, and at point 5 (the point at infinity, which sees
the last tap alone) their products are 0: they are left out, 16% of all. In float32 the result is about as exact as a sum in
another order: errors are some 1e-6 of the largest value (tests/gpuarray/test_winograd.py).
"""
import numpy as np
from numpy.lib.stride_tricks import as_strided

from gpuarray.cpu.memory import empty, zeros
from gpuarray.cpu.threads import cores, in_chunks, in_parallel

_B = np.array([[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0],
               [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]])
_G = np.array([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]) / 24
_A = np.array([[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]])

# Phases in an order, and points in an order, in which the products that are not 0 are slices.
_PHASES = (0, 1), (0, 0), (1, 0), (1, 1)
_ORDER = sorted(range(36), key=lambda point: (point % 6 == 5) * 2 + (point // 6 == 5))
_PRODUCTS = ((slice(0, 25), 0, 4), (slice(25, 30), 0, 2), (slice(30, 35), 1, 3), (slice(35, 36), 1, 2))

_TO_POINTS = np.kron(_B, _B)[_ORDER]               # 36 x 36, of an input tile
_WEIGHTS_TO_POINTS = np.kron(_G, _G)[_ORDER]       # 36 x 9
_FROM_POINTS = np.kron(_A, _A)[:, _ORDER]          # 16 x 36, to an output tile

_STRIP_BYTES = 1 << 20        # of tiles that are transformed at once, to stay in a core's cache
_COLUMNS = 1 << 13            # of weights that are transformed at once
_FEWEST_TILES = 64            # in a product,
_WEIGHTS_PER_TILE = 256       # and one more for so many weights, whose way into the cache has to pay


def applies(x_shape, w_shape, stride):
    """Whether these functions take this convolution, and are the faster way: whole tiles, and enough channels."""
    k, _, c, channels = w_shape
    return k == 5 and stride == 2 and x_shape[1] % 8 == x_shape[2] % 8 == 0 and min(c, channels) >= 16


def convolve(x, w, y, epilogue):
    """Fill y with the convolution, epilogue(rows) called on each finished piece; its results in order."""
    c, channels = w.shape[2:]
    weights = _weight_points(w)

    def piece(images):
        inputs = empty((36, _tiles(y[images]), 4 * c), x.dtype)
        sums = empty((36, _tiles(y[images]), channels), x.dtype)
        _transform(x[images], _gather_blocks, _TO_POINTS, inputs)
        for points, phases in _products(c):
            np.matmul(inputs[points, :, phases], weights[points, phases], out=sums[points])
        return _transform_back(sums, _FROM_POINTS, _scatter, y[images], epilogue)

    parts = in_chunks(piece, len(x), _images(y, c, channels))
    return [result for part in parts for result in part]


def convolve_back(dy, w, dx, epilogue):
    """Fill dx with the gradient to the input (the up-convolution of dy); epilogue as in convolve."""
    c, channels = w.shape[2:]
    weights = _weight_points(w)

    def piece(images):
        inputs = empty((36, _tiles(dy[images]), channels), dy.dtype)
        sums = empty((36, _tiles(dy[images]), 4 * c), dy.dtype)
        sums[25:] = 0
        _transform(dy[images], _gather_overlapping, _TO_POINTS[:, ::-1], inputs)
        for points, phases in _products(c):
            np.matmul(inputs[points], weights[points, phases].swapaxes(1, 2), out=sums[points, :, phases])
        return _transform_back(sums, _FROM_POINTS[::-1], _scatter_blocks, dx[images], epilogue)

    parts = in_chunks(piece, len(dy), _images(dy, c, channels))
    return [result for part in parts for result in part]


def weight_gradient(x, dy, *_):
    """The gradient (5, 5, C, K) to the weights: a group of images at a time, over which all cores share the points."""
    c, channels = x.shape[3], dy.shape[3]
    total = zeros((36, 4 * c, channels), x.dtype)
    each = _tiles(dy[:1])
    group = min(len(x), cores() * _images(dy, c, channels))
    inputs = empty((36, group * each, 4 * c), x.dtype)
    errors = empty((36, group * each, channels), x.dtype)
    for start in range(0, len(x), group):
        count = min(group, len(x) - start)

        def transform(images):
            at = slice(images.start * each, images.stop * each)
            _transform(x[start:][images], _gather_blocks, _TO_POINTS, inputs[:, at])
            _transform(dy[start:][images], _gather, _FROM_POINTS.T, errors[:, at])

        def multiply(item):
            point, phases = item
            total[point, phases] += inputs[point, :count * each, phases].T @ errors[point, :count * each]

        in_chunks(transform, count, -(-count // (2 * cores())))
        in_parallel(multiply, [(point, phases) for points, phases in _products(c) for point in range(36)[points]])
    taps = _product(_WEIGHTS_TO_POINTS.T, total.reshape(36, -1)).reshape(3, 3, 4, c, channels)
    dw = empty((5, 5, c, channels), x.dtype)
    for phase, (a, b) in enumerate(_PHASES):
        dw[a::2, b::2] = taps[:3 - a, :3 - b, phase]
    return dw


def _products(c):
    """(points, channels of the blocks) whose products are not 0."""
    return [(points, slice(first * c, last * c)) for points, first, last in _PRODUCTS]


def _tiles(y):
    """Number of 4x4 tiles in outputs y (n, h, w, K)."""
    return y.shape[0] * y.shape[1] * y.shape[2] // 16


def _images(y, c, channels):
    """How many images make one product: the more, the more weights have to come to the cache for it."""
    tiles = max(_FEWEST_TILES, 4 * c * channels // _WEIGHTS_PER_TILE)
    return max(1, min(tiles // _tiles(y[:1]), -(-len(y) // cores())))


def _weight_points(w):
    """w (5, 5, C, K) -> (36, 4C, K)."""
    c, channels = w.shape[2:]
    taps = zeros((3, 3, 4, c, channels), w.dtype)
    for phase, (a, b) in enumerate(_PHASES):
        taps[:3 - a, :3 - b, phase] = w[a::2, b::2]
    return _product(_WEIGHTS_TO_POINTS, taps.reshape(9, -1)).reshape(36, 4 * c, channels)


def _product(matrix, columns):
    """A small matrix times many columns, which the cores share."""
    out = empty((len(matrix), columns.shape[1]), columns.dtype)
    matrix = matrix.astype(columns.dtype)
    in_chunks(lambda part: np.matmul(matrix, columns[:, part], out=out[:, part]), columns.shape[1], _COLUMNS)
    return out


def _transform(images, gather, matrix, points):
    """points (36, T, C) = matrix times the gathered tiles of the images, a strip that stays in cache at a time."""
    points = points.reshape(36, -1)
    matrix = matrix.astype(images.dtype)
    width = points.shape[1] // len(images)
    for strip in _strips(len(images), len(matrix[0]) * width * images.itemsize):
        np.matmul(matrix, gather(images[strip]), out=points[:, strip.start * width:strip.stop * width])


def _transform_back(points, matrix, scatter, images, epilogue):
    """Fill images with scattered matrix times points (36, T, C), a strip at a time; results of epilogue(rows) in order."""
    points = points.reshape(36, -1)
    matrix = matrix.astype(images.dtype)
    width = points.shape[1] // len(images)
    results = []
    for strip in _strips(len(images), 36 * width * images.itemsize):
        part = images[strip]
        scatter(matrix @ points[:, strip.start * width:strip.stop * width], part)
        results.append(epilogue(part.reshape(-1, part.shape[3])))
    return results


def _strips(n, bytes_each):
    """0 .. n in slices of about _STRIP_BYTES."""
    size = max(1, _STRIP_BYTES // bytes_each)
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]


def _tiles_of(y):
    """y (n, h, w, K) seen as (4, 4, n, h/4, w/4, K)."""
    n, h, width, channels = y.shape
    return y.reshape(n, h // 4, 4, width // 4, 4, channels).transpose(2, 4, 0, 1, 3, 5)


def _gather(dy):
    """dy (n, h, w, K) -> (16, T * K): tiles of 4x4."""
    return np.ascontiguousarray(_tiles_of(dy)).reshape(16, -1)


def _scatter(tiles, y):
    """_gather turned round."""
    view = _tiles_of(y)
    view[...] = tiles.reshape(view.shape)


def _gather_overlapping(dy):
    """dy (n, h, w, K) -> (36, T * K): tiles of 6x6, one pixel of zeros around the image."""
    n, h, width, channels = dy.shape
    padded = zeros((n, h + 2, width + 2, channels), dy.dtype)
    padded[:, 1:-1, 1:-1] = dy
    return _windows(padded)


def _gather_blocks(x):
    """x (n, 2h, 2w, C) -> (36, T * 4C): tiles of 6x6 blocks of 2x2 pixels, one block of zeros around the image."""
    n, h, width, c = x.shape
    blocks = zeros((n, h // 2 + 2, width // 2 + 2, 4, c), x.dtype)
    for phase, (a, b) in enumerate(_PHASES):
        blocks[:, 1:-1, 1:-1, phase] = x[:, a::2, b::2]
    return _windows(blocks.reshape(*blocks.shape[:3], 4 * c))


def _scatter_blocks(tiles, dx):
    """Blocks (16, T * 4C) of 4x4-block tiles to the pixels of dx (n, 2h, 2w, C)."""
    n, h, width, c = dx.shape
    tiles = tiles.reshape(4, 4, n, h // 8, width // 8, 4, c)
    pixels = dx.reshape(n, h // 8, 4, 2, width // 8, 4, 2, c)       # tile, block in it, pixel in that; twice
    for phase, (a, b) in enumerate(_PHASES):
        pixels[:, :, :, a, :, :, b] = tiles[..., phase, :].transpose(2, 3, 0, 4, 1, 5)


def _windows(padded):
    """padded (n, h + 2, w + 2, C) -> (36, T * C): its 6x6 windows, 4 apart."""
    n, h, width, c = padded.shape
    s0, s1, s2, s3 = padded.strides
    shape = 6, 6, n, (h - 2) // 4, (width - 2) // 4, c
    tiles = empty(shape, padded.dtype)
    tiles[...] = as_strided(padded, shape, (s1, s2, s0, 4 * s1, 4 * s2, s3))
    return tiles.reshape(36, -1)
