"""Networks of dense layers alone, for small images."""
import numpy as np

from nets.initial import Glorot, Uniform
from nets.layers import Dense
from nets.network import Network


def mlp(in_shape, hidden, out_shape, rng, activation="tanh", normalise=False, output="linear", attributes=0,
        **options):
    """(N, *in_shape) -> (N, *out_shape): hidden layers of these widths, then one of `output` activation.

    in_shape, out_shape: numbers or tuples of them. activation: 'tanh' or 'relu'. normalise: batchnorm in the
    hidden layers, whose activation is 'relu' then. Networks of tanh are initialised by Glorot.
    attributes: how many are joined to each input, in a conditional model. options: of nets.Network.
    """
    initial, widths = Glorot if activation == "tanh" else Uniform, [int(np.prod(in_shape)), *hidden]
    layers = [Dense(f"fc{i}", inputs, outputs, normalise, activation, attributes=attributes if i == 1 else 0,
                    initial=initial)
              for i, (inputs, outputs) in enumerate(zip(widths, hidden), 1)]
    head = Dense("head", widths[-1], out_shape, normalise=False, activation=output, initial=initial)
    return Network([*layers, head], rng, **options)
