"""Launchers of the convolutions: conv_forward.cu, conv_input_grad.cu, conv_weight_grad.cu and conv_finish.cu."""
import numpy as np

from gpuarray.cuda.checks import check_arrays, check_capability, check_choice, check_range
from gpuarray.cuda.layout import ELEMENT_TYPES, ceil_div, flat_grid, merge_grid
from gpuarray.cuda.runtime import empty, is_aligned, launch
from gpuarray.cuda.tiles import FINISH_THREADS, FINISH_TILE, plan_product

ACTIVATIONS = {"linear": 0, "relu": 1, "tanh": 2}     # enum Activation in common.cuh
_MOST_STRIDE = 255                                    # stride * stride phases lie along an axis of the grid


def conv2d(x, w, stride, bias, activation, moments, tf32):
    check_choice("conv2d", "activation", activation, ACTIVATIONS)
    check_range("conv2d", "stride", stride, 1, _MOST_STRIDE)
    check_arrays("conv2d", x=(x, "N H W C", "T"), w=(w, "k k C K", "float32"), bias=(bias, "K", "float32"))
    return forward(x, w, stride, bias, activation, moments, precision_of("conv2d", x, tf32))


def conv2d_input_grad(dy, w, stride, size, bias, activation, moments, tf32):
    check_choice("conv2d_input_grad", "activation", activation, ACTIVATIONS)
    check_range("conv2d_input_grad", "stride", stride, 1, _MOST_STRIDE)
    height, width = (check_range("conv2d_input_grad", "size", side, 1) for side in size)
    check_arrays("conv2d_input_grad", dy=(dy, f"N {ceil_div(height, stride)} {ceil_div(width, stride)} K", "T"),
                 w=(w, "k k C K", "float32"), bias=(bias, "C", "float32"))
    return input_grad(dy, w, stride, (height, width), bias, activation, moments, precision_of("conv2d_input_grad", dy, tf32))


def conv2d_weight_grad(x, dy, dw, stride, weight, tf32):
    check_range("conv2d_weight_grad", "stride", stride, 1, _MOST_STRIDE)
    axes = check_arrays("conv2d_weight_grad", x=(x, "N H W C", "T"), dw=(dw, "k k C K", "float32"))
    check_arrays("conv2d_weight_grad", axes, dy=(dy, f"N {ceil_div(axes.H, stride)} {ceil_div(axes.W, stride)} K", "T"))
    weight_grad(x, dy, dw, stride, weight, precision_of("conv2d_weight_grad", x, tf32))


def precision_of(operation, x, tf32):
    """How the products of x are computed, a name in tile.cuh. Raises ArgumentError where the card cannot."""
    if x.dtype.name == "float32" and not tf32:
        return "FP32"
    precision = "TF32" if x.dtype.name == "float32" else "BF16"
    check_capability(operation, x, (8, 0), precision.lower())
    return precision


# ---- without checks, and for dense layers too: those are convolutions of images of one pixel

def forward(x, w, stride, bias, activation, moments, precision):
    (n, h, width, c), (side, _, _, k) = x.shape, w.shape
    p, q = ceil_div(h, stride), ceil_div(width, stride)
    w = _in_type_of(x, w)
    chunks = _in_chunks(c, x), _in_chunks(k, w)
    plan = plan_product(precision, n * p * q, k, side * side * _padded(c, chunks[0]))
    return _activations("conv_forward", plan, chunks, (x, w), (n, p, q, k), (n, h, width, c, p, q, k, side, stride),
                        bias, activation, moments)


def input_grad(dy, w, stride, size, bias, activation, moments, precision):
    (n, p, q, k), (side, _, c, _), (h, width) = dy.shape, w.shape, size
    w = _in_type_of(dy, w)
    chunks = (_in_chunks(k, dy, w),) * 2
    taps = ceil_div(side, stride) ** 2              # of the phase that has most; all have as many pixels as dy, or fewer
    plan = plan_product(precision, n * p * q, c, taps * _padded(k, chunks[0]), phases=stride * stride)
    return _activations("conv_input_grad", plan, chunks, (dy, w), (n, h, width, c), (n, h, width, c, p, q, k, side, stride),
                        bias, activation, moments)


