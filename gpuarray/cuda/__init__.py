"""The CUDA backend: hand-written kernels, launched through `gpuarray.cuda.runtime`. Importable without CuPy.

What each operation does stands in `gpuarray.operations`.
"""
from gpuarray.cuda import runtime
from gpuarray.cuda.activation import bias_activation_grad
from gpuarray.cuda.augment import augment
from gpuarray.cuda.batchnorm import batchnorm, batchnorm_grad, batchnorm_inference, batchnorm_inference_grad
from gpuarray.cuda.cast import cast
from gpuarray.cuda.conv import conv2d, conv2d_input_grad, conv2d_weight_grad
from gpuarray.cuda.dense import dense, dense_input_grad, dense_weight_grad
from gpuarray.cuda.feature_loss import feature_loss
from gpuarray.cuda.flow import planar_flow, planar_flow_grad
from gpuarray.cuda.gan_cost import gan_cost, non_saturating_grad
from gpuarray.cuda.importance import (
    importance_bound, log_prior, sample_posterior, sample_posterior_grad)
from gpuarray.cuda.latent import advance, binarise, normal, reparametrise, reparametrise_grad
from gpuarray.cuda.likelihood import bernoulli_loss, gaussian_loss
from gpuarray.cuda.means import add_means
from gpuarray.cuda.memory import concatenate
from gpuarray.cuda.optimiser import adam_step, rmsprop_step
from gpuarray.cuda.pyramid import enlarge, shrink
from gpuarray.cuda.runtime import empty, zeros
from gpuarray.cuda.sums import total

FLOATING = "float32", "bfloat16"     # types of activations
MOST_ELEMENTS = 2**31 - 1            # of an array: kernels index with 32 bits
TENSOR_CORES = 8, 0                  # the compute capability from which on they take tf32 and bfloat16


def to_device(array):
    """A copy of a NumPy array on the GPU. Raises DeviceError without a usable GPU, or memory."""
    return runtime.default_runtime().to_device(array)


def to_host(array):
    """The array as a NumPy array (waits for the GPU)."""
    return runtime.runtime_of(array).to_host(array)


def describe_device():
    """The GPU in a line. Raises DeviceError where there is none that can be used."""
    return runtime.default_runtime().describe()


def why_not(precision, like=None):
    """Why the GPU of `like`, or the machine's, has no products in this precision; None where it has."""
    capability = (runtime.default_runtime() if like is None else runtime.runtime_of(like)).capability
    if precision == "fp32" or capability >= TENSOR_CORES:
        return None
    return (f"{precision} needs compute capability {TENSOR_CORES[0]}.{TENSOR_CORES[1]}, this card has "
            f"{capability[0]}.{capability[1]}: use fp32")


def host_value(x, otherwise):
    """`otherwise`: reading x would wait for the GPU."""
    return otherwise


def capture(step):
    """The function that does on the GPU, as one CUDA graph, what step() does. It must have run before."""
    return runtime.default_runtime().capture(step)
