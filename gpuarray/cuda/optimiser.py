"""Launchers of optimiser.cu."""
import numpy as np

from gpuarray.cuda.layout import flat_grid, vector_width
from gpuarray.cuda.runtime import launch


def rmsprop_step(p, g, ms, lr, gate, decay, eps, weight_decay, n_decayed, rounded):
    _launch("rmsprop", (p, g, ms, rounded), (lr, gate), (1 - decay, eps, weight_decay), n_decayed)


def adam_step(p, g, m, v, t, lr, gate, beta1, beta2, eps, weight_decay, n_decayed, rounded):
    numbers = np.log(beta1), np.log(beta2), 1 - beta1, 1 - beta2, eps, weight_decay
    _launch("adam", (p, g, m, v, rounded), (t, lr, gate), numbers, n_decayed)
    launch(t, "optimiser.cu", "count_step", (1,), (1,), (t, gate), defines=(("WIDTH", 1),))


def _launch(kernel, buffers, on_device, numbers, n_decayed):
    size = buffers[0].size
    width = vector_width(size, *buffers)
    launch(buffers[0], "optimiser.cu", kernel, *flat_grid(size // width),
           (*buffers, *on_device, *map(np.float32, numbers), np.int32(size), np.int32(n_decayed)),
           defines=(("WIDTH", width),))
