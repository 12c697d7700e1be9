"""Holding the CUDA backend, on the simulated device, to a plain float64 reference."""
import ml_dtypes
import numpy as np

from tests.gpuarray.check import TOLERANCE, assert_close

FLOAT32, BFLOAT16 = np.dtype(np.float32), np.dtype(ml_dtypes.bfloat16)
ELEMENTS = FLOAT32, BFLOAT16             # what activations may be made of; everything else is float32


def check_on_device(device, operation, reference, arrays, tolerance=None):
    """Compare operation(*arrays on the device) with reference(*the same numbers in float64).

    Both return a tuple of arrays. Each output is held to the tolerance of its own type: a bfloat16 one may
    differ by its rounding, sums of bfloat16 numbers in float32 may not. tolerance: dict dtype -> number for
    what the table's is too tight, with the reason.
    """
    got = operation(*map(device.to_device, arrays))
    wanted = reference(*map(in_float64, arrays))
    assert len(got) == len(wanted)
    for i, (g, w) in enumerate(zip(got, wanted)):
        g = device.to_host(g)
        assert_close(g, w, (TOLERANCE | (tolerance or {}))[g.dtype.name], f"output {i}, {g.dtype.name}")


def in_float64(array):
    """Floating-point arrays in float64, others as they are."""
    return array.astype(np.float64) if array.dtype in ELEMENTS else array


def misaligned(device, array):
    """A device array at a multiple of its element's size alone, so that kernels must read one by one."""
    buffer = device.to_device(np.concatenate([array.reshape(-1)[:1], array.reshape(-1)]))
    return buffer[1:].reshape(array.shape)
