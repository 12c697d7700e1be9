"""Launchers of the convolutions, conv_*.cu; winograd.py takes those that it has fewer products for."""
import numpy as np

from gpuarray.cuda import winograd
from gpuarray.cuda.cast import cast
from gpuarray.cuda.layout import ELEMENT_TYPES, ceil_div, flat_grid
from gpuarray.cuda.memory import QUAD, whole_quads
from gpuarray.cuda.patches import plan_patches, sees_patches
from gpuarray.cuda.products import ACTIVATIONS, Epilogue, int32, launch_product, quads_vectorise
from gpuarray.cuda.runtime import empty, is_aligned, launch, runtime_of
from gpuarray.cuda.tiles import NARROW, REDUCE, Operand, plan_product
from gpuarray.cuda.wgmma_weights import weights_for
from gpuarray.cuda.windows import plan_windows, sees_windows

_MOST_NARROW = 4                                      # channels that conv_narrow.cu ends in, at most

# Do the lines of a product's operands A and B run along its depth?
ALONG_DEPTH = {"conv_forward": (True, False), "conv_input_grad": (True, True),
               "conv_weight_grad": (False, False)}


def conv2d(x, w, stride, bias, activation, moments, tf32, into):
    (n, h, width, c), (side, _, _, k), w = x.shape, w.shape, cast(w, x.dtype.name)
    epilogue = Epilogue(bias, activation, moments, into)
    if _is_narrow(side, stride, k, epilogue):
        return _narrow(x, w, k, (side - 1) // 2, False, bias, activation)
    if winograd.applies(_precision(x, tf32), x.shape, w.shape, stride):
        return winograd.convolve(x, w, epilogue)
    p, q = ceil_div(h, stride), ceil_div(width, stride)
    x = whole_quads(x)
    a, b = _operands("conv_forward", x, _at_once(x), _at_once(w))
    kernel, precision = "conv_forward", _precision(x, tf32)
    if sees_patches(c, x.dtype.itemsize, side, stride, (p, q), a.at_once == b.at_once == 16):
        kernel = "conv_forward_patch"
        plan = plan_patches(precision, b, n, (p, q), k, c, side, stride, runtime_of(x).capability)
        w = weights_for(plan, w, transposed=True)
    else:
        plan = plan_product(precision, a, b, n * p * q, k, side * side * a.padded(c))
    return _result(kernel, plan, (x, w), (n, p, q, k), (n, h, width, c, p, q, k, side, stride), epilogue)


def conv2d_input_grad(dy, w, stride, size, bias, activation, moments, tf32, into):
    (n, p, q, k), (side, _, c, _), (h, width), w = dy.shape, w.shape, size, cast(w, dy.dtype.name)
    epilogue = Epilogue(bias, activation, moments, into)
    if _is_narrow(side, stride, c, epilogue):
        return _narrow(dy, w, c, side // 2, True, bias, activation)
    if winograd.applies(_precision(dy, tf32), (n, h, width, c), w.shape, stride):
        return winograd.input_gradient(dy, w, size, epilogue)
    a, b = _operands("conv_input_grad", dy, *(_at_once(dy, w),) * 2)
    kernel, precision, phases = "conv_input_grad", _precision(dy, tf32), stride * stride
    if sees_patches(k, dy.dtype.itemsize, side, stride, (p, q), a.at_once == 16):
        kernel = "conv_input_grad_patch"
        plan = plan_patches(precision, b, n, (p, q), c, k, side, stride, runtime_of(dy).capability, phases)
        w = weights_for(plan, w, transposed=False)
    else:
        taps = ceil_div(side, stride) ** 2      # of the phase that has most; it has as many pixels as dy
        plan = plan_product(precision, a, b, n * p * q, c, taps * a.padded(k), phases)
    return _result(kernel, plan, (dy, w), (n, h, width, c), (n, h, width, c, p, q, k, side, stride), epilogue)


def conv2d_weight_grad(x, dy, dw, stride, weight, tf32):
    """Where dy is narrow, x and dy change places: the product would be mostly padding, and would read x once
    for every tap. At stride 1 a shift of x against dy is one of dy against x, so that few columns become few
    rows."""
    if weight == 0:
        return
    if winograd.applies(_precision(x, tf32), x.shape, dw.shape, stride):
        return winograd.weight_gradient(x, dy, dw, weight)
    (n, h, width, c), (_, p, q, k), side = x.shape, dy.shape, len(dw)
    before = (side - 1) // 2
    swap = stride == 1 and k <= _MOST_NARROW < c
    if swap:
        x, dy, c, k, before = dy, x, k, c, side - 1 - before
    x = whole_quads(x)
    a, b = _operands("conv_weight_grad", x, _at_once(x), _at_once(dy))
    precision, vectorised = _precision(x, tf32), quads_vectorise(k, None if swap else dw)
    windows = sees_windows(side, stride, c, k, (p, q), vectorised and a.at_once == b.at_once == 16)
    if windows:
        plan = plan_windows(precision, b, n, (p, q), c, k, side, stride)
    else:
        plan = plan_product(precision, a, b, side * side * a.padded(c), k, n * p * q)
    partials = empty((plan.splits, dw.size), np.float32, dw) if plan.splits > 1 or swap else None
    arrays, sizes = (x, dy, dw, partials), int32(n, h, width, c, p, q, k)
    if windows:
        launch_product("conv_weight_grad_patch", plan,
                        (*arrays, *sizes, np.int32(before), np.float32(weight)))
    else:
        launch_product("conv_weight_grad", plan, (*arrays, *sizes, *int32(side, stride, before),
                                                  np.float32(weight), vectorised))
    if swap:
        launch(x, "conv_reduce.cu", "reduce_swapped_gradient", *flat_grid(dw.size),
               (partials, dw, *int32(plan.splits, side * side, k, c), np.float32(weight)),
               defines=(*_element(x), *REDUCE.items()))
    elif partials is not None:
        _launch_reduce("reduce_gradient", x, (partials, dw), (plan.splits, dw.size // k, k),
                       (np.float32(weight), vectorised))


def _result(kernel, plan, operands, shape, sizes, epilogue):
    """What a product ends in, activations or a gradient of `shape`, and with it what the epilogue sums."""
    x, cols = operands[0], shape[-1]
    y = empty(shape, x.dtype, x)
    rows, scalars = y.size // cols, epilogue.scalars(cols)
    tiles = plan.tiles_down * plan.phases if plan.splits == 1 else ceil_div(rows, REDUCE["TILE_ROWS"])
    of_tiles = epilogue.of_tiles(tiles, cols, x)
    ended = epilogue.bias, y, of_tiles, *epilogue.normalised()
    if plan.splits == 1:
        launch_product(kernel, plan, (*operands, *ended, None, *int32(*sizes), *scalars))
    else:
        partials = empty((plan.splits, *shape), np.float32, x)
        launch_product(kernel, plan, (*operands, *(None,) * len(ended), partials, *int32(*sizes), *scalars))
        _launch_reduce("reduce_activations", x, (partials, *ended), (plan.splits, rows, cols), scalars)
    return epilogue.result(y, of_tiles)


def _is_narrow(side, stride, cols, epilogue):
    """Is this for conv_narrow.cu?"""
    return stride == 1 and cols <= _MOST_NARROW and 2 <= side <= 5 and not epilogue.sums


def _narrow(x, w, cols, before, flipped, bias, activation):
    n, h, width, c = x.shape
    y = empty((n, h, width, cols), x.dtype, x)
    blocks = n * ceil_div(h, NARROW["TILE"]) * ceil_div(width, NARROW["TILE"])
    launch(x, "conv_narrow.cu", "conv_narrow", (blocks,), (NARROW["THREADS"],),
           (x, w, bias, y, *int32(h, width, c, before), np.bool_(flipped), np.int32(ACTIVATIONS[activation]),
            quads_vectorise(c, x)), defines=(*_element(x), *NARROW.items(), ("SIDE", len(w)), ("OUT", cols)))
    return y


def _launch_reduce(kernel, x, arrays, sizes, scalars):
    _, rows, cols = sizes
    blocks = ceil_div(rows, REDUCE["TILE_ROWS"]) * ceil_div(cols, REDUCE["TILE_COLS"])
    launch(x, "conv_reduce.cu", kernel, (blocks,), (REDUCE["THREADS"],), (*arrays, *int32(*sizes), *scalars),
           defines=(*_element(x), *REDUCE.items()))


def _precision(x, tf32):
    """How products with x are computed: a name in tile.cuh."""
    if x.dtype.name == "bfloat16":
        return "BF16"
    return "TF32" if tf32 else "FP32"


def _operands(kernel, x, *at_once):
    return (Operand(x.dtype.itemsize, *how) for how in zip(ALONG_DEPTH[kernel], at_once))


def _at_once(*arrays):
    """How many bytes of the arrays' lines (along their last axis) can be copied at once: 16, those of a quad,
    or 0."""
    itemsize = arrays[0].dtype.itemsize
    for size in 16, QUAD * itemsize:
        if arrays[0].shape[-1] * itemsize % size == 0 and all(is_aligned(array, size) for array in arrays):
            return size
    return 0


def _element(x):
    return (("ELEMENT", ELEMENT_TYPES[x.dtype.name]),)
