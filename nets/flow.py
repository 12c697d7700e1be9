"""Planar normalising flows (Rezende & Mohamed 2015): a posterior of z that is more than a Gaussian."""
import gpuarray as ga
from nets.initial import Constant, Uniform
from nets.layers import Parameter
from nets.network import Network


class PlanarFlow:
    """z -> z + u^ tanh(w.z + b), a row of a Flow, with parameters of its own, as Parmesan has them.

    (The paper's are put out by the encoder, anew for each image.)
    """

    norm, activation, attributes = None, "linear", 0
    precision = "fp32"

    def __init__(self, name, z_size):
        self.name, self.z_size = name, z_size
        self.u, self.w = (Parameter(Uniform((z_size,), z_size)) for _ in range(2))
        self.b = Parameter(Constant((1,), 0.0))

    @property
    def named_parameters(self):
        return {"u": self.u, "w": self.w, "b": self.b}

    @property
    def parameters(self):
        return list(self.named_parameters.values())

    def __call__(self, z):
        """z (M, Z) -> z' (M, Z), log |det dz'/dz| (M,), pullback(dz', dlog_det) -> dz."""
        u, w, b = (parameter.value for parameter in self.parameters)
        y, log_det = ga.planar_flow(z, u, w, b)

        def pullback(dy, dlog_det, weight=1.0):
            gradients = [parameter.gradient for parameter in self.parameters]
            return ga.planar_flow_grad(dy, dlog_det, z, u, w, b, *gradients, weight)

        return y, log_det, pullback

    def output_shape(self, shape):
        return (self.z_size,)

    def __str__(self):
        return "planar flow"


class Flow(Network):
    """`length` planar flows one after the other. Computes in float32 whatever the precision."""

    def __init__(self, z_size, length, rng, **options):
        super().__init__([PlanarFlow(f"flow{i}", z_size) for i in range(1, length + 1)], rng, **options)

    def __call__(self, z):
        """z (M, Z) of the Gaussian -> z (M, Z), log_det (M,) of all, pullback(dz, dlog_det) -> dz."""
        pullbacks, log_det = [], 0
        for layer in self.layers:
            z, added, pullback = layer(z)
            log_det = log_det + added
            pullbacks.append(pullback)

        def pullback_all(dz, dlog_det, weight=1.0):
            for pullback in reversed(pullbacks):
                dz = pullback(dz, dlog_det, weight)
            return dz

        return z, log_det, pullback_all
