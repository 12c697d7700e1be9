"""Initial values of parameters: each is called with a numpy Generator, and has the shape of what it gives."""
import numpy as np


class Constant:
    """Initial values that are all the same."""

    def __init__(self, shape, value):
        self.shape, self.value = shape, value

    def __call__(self, rng):
        return np.full(self.shape, self.value)


class Uniform:
    """uniform(-1, 1) * gain / sqrt(3 * fan_in), the initialisation of the released code."""

    def __init__(self, shape, fan_in, gain=1.0):
        self.shape, self.bound = shape, gain / np.sqrt(3 * fan_in)

    def __call__(self, rng):
        return rng.uniform(-self.bound, self.bound, self.shape)


class Glorot:
    """uniform(-1, 1) * sqrt(6 / (fan_in + fan_out)), which keeps signals and gradients from fading on their
    way through layers of tanh (Glorot & Bengio 2010, eq. 16)."""

    def __init__(self, shape, fan_in):
        self.shape, self.bound = shape, np.sqrt(6 / (fan_in + np.prod(shape) / fan_in))

    def __call__(self, rng):
        return rng.uniform(-self.bound, self.bound, self.shape)
