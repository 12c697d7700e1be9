"""The NumPy backend: every operation on all cores, in the type of its arrays.

What each operation does stands in `gpuarray.operations`.
"""
from gpuarray.cpu.activation import bias_activation_grad
from gpuarray.cpu.augment import augment
from gpuarray.cpu.batchnorm import batchnorm, batchnorm_grad, batchnorm_inference, batchnorm_inference_grad
from gpuarray.cpu.conv import conv2d, conv2d_input_grad, conv2d_weight_grad
from gpuarray.cpu.dense import dense, dense_input_grad, dense_weight_grad
from gpuarray.cpu.feature_loss import feature_loss
from gpuarray.cpu.flow import planar_flow, planar_flow_grad
from gpuarray.cpu.gan_cost import gan_cost, non_saturating_grad
from gpuarray.cpu.importance import (
    importance_bound, log_prior, sample_posterior, sample_posterior_grad, total)
from gpuarray.cpu.latent import reparametrise, reparametrise_grad
from gpuarray.cpu.likelihood import bernoulli_loss, gaussian_loss
from gpuarray.cpu.means import add_means
from gpuarray.cpu.memory import capture, cast, concatenate, empty, host_value, to_device, to_host, zeros
from gpuarray.cpu.noise import advance, binarise, normal
from gpuarray.cpu.optimiser import adam_step, rmsprop_step
from gpuarray.cpu.pyramid import enlarge, shrink

FLOATING = "float32", "float64"      # types of activations
MOST_ELEMENTS = 2**63 - 1            # of an array


def why_not(precision, like=None):
    """Why there are no products in this precision; None where there are."""
    if precision == "fp32":
        return None
    return f"{precision} is a precision of the CUDA backend: leave it off on the CPU"
