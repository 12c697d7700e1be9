"""Launchers of latent.cu and noise.cu."""
import numpy as np

from gpuarray.cuda.layout import ELEMENT_TYPES, ceil_div, flat_grid
from gpuarray.cuda.runtime import empty, launch
from gpuarray.cuda.sums import total


def reparametrise(h, noise, bound):
    z = empty(noise.shape, h.dtype, h)
    grid, block = flat_grid(z.size)
    partials = empty(grid, np.float32, h)
    launch(h, "latent.cu", "reparametrise", grid, block,
           (h, noise, z, partials, np.int32(z.size), np.int32(noise.shape[1]), np.float32(bound or 0)),
           defines=_defines(h))
    return z, total(partials)


def reparametrise_grad(dz, h, noise, bound, kl_weight):
    dh = empty(h.shape, h.dtype, h)
    launch(h, "latent.cu", "reparametrise_grad", *flat_grid(dz.size),
           (dz, h, noise, dh, np.int32(dz.size), np.int32(noise.shape[1]), np.float32(bound or 0),
            np.float32(kl_weight)),
           defines=_defines(h))
    return dh


def _defines(h):
    return (("ELEMENT", ELEMENT_TYPES[h.dtype.name]),)


def normal(shape, seed, counter, stream, offset):
    out = empty(shape, np.float32, counter)
    launch(counter, "noise.cu", "normal", *flat_grid(ceil_div(offset % 4 + out.size, 4)),
           (out, np.int32(out.size), np.uint32(offset), np.uint32(stream), counter, np.uint64(seed)))
    return out


def binarise(x, seed, counter, stream, offset):
    out = empty(x.shape, np.float32, x)
    launch(counter, "noise.cu", "binarise", *flat_grid(ceil_div(offset % 4 + out.size, 4)),
           (x, out, np.int32(out.size), np.uint32(offset), np.uint32(stream), counter, np.uint64(seed)))
    return out


def advance(counter):
    launch(counter, "noise.cu", "advance", (1,), (1,), (counter,))