def weight_grad(x, dy, dw, stride, weight, precision):
    if weight == 0:
        return
    (n, h, width, c), (_, p, q, k), side = x.shape, dy.shape, len(dw)
    chunks = _in_chunks(c, x), _in_chunks(k, dy)
    plan = plan_product(precision, side * side * _padded(c, chunks[0]), k, n * p * q)
    partial = empty((plan.parts, *dw.shape), np.float32, dw) if plan.parts > 1 else None
    scalars = np.float32(weight), _whole_quads(k, dw)
    _launch_product("conv_weight_grad", plan, chunks, (x, dy, dw, partial, *_int32(n, h, width, c, p, q, k, side, stride), *scalars))
    if partial is not None:
        _launch_finish("finish_gradient", x, dw.size // k, k, (partial, dw), plan.parts, scalars)


def _activations(kernel, plan, chunks, operands, shape, sizes, bias, activation, moments):
    """An array of activations of `shape` from a product; with moments=True also their (mean, var)."""
    x, cols = operands[0], shape[-1]
    y = empty(shape, x.dtype, x)
    rows = y.size // cols
    scalars = np.int32(ACTIVATIONS[activation]), _whole_quads(cols, bias)
    if plan.parts == 1:
        tile_moments = _tile_moments(plan.tiles_down * plan.phases, cols, x) if moments else None
        _launch_product(kernel, plan, chunks, (*operands, bias, y, None, tile_moments, *_int32(*sizes), *scalars))
    else:
        tile_moments = _tile_moments(ceil_div(rows, FINISH_TILE[0]), cols, x) if moments else None
        partial = empty((plan.parts, *shape), np.float32, x)
        _launch_product(kernel, plan, chunks, (*operands, None, y, partial, None, *_int32(*sizes), *scalars))
        _launch_finish("finish_activations", x, rows, cols, (partial, bias, y, tile_moments), plan.parts, scalars)
    return (y, _merged(tile_moments, cols)) if moments else y


def _launch_product(kernel, plan, chunks, args):
    along_depth = {"conv_forward": (True, False), "conv_input_grad": (True, True), "conv_weight_grad": (False, False)}[kernel]
    defines = (("PRECISION", plan.precision), *plan.tile.defines(), ("A_IN_CHUNKS", int(chunks[0])), ("B_IN_CHUNKS", int(chunks[1])))
    launch(args[0], kernel + ".cu", kernel, plan.grid, (plan.tile.threads,), args,
           shared=plan.tile.shared_bytes(args[0].dtype.itemsize, *along_depth), defines=defines)


def _launch_finish(kernel, x, rows, cols, arrays, parts, scalars):
    blocks = ceil_div(rows, FINISH_TILE[0]) * ceil_div(cols, FINISH_TILE[1])
    launch(x, "conv_finish.cu", kernel, (blocks,), (FINISH_THREADS,), (*arrays, *_int32(parts, rows, cols), *scalars),
           defines=_element(x))


def _tile_moments(tiles, cols, x):
    return empty((tiles, 2 * cols + 1), np.float32, x)       # write_activations in epilogue.cuh says what lies where


def _merged(tile_moments, cols):
    mean, var = empty((cols,), np.float32, tile_moments), empty((cols,), np.float32, tile_moments)
    launch(tile_moments, "conv_finish.cu", "merge_moments", *merge_grid(cols),
           (tile_moments, mean, var, *_int32(len(tile_moments), cols)), defines=_element(tile_moments))
    return mean, var


def _in_type_of(x, w):
    """w, or in front of bfloat16 activations w rounded to that."""
    if x.dtype == w.dtype:
        return w
    rounded = empty(w.shape, x.dtype, w)
    launch(w, "conv_finish.cu", "round_weights", *flat_grid(w.size), (w, rounded, *_int32(w.size)), defines=_element(x))
    return rounded


def _in_chunks(channels, *arrays):
    """Can lines of so many channels be copied 16 bytes at a time?"""
    return channels * arrays[0].dtype.itemsize % 16 == 0 and all(map(is_aligned, arrays))


def _padded(channels, in_chunks):
    return channels if in_chunks else ceil_div(channels, 4) * 4


def _whole_quads(cols, array):
    return np.bool_(cols % 4 == 0 and (array is None or is_aligned(array)))


def _element(x):
    return (("ELEMENT", ELEMENT_TYPES[x.dtype.name]),)


def _int32(*sizes):
    return tuple(np.int32(size) for size in sizes)
