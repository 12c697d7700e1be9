"""Launchers of latent.cu and noise.cu."""
import numpy as np

from gpuarray.cuda.checks import check_arrays, check_range
from gpuarray.cuda.layout import ELEMENT_TYPES, ceil_div, flat_grid
from gpuarray.cuda.runtime import empty, launch
from gpuarray.cuda.sums import total
from gpuarray.errors import ArgumentError


def reparametrise(h, noise, bound):
    axes = _check("reparametrise", h, noise)
    z = empty(noise.shape, h.dtype, h)
    grid, block = flat_grid(z.size)
    parts = empty(grid, np.float32, h)
    launch(h, "latent.cu", "reparametrise", grid, block,
           (h, noise, z, parts, np.int32(z.size), np.int32(axes.Z), np.float32(bound)), defines=_defines(h))
    return z, total(parts)


def reparametrise_grad(dz, h, noise, bound, kl_weight):
    axes = _check("reparametrise_grad", h, noise)
    check_arrays("reparametrise_grad", axes, dz=(dz, "N Z", "T"))
    dh = empty(h.shape, h.dtype, h)
    launch(h, "latent.cu", "reparametrise_grad", *flat_grid(dz.size),
           (dz, h, noise, dh, np.int32(dz.size), np.int32(axes.Z), np.float32(bound), np.float32(kl_weight)),
           defines=_defines(h))
    return dh


def _check(operation, h, noise):
    axes = check_arrays(operation, noise=(noise, "N Z", "float32"), h=(h, "N 2Z", "T"))
    if h.shape[1] != 2 * axes.Z:
        raise ArgumentError(f"{operation}: h has shape {h.shape}, expected {(axes.N, 2 * axes.Z)}: twice "
                            f"the width of the noise {noise.shape}")
    return axes


def _defines(h):
    return (("ELEMENT", ELEMENT_TYPES[h.dtype.name]),)


def normal(shape, seed, counter, stream):
    check_arrays("normal", counter=(counter, "1", "uint64"))
    size = check_range("normal", "the number of elements", int(np.prod(shape, dtype=np.int64)), 1)
    out = empty(shape, np.float32, counter)
    launch(counter, "noise.cu", "normal", *flat_grid(ceil_div(size, 4)),
           (out, np.int32(size), np.uint32(stream), counter, np.uint64(seed)))
    return out


def advance(counter):
    check_arrays("advance", counter=(counter, "1", "uint64"))
    launch(counter, "noise.cu", "advance", (1,), (1,), (counter,))
