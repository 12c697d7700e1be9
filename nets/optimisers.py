"""Optimisers: one fused step over a network's flat buffer; their averages are flat buffers beside it."""
import numpy as np

import gpuarray as ga


class RMSProp:
    """RMSProp as in the released code (decay 0.9, eps 1e-8), the optimiser of the paper."""

    def __init__(self, network, weight_decay=0.0, decay=0.9, eps=1e-8):
        self.network, self.weight_decay, self.decay, self.eps = network, weight_decay, decay, eps
        flat = network.parameters
        self.buffers = {"ms": ga.zeros(flat.shape, flat.dtype, flat)}

    def step(self, learning_rate, gate=None):
        """Move the parameters, clear the gradients. learning_rate, gate: (1,) arrays; gate 0: only clear."""
        net = self.network
        ga.rmsprop_step(net.parameters, net.gradients, self.buffers["ms"], learning_rate, gate, self.decay,
                        self.eps, self.weight_decay, net.decay_boundary, net.rounded)


class Adam:
    """Adam (Kingma & Ba 2015). beta1 0.5 is the custom for GANs."""

    def __init__(self, network, weight_decay=0.0, beta1=0.5, beta2=0.999, eps=1e-8):
        self.network, self.weight_decay = network, weight_decay
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        flat = network.parameters
        self.buffers = {name: ga.zeros(flat.shape, flat.dtype, flat) for name in "mv"}
        self.buffers["t"] = ga.zeros((1,), np.float32, flat)

    def step(self, learning_rate, gate=None):
        """Move the parameters, clear the gradients. learning_rate, gate: (1,) arrays; gate 0: only clear."""
        net, buffers = self.network, self.buffers
        ga.adam_step(net.parameters, net.gradients, buffers["m"], buffers["v"], buffers["t"], learning_rate,
                     gate, self.beta1, self.beta2, self.eps, self.weight_decay, net.decay_boundary,
                     net.rounded)


OPTIMISERS = {"rmsprop": RMSProp, "adam": Adam}
