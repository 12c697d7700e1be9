"""Noise, augmentation, and what only moves numbers: casts, copies, memory."""
import math

from gpuarray.checks import check_size, check_value, checked
from gpuarray.dispatch import backend_of
from gpuarray.errors import ArgumentError
from gpuarray.rules import Choice, Shape, Whole

AXIS = Whole(-1, 0)
OFFSET = Whole(0, 2**31 - 1)
SEED = Whole(0, 2**64 - 1)
SHAPE = Shape()
SIDE = Whole(1, 2**31 - 1)
STREAM = Whole(0, 2**32 - 1)


def normal(shape, seed, counter, stream=0, offset=0):
    """Standard normal noise, float32: Philox4x32-10 and Box-Muller, the same numbers on every device.

    Numbers 4i .. 4i+3 come from Philox with the 64-bit seed as its key and (i, stream, low and high word of
    counter) as its counter. counter: uint64 (1,), which `advance` moves. stream: 32 bits.
    """
    backend = checked("normal", shape=(shape, SHAPE), seed=(seed, SEED), counter=(counter, "1", "uint64"),
                      stream=(stream, STREAM), offset=(offset, OFFSET))
    check_size("normal", "the result", math.prod(shape), backend)
    return backend.normal(shape, seed, counter, stream, offset)


def advance(counter):
    """counter += 1, in place. counter: uint64 (1,)."""
    checked("advance", counter=(counter, "1", "uint64")).advance(counter)


def augment(images, parameters, size):
    """uint8 images to float32 in [-1, 1] at `size`, each moved, scaled and coloured by its own p.

    images (N, H, W, C) uint8, parameters (N, 9) float32 -> (N, size, size, C) float32.
    Output pixel (i, j) with u = j - (size-1)/2, v = i - (size-1)/2 samples the image by cubic convolution
    (Keys, 1981, a = -1/2; not widened where it shrinks), with repeated edges, at
    x = (W-1)/2 + p0 u + p1 v + p2, y = (H-1)/2 + p3 u + p4 v + p5, and is clipped to [0, 1]. Then come gamma,
    c = c^p6; in HSV (Smith, 1978) contrast, S = S^p7 and V = V^p7, and hue, H + p8 turns; but c = c^p7 where
    there are not three channels; last 2c - 1. p6 and p7 are above 0.
    Identity: (1, 0, 0, 0, 1, 0, 1, 1, 0); negative p0 and p3 flip.
    """
    backend = checked("augment", images=(images, "N H W C", "uint8"),
                      parameters=(parameters, "N 9", "float32"), size=(size, SIDE), result="N size size C")
    return backend.augment(images, parameters, size)


def shrink(x):
    """x (N, H, W, C), H and W even -> (N, H/2, W/2, C), means of 2 x 2 pixels."""
    backend = checked("shrink", x=(x, "N 2H 2W C", "P"))
    return backend.shrink(x)


def enlarge(x):
    """x (N, H, W, C) -> (N, 2H, 2W, C), each pixel four times. Of what is enlarged, `shrink` gives x back."""
    backend = checked("enlarge", x=(x, "N H W C", "P"))
    check_size("enlarge", "the result", 4 * x.size, backend)
    return backend.enlarge(x)


def cast(x, dtype):
    """x as 'float32', 'float64' (CPU) or 'bfloat16' (GPU); x itself where it is that already."""
    backend = checked("cast", x=(x, "...", "T"))
    name = getattr(dtype, "name", getattr(dtype, "__name__", dtype))    # of numpy.dtype, of types, of strings
    check_value("cast", "dtype", name, Choice(backend.FLOATING))
    return backend.cast(x, name)


def concatenate(*arrays, axis=0):
    """The arrays, one after the other along the first axis (0) or the last (-1).

    They are alike in all other axes and in their type, that of activations or uint8.
    """
    if not arrays:
        raise ArgumentError("concatenate: no arrays, expected one or more")
    axes = "... C{}" if axis else "N{} ..."
    backend = checked("concatenate", axis=(axis, AXIS), array0=(arrays[0], axes.format(0), "T|uint8"))
    checked("concatenate", **{f"array{i}": (array, axes.format(i), arrays[0].dtype.name)
                              for i, array in enumerate(arrays)})
    check_size("concatenate", "the result", sum(array.size for array in arrays), backend)
    return backend.concatenate(*arrays, axis=axis)


def empty(shape, dtype, like):
    """An uninitialised array beside `like`."""
    return backend_of(like).empty(shape, dtype, like)


def zeros(shape, dtype, like):
    """An array of zeros beside `like`."""
    return backend_of(like).zeros(shape, dtype, like)


def host_value(x, otherwise):
    """The number in x (1,) where the host has it at once, on the CPU; `otherwise` where it had to wait.

    This is a question about the device, no operation on arrays: backends answer it differently. It is for
    work that may be left out or not without changing the result.
    """
    return checked("host_value", x=(x, "1", "P")).host_value(x, otherwise)
