"""Launchers of the convolutions, conv_*.cu."""
import numpy as np

from gpuarray.cuda.cast import cast
from gpuarray.cuda.layout import ELEMENT_TYPES, ceil_div, flat_grid, merge_grid
from gpuarray.cuda.runtime import empty, is_aligned, launch, runtime_of
from gpuarray.cuda.tiles import FINISH_THREADS, FINISH_TILE, plan_product

ACTIVATIONS = {"linear": 0, "relu": 1, "tanh": 2}     # enum Activation in common.cuh
_NARROW = 4                                           # channels that conv_narrow.cu ends in, at most
_NARROW_TILE, _NARROW_THREADS = 32, 128               # pixels along a side of its tile; its threads

# Do the arrays of a product's operands A and B run along its depth?
ALONG_DEPTH = {"conv_forward": (True, False), "conv_input_grad": (True, True),
               "conv_weight_grad": (False, False)}


def conv2d(x, w, stride, bias, activation, moments, tf32):
    (n, h, width, c), (side, _, _, k) = x.shape, w.shape
    if _is_narrow(side, stride, k, moments):
        return _narrow(x, w, k, (side - 1) // 2, False, bias, activation)
    w = cast(w, x.dtype.name)
    p, q = ceil_div(h, stride), ceil_div(width, stride)
    chunks = _in_chunks(c, x), _in_chunks(k, w)
    plan = plan_product(_precision(x, tf32), n * p * q, k, side * side * _padded(c, chunks[0]),
                        in_chunks=all(chunks))
    return _activations("conv_forward", plan, chunks, (x, w), (n, p, q, k),
                        (n, h, width, c, p, q, k, side, stride), bias, activation, moments)


def conv2d_input_grad(dy, w, stride, size, bias, activation, moments, tf32):
    (n, p, q, k), (side, _, c, _), (h, width) = dy.shape, w.shape, size
    if _is_narrow(side, stride, c, moments):
        return _narrow(dy, w, c, side // 2, True, bias, activation)
    w = cast(w, dy.dtype.name)
    chunks = (_in_chunks(k, dy, w),) * 2
    taps = ceil_div(side, stride) ** 2          # of the phase that has most; it has as many pixels as dy
    plan = plan_product(_precision(dy, tf32), n * p * q, c, taps * _padded(k, chunks[0]),
                        phases=stride * stride,
                        in_chunks=all(chunks))
    return _activations("conv_input_grad", plan, chunks, (dy, w), (n, h, width, c),
                        (n, h, width, c, p, q, k, side, stride), bias, activation, moments)


def conv2d_weight_grad(x, dy, dw, stride, weight, tf32):
    """With a narrow dy the product would be mostly padding, and would read x once for every tap. At stride 1
    a shift of x against dy is one of dy against x: the two change places, and few columns become few rows."""
    if weight == 0:
        return
    (n, h, width, c), (_, p, q, k), side = x.shape, dy.shape, len(dw)
    before = (side - 1) // 2
    swap = stride == 1 and k <= _NARROW < c
    if swap:
        x, dy, c, k, before = dy, x, k, c, side - 1 - before
    chunks = _in_chunks(c, x), _in_chunks(k, dy)
    plan = plan_product(_precision(x, tf32), side * side * _padded(c, chunks[0]), k, n * p * q,
                        in_chunks=all(chunks))
    parts = empty((plan.parts, dw.size), np.float32, dw) if plan.parts > 1 or swap else None
    whole = _whole_quads(k, None if swap else dw)
    _launch_product("conv_weight_grad", plan, chunks, (
        x, dy, dw, parts, *_int32(n, h, width, c, p, q, k, side, stride, before), np.float32(weight), whole))
    if swap:
        launch(x, "conv_finish.cu", "finish_swapped", *flat_grid(dw.size),
               (parts, dw, *_int32(plan.parts, side * side, k, c), np.float32(weight)), defines=_element(x))
    elif parts is not None:
        _launch_finish("finish_gradient", x, (parts, dw), (plan.parts, dw.size // k, k),
                       (np.float32(weight), whole))


def _activations(kernel, plan, chunks, operands, shape, sizes, bias, activation, moments):
    """The activations of `shape` that a product ends in; with moments=True also their (mean, var)."""
    x, cols = operands[0], shape[-1]
    y = empty(shape, x.dtype, x)
    rows = y.size // cols
    scalars = np.int32(ACTIVATIONS[activation]), _whole_quads(cols, bias)
    tiles = plan.tiles_down * plan.phases if plan.parts == 1 else ceil_div(rows, FINISH_TILE[0])
    # What write_activations (epilogue.cuh) leaves of each tile, and merge_moments (conv_finish.cu) takes.
    tile_moments = empty((tiles, 2 * cols + 1), np.float32, x) if moments else None
    if plan.parts == 1:
        _launch_product(kernel, plan, chunks,
                        (*operands, bias, y, None, tile_moments, *_int32(*sizes), *scalars))
    else:
        parts = empty((plan.parts, *shape), np.float32, x)
        _launch_product(kernel, plan, chunks, (*operands, None, y, parts, None, *_int32(*sizes), *scalars))
        _launch_finish("finish_activations", x, (parts, bias, y, tile_moments), (plan.parts, rows, cols),
                       scalars)
    if not moments:
        return y
    mean, var = empty((cols,), np.float32, x), empty((cols,), np.float32, x)
    launch(x, "conv_finish.cu", "merge_moments", *merge_grid(cols),
           (tile_moments, mean, var, *_int32(tiles, cols)), defines=_element(x))
    return y, (mean, var)


def _is_narrow(side, stride, cols, moments):
    """Is this for conv_narrow.cu?"""
    return stride == 1 and cols <= _NARROW and 2 <= side <= 5 and not moments


def _narrow(x, w, cols, before, flipped, bias, activation):
    n, h, width, c = x.shape
    y = empty((n, h, width, cols), x.dtype, x)
    blocks = n * ceil_div(h, _NARROW_TILE) * ceil_div(width, _NARROW_TILE)
    launch(x, "conv_narrow.cu", "conv_narrow", (blocks,), (_NARROW_THREADS,),
           (x, w, bias, y, *_int32(h, width, c, before), np.bool_(flipped), np.int32(ACTIVATIONS[activation]),
            _whole_quads(c, x)), defines=(*_element(x), ("SIDE", len(w)), ("OUT", cols)))
    return y


def _launch_product(kernel, plan, chunks, args):
    x = args[0]
    operands = x.dtype.itemsize, *ALONG_DEPTH[kernel]
    tile = plan.tile.fitting(runtime_of(x).capability, *operands)
    in_chunks = ("A_IN_CHUNKS", int(chunks[0])), ("B_IN_CHUNKS", int(chunks[1]))
    launch(x, f"{kernel}.cu", kernel, plan.grid, (tile.threads,), args, shared=tile.shared_bytes(*operands),
           defines=(("PRECISION", plan.precision), *tile.defines(), *in_chunks))


def _launch_finish(kernel, x, arrays, sizes, scalars):
    _, rows, cols = sizes
    blocks = ceil_div(rows, FINISH_TILE[0]) * ceil_div(cols, FINISH_TILE[1])
    launch(x, "conv_finish.cu", kernel, (blocks,), (FINISH_THREADS,), (*arrays, *_int32(*sizes), *scalars),
           defines=_element(x))


def _precision(x, tf32):
    """How products with x are computed: a name in tile.cuh."""
    if x.dtype.name == "bfloat16":
        return "BF16"
    return "TF32" if tf32 else "FP32"


def _in_chunks(channels, *arrays):
    """Can lines of so many channels be copied 16 bytes at a time?"""
    return channels * arrays[0].dtype.itemsize % 16 == 0 and all(map(is_aligned, arrays))


def _padded(channels, in_chunks):               # as in tile.cuh
    return channels if in_chunks else ceil_div(channels, 4) * 4


def _whole_quads(cols, array):
    """Can lines of so many columns be read and written four at a time?"""
    return np.bool_(cols % 4 == 0 and (array is None or is_aligned(array)))


def _element(x):
    return (("ELEMENT", ELEMENT_TYPES[x.dtype.name]),)


def _int32(*sizes):
    return tuple(np.int32(size) for size in sizes)
