"""What the launchers of products share."""
from dataclasses import dataclass
from typing import Any

import numpy as np

from gpuarray.cuda.runtime import empty, is_aligned, launch, runtime_of
from gpuarray.cuda.sums import merge_moments

ACTIVATIONS = {"linear": 0, "relu": 1, "tanh": 2}     # enum Activation in common.cuh


def launch_product(kernel, plan, args, defines=()):
    x, operands = args[0], (plan.a, plan.b)
    tile = plan.tile.fitting(runtime_of(x).capability, *operands)
    launch(x, f"{kernel}.cu", kernel, plan.grid, (tile.threads,), args, shared=tile.shared_bytes(*operands),
           defines=(("PRECISION", plan.precision), *tile.defines(*operands), *defines))


def quads_vectorise(cols, *arrays):
    """Can lines of so many columns be read and written four at a time?"""
    return np.bool_(cols % 4 == 0 and all(array is None or is_aligned(array) for array in arrays))


def int32(*sizes):
    return tuple(np.int32(size) for size in sizes)


@dataclass(frozen=True)
class Epilogue:
    """How a product ends: in activations, with their moments where asked for (epilogue.cuh); or in a
    gradient, with the sums for the batchnorm that it goes `into` (gradient_epilogue.cuh)."""
    bias: Any
    activation: str
    moments: bool
    into: Any                   # Normalised, or None

    @property
    def sums(self):
        """Is anything summed over the rows?"""
        return self.moments or self.into is not None

    def of_tiles(self, tiles, cols, like):
        """Memory for what each tile leaves of them."""
        if self.sums:
            return empty((tiles, 2 * cols + 1) if self.moments else (tiles, 2, cols), np.float32, like)

    def normalised(self, images=slice(None)):
        """The arrays of the batchnorm, for these images."""
        if self.into is None:
            return (None,) * 5
        return self.into.x[images], self.into.gamma, self.into.beta, *self.into.statistics

    def scalars(self, cols):
        """The activation, and whether lines are read and written four at a time."""
        activation = self.activation if self.into is None else self.into.activation
        return np.int32(ACTIVATIONS[activation]), quads_vectorise(cols, self.bias, *self.normalised())

    def result(self, y, of_tiles):
        """What the operation returns."""
        if self.moments:
            return y, merge_moments(of_tiles, len(of_tiles), y.shape[-1])
        return y if self.into is None else (y, of_tiles)
