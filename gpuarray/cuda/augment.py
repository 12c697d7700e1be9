"""Launcher of augment.cu."""
import numpy as np

from gpuarray.cuda.layout import flat_grid
from gpuarray.cuda.runtime import empty, launch


def augment(images, parameters, size):
    n, height, width, channels = images.shape
    out = empty((n, size, size, channels), np.float32, images)
    launch(images, "augment.cu", "augment", *flat_grid(n * size * size),
           (images, parameters, out, *(np.int32(number) for number in (n, height, width, channels, size))))
    return out
