"""Launcher of augment.cu."""
import numpy as np

from gpuarray.cuda.checks import MAX_ELEMENTS, check_arrays, check_range
from gpuarray.cuda.layout import flat_grid
from gpuarray.cuda.runtime import empty, launch


def augment(images, parameters, size):
    axes = check_arrays("augment", images=(images, "N H W C", "uint8"),
                        parameters=(parameters, "N 9", "float32"))
    check_range("augment", "size", size, 1, int((MAX_ELEMENTS / (axes.N * axes.C)) ** 0.5))
    out = empty((axes.N, size, size, axes.C), np.float32, images)
    launch(images, "augment.cu", "augment", *flat_grid(axes.N * size * size),
           (images, parameters, out, *(np.int32(n) for n in (axes.N, axes.H, axes.W, axes.C, size))))
    return out
