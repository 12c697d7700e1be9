"""What the launchers of products share."""
import numpy as np

from gpuarray.cuda.runtime import is_aligned, launch, runtime_of

ACTIVATIONS = {"linear": 0, "relu": 1, "tanh": 2}     # enum Activation in common.cuh


def launch_product(kernel, plan, args, defines=()):
    x, operands = args[0], (plan.a, plan.b)
    tile = plan.tile.fitting(runtime_of(x).capability, *operands)
    launch(x, f"{kernel}.cu", kernel, plan.grid, (tile.threads,), args, shared=tile.shared_bytes(*operands),
           defines=(("PRECISION", plan.precision), *tile.defines(*operands), *defines))


def quads_vectorise(cols, array):
    """Can lines of so many columns be read and written four at a time?"""
    return np.bool_(cols % 4 == 0 and (array is None or is_aligned(array)))


def int32(*sizes):
    return tuple(np.int32(size) for size in sizes)
