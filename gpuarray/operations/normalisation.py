"""Batch normalisation (Ioffe & Szegedy 2015) with the activation that follows it, 'linear' or 'relu'.

x, dy (..., C) are normalised over all but the last axis; gamma, beta and all statistics are (C,).
"""
from typing import Any, NamedTuple

from gpuarray.collectives import ALONE
from gpuarray.checks import checked
from gpuarray.rules import BELOW_ONE, FINITE, NOT_NEGATIVE, Choice

ACTIVATIONS = Choice(("linear", "relu"))


class Normalised(NamedTuple):
    """What the gradient of a batchnorm keeps of it: its arguments, and the statistics that it returned."""
    x: Any
    gamma: Any
    beta: Any
    statistics: tuple
    activation: str


def batchnorm(x, gamma, beta, eps, activation="relu", moments=None, running=None, momentum=0.9):
    """y = activation(gamma * (x - mean) * inv_std + beta) with the batch's own statistics.

    Returns y, like x, and (mean, inv_std), where inv_std = 1 / sqrt(biased variance + eps).
    moments = (mean, var) where the layer before has computed them already. running = (mean, inv_std),
    updated in place, each: running = momentum * running + (1 - momentum) * batch (released code).
    """
    backend = checked("batchnorm", x=(x, "... C", "T"), gamma=(gamma, "C", "P"), beta=(beta, "C", "P"),
                      moments=(moments, ("C", "C"), "P|None"), running=(running, ("C", "C"), "P|None"),
                      eps=(eps, NOT_NEGATIVE), activation=(activation, ACTIVATIONS),
                      momentum=(momentum, BELOW_ONE))
    return backend.batchnorm(x, gamma, beta, eps, activation, moments, running, momentum)


def batchnorm_grad(dy, x, gamma, beta, statistics, activation, dgamma, dbeta, weight=1.0, group=ALONE,
                   sums=None):
    """The gradient of batchnorm, whose statistics depend on x: dx like x; dgamma, dbeta += weight * gradient.

    statistics = (mean, inv_std), as batchnorm returned them. x alone is kept: the normalised value and the
    activation's side are computed again from it. weight 0 leaves dgamma and dbeta as they are.
    group: of the processes over whose rows the statistics are; dgamma and dbeta are those of the rows here.
    sums (parts, 2, C): the gradients to beta and gamma, in parts that add up, where the product that wrote dy
    has taken them already (conv2d's `into`).
    """
    backend = _checked_grad("batchnorm_grad", dy, x, gamma, beta, statistics, activation, dgamma, dbeta,
                            weight, sums)
    return backend.batchnorm_grad(dy, x, gamma, beta, statistics, activation, dgamma, dbeta, weight, group,
                                  sums)


def batchnorm_inference(x, gamma, beta, statistics, activation="relu"):
    """y = activation(gamma * (x - mean) * inv_std + beta) with given statistics = (mean, inv_std)."""
    backend = checked("batchnorm_inference", x=(x, "... C", "T"), gamma=(gamma, "C", "P"),
                      beta=(beta, "C", "P"), statistics=(statistics, ("C", "C"), "P"),
                      activation=(activation, ACTIVATIONS))
    return backend.batchnorm_inference(x, gamma, beta, statistics, activation)


def batchnorm_inference_grad(dy, x, gamma, beta, statistics, activation, dgamma, dbeta, weight=1.0):
    """The gradient of batchnorm_inference, whose statistics are constants; otherwise as batchnorm_grad."""
    backend = _checked_grad("batchnorm_inference_grad", dy, x, gamma, beta, statistics, activation, dgamma,
                            dbeta, weight)
    return backend.batchnorm_inference_grad(dy, x, gamma, beta, statistics, activation, dgamma, dbeta, weight)


def _checked_grad(operation, dy, x, gamma, beta, statistics, activation, dgamma, dbeta, weight, sums=None):
    return checked(operation, x=(x, "... C", "T"), dy=(dy, "... C", "T"), gamma=(gamma, "C", "P"),
                   beta=(beta, "C", "P"), statistics=(statistics, ("C", "C"), "P"), dgamma=(dgamma, "C", "P"),
                   dbeta=(dbeta, "C", "P"), sums=(sums, "parts 2 C", "P|None"),
                   activation=(activation, ACTIVATIONS), weight=(weight, FINITE))
