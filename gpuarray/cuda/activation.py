"""Launcher of activation.cu."""
import numpy as np

from gpuarray.cuda.layout import Columns
from gpuarray.cuda.runtime import empty, launch
from gpuarray.cuda.sums import add_column_sums


def bias_activation_grad(dy, y, activation, dbias, weight):
    da = empty(dy.shape, dy.dtype, dy)
    columns = Columns(dy, y)
    summed = dbias is not None and weight != 0
    segment, segments = columns.segments_for_sums() if summed else columns.segments_for_map()
    partials = empty((segments, columns.channels), np.float32, dy) if summed else None
    launch(dy, "activation.cu", "bias_activation_grad", (columns.strips, segments), columns.block,
           (dy, y, da, partials, *columns.sizes(segment)),
           defines=(*columns.defines, ("ACTIVATION", activation.upper())))
    if summed:
        add_column_sums(partials, None, dbias, None, weight)
    return da
