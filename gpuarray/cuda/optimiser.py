"""Launchers of optimiser.cu."""
import numpy as np

from gpuarray.cuda.checks import check_arrays, check_range
from gpuarray.cuda.layout import flat_grid, vector_width
from gpuarray.cuda.runtime import launch


def rmsprop_step(p, g, ms, lr, gate, decay, eps, weight_decay, n_decayed):
    _check("rmsprop_step", lr, gate, n_decayed, p=p, g=g, ms=ms)
    _launch("rmsprop", (p, g, ms), (lr, gate), (1 - decay, eps, weight_decay), n_decayed)


def adam_step(p, g, m, v, t, lr, gate, beta1, beta2, eps, weight_decay, n_decayed):
    _check("adam_step", lr, gate, n_decayed, p=p, g=g, m=m, v=v)
    check_arrays("adam_step", p=(p, "P", "float32"), t=(t, "1", "float32"))
    numbers = np.log(beta1), np.log(beta2), 1 - beta1, 1 - beta2, eps, weight_decay
    _launch("adam", (p, g, m, v), (t, lr, gate), numbers, n_decayed)
    launch(t, "optimiser.cu", "count_step", (1,), (1,), (t, gate), defines=(("WIDTH", 1),))


def _check(operation, lr, gate, n_decayed, **buffers):
    axes = check_arrays(operation, **{name: (buffer, "P", "float32") for name, buffer in buffers.items()},
                        lr=(lr, "1", "float32"), gate=(gate, "1", "float32"))
    check_range(operation, "n_decayed", n_decayed, 0, axes.P)


def _launch(kernel, buffers, on_device, numbers, n_decayed):
    size = buffers[0].size
    width = vector_width(size, *buffers)
    launch(buffers[0], "optimiser.cu", kernel, *flat_grid(size // width),
           (*buffers, *on_device, *map(np.float32, numbers), np.int32(size), np.int32(n_decayed)),
           defines=(("WIDTH", width),))
