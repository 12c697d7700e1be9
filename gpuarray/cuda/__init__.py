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
from gpuarray.cuda.gan_cost import gan_cost, non_saturating_grad
from gpuarray.cuda.latent import advance, normal, reparametrise, reparametrise_grad
from gpuarray.cuda.memory import concatenate
from gpuarray.cuda.optimiser import adam_step, rmsprop_step
from gpuarray.cuda.runtime import empty, zeros


def to_device(array):
    """A copy of a NumPy array on the GPU. Raises DeviceError without a usable GPU, or memory."""
    return runtime.default_runtime().to_device(array)


def to_host(array):
    """The array as a NumPy array (waits for the GPU)."""
    return runtime.runtime_of(array).to_host(array)


def describe_device():
    """The GPU in a line. Raises DeviceError where there is none that can be used."""
    return runtime.default_runtime().describe()


def host_value(x, otherwise):
    """`otherwise`: reading x would wait for the GPU."""
    return otherwise


def capture(step):
    """The function that does on the GPU, as one CUDA graph, what step() does. It must have run before."""
    return runtime.default_runtime().capture(step)
