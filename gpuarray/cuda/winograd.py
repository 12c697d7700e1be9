"""Launchers of winograd_*.cu: the 5x5 convolution of stride 2 and its gradients in 3.3 times fewer products.

Images go through in groups whose points fit the workspace.
"""
import numpy as np

from gpuarray.cuda.layout import ceil_div, flat_grid
from gpuarray.cuda.products import int32, launch_product
from gpuarray.cuda.runtime import empty, launch
from gpuarray.cuda.tiles import WINOGRAD, WORKSPACE, Operand, plan_product

# Numbers that a tile and channel have at the points (winograd.cuh): of x, w and dx; of dy and y.
_PHASED, _PLAIN = 121, 36
# Which side of the products has the phases of x, forward and in the gradients to the input and the weights;
# and do the lines of their operands run along the depth?
ALONG_DEPTH = {"DEPTH": (True, False), "COLS": (True, True), "ROWS": (False, False)}
# By the sums and the rates in winograd.cuh, memory takes back 11 / C + 38 / K + 33 / tiles of what fewer
# multiplications save. Those below would leave less than a tenth, if anything.
_LEAST_CHANNELS = 32, 128                            # C, K
_LEAST_TILES = 128


def applies(precision, x_shape, w_shape, stride):
    """Are convolutions of x (N, H, W, C) with w (5, 5, C, K), and their gradients, computed here?

    In float32, at stride 2, where images have whole tiles, where channels and tiles are enough for what is
    saved, and where the points of an image, and of the weights, fit the workspace.
    """
    (n, h, width, c), (side, _, _, k) = x_shape, w_shape
    whole = h % 8 == width % 8 == c % 4 == k % 4 == 0
    enough = c >= _LEAST_CHANNELS[0] and k >= _LEAST_CHANNELS[1] and n * _tiles(h, width) >= _LEAST_TILES
    fit = max(_points(h, width, c, k), _PHASED * c * k) <= WORKSPACE
    return precision == "FP32" and side == 5 and stride == 2 and whole and enough and fit


def convolve(x, w, epilogue):
    n, h, width, _ = x.shape
    y = empty((n, h // 2, width // 2, w.shape[3]), x.dtype, x)
    return _result("DEPTH", x, w, y, _groups(x.shape, w.shape), epilogue)


def input_gradient(dy, w, size, epilogue):
    dx = empty((len(dy), *size, w.shape[2]), dy.dtype, dy)
    return _result("COLS", dy, w, dx, _groups(dx.shape, w.shape), epilogue)


def weight_gradient(x, dy, dw, weight):
    c, k = dw.shape[2:]
    for images in _groups(x.shape, dw.shape):
        a, b = _points_of(x[images], "winograd_windows", 2), _points_of(dy[images], "winograd_tiles", 1)
        splits, sums = _product("ROWS", a, b, c, k, a.shape[1])
        launch(x, "winograd_result.cu", "winograd_gradient", *flat_grid(4 * c * k),
               (sums, dw, *int32(splits, c * k), np.float32(weight)), defines=_defines(2))


def _result(phased, x, w, y, groups, epilogue):
    """Fill y with the convolution of x (phased: DEPTH), or the gradient dx with that of dy (COLS)."""
    c, k = w.shape[2:]
    block, cols, depth = (1, k, c) if phased == "DEPTH" else (2, c, k)           # block: of y
    weights = empty((_PHASED, c, k), np.float32, x)
    launch(x, "winograd_points.cu", "winograd_weights", *flat_grid(4 * c * k), (w, weights, *int32(c * k)),
           defines=_defines(2))
    _, h, width, _ = y.shape
    down = [ceil_div(y[images].size // cols, WINOGRAD["TILE_ROWS"]) for images in groups]
    across, tiles = ceil_div(cols, WINOGRAD["TILE_COLS"]), sum(down)
    of_tiles = epilogue.of_tiles(tiles, cols, x)
    for number, images in enumerate(groups):
        points = _points_of(x[images], "winograd_windows", 3 - block)
        rows = points.shape[1]
        splits, sums = _product(phased, points, weights, rows, cols, depth)
        launch(x, "winograd_result.cu", "winograd_result", (down[number] * across,), (WINOGRAD["THREADS"],),
               (sums, epilogue.bias, y[images], of_tiles, *epilogue.normalised(images),
                *int32(splits, h, width, cols, rows, sum(down[:number]), tiles), *epilogue.scalars(cols)),
               shared=WINOGRAD["TILE_ROWS"] * WINOGRAD["SUMS_PITCH"] * 4, defines=_defines(block))
    return epilogue.result(y, of_tiles)


def _points_of(images, kernel, block):
    """The points (121 of x, or 36 of dy, tiles, channels) of images (N, H, W, C)."""
    n, h, width, c = images.shape
    tiles = n * h * width // (16 * block ** 2)
    points = empty((_PHASED if block == 2 else _PLAIN, tiles, c), np.float32, images)
    launch(images, "winograd_points.cu", kernel, *flat_grid(tiles * block ** 2 * c),
           (images, points, *int32(h, width, c, tiles)), defines=_defines(block))
    return points


def _product(phased, a, b, rows, cols, depth):
    """(splits, the sums of each split), of 36 products. Planned as if all had four phases."""
    operands = (Operand(4, along_depth) for along_depth in ALONG_DEPTH[phased])
    sides = ("ROWS", rows), ("COLS", cols), ("DEPTH", depth)
    plan = plan_product("FP32", *operands, *(size * (4 if side == phased else 1) for side, size in sides),
                        phases=_PLAIN)
    points = _PLAIN if phased == "DEPTH" else _PHASED
    sums = empty((plan.splits, points, rows, cols), np.float32, a)
    launch_product("winograd_product", plan, (a, b, sums, *int32(rows, cols, depth)), [("PHASED", phased)])
    return plan.splits, sums


def _groups(x_shape, w_shape):
    """Slices of the batch, as few and even as they can be, whose points fit the workspace."""
    (n, h, width, c), k = x_shape, w_shape[3]
    most = WORKSPACE // _points(h, width, c, k)
    size = ceil_div(n, ceil_div(n, most))
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]


def _tiles(h, width):
    """Of an image."""
    return h * width // 64


def _points(h, width, c, k):
    """Numbers at the points of an image of x and of dy."""
    return _tiles(h, width) * (_PHASED * c + _PLAIN * k)


def _defines(block):
    return ("BLOCK", block), *WINOGRAD.items()
