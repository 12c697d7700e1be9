"""Networks of dense layers alone, for small images."""
import numpy as np

from nets.layers import Dense
from nets.network import Network


def mlp(in_shape, hidden, out_shape, rng, activation="tanh", **options):
    """(N, *in_shape) -> (N, *out_shape): hidden layers of these widths, then a linear one.

    in_shape, out_shape: numbers or tuples of them. activation: 'tanh' or 'relu'. options: of nets.Network.
    """
    widths = [int(np.prod(in_shape)), *hidden]
    layers = [Dense(f"fc{i}", inputs, outputs, normalise=False, activation=activation)
              for i, (inputs, outputs) in enumerate(zip(widths, hidden), 1)]
    head = Dense("head", widths[-1], out_shape, normalise=False, activation="linear")
    return Network([*layers, head], rng, **options)
