"""Launcher of wgmma_weights.cu."""
import numpy as np

from gpuarray.cuda.layout import ceil_div, flat_grid, vector_width
from gpuarray.cuda.products import int32
from gpuarray.cuda.runtime import empty, launch

_SIDE, _LINES = 32, 8              # of the weights that a block transposes; those that it reads at a time


def weights_for(plan, w, transposed):
    """w (side, side, C, K) as the kernels of a plan take it: itself, but for tf32 by wgmma.

    That takes it rounded to tf32 and, where transposed, as (side, side, K, C).
    """
    if not plan.tile.wgmma or plan.precision != "TF32":
        return w
    side, _, c, k = w.shape
    to = empty((side, side, k, c) if transposed else w.shape, w.dtype, w)
    width = vector_width(w.size, w, to)
    defines = ("WIDTH", width), ("SIDE", _SIDE)
    if transposed:
        launch(w, "wgmma_weights.cu", "transpose_weights",
               (ceil_div(k, _SIDE), ceil_div(c, _SIDE), side * side), (_SIDE, _LINES),
               (w, to, *int32(c, k)), defines=defines)
    else:
        launch(w, "wgmma_weights.cu", "round_weights", *flat_grid(w.size // width),
               (w, to, np.int32(w.size)), defines=defines)
    return to
