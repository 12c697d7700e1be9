"""Every operation of the library: what it computes, for which shapes, and where it comes from.

    products        convolutions and dense layers with bias and activation, and their gradients
    normalisation   batch normalisation with its activation
    losses          feature loss, reparametrisation with KL, the GAN's cost
    optimisers      RMSProp and Adam
    arrays          noise, augmentation, casts, copies and memory

Each is a pure function of its arrays (what it updates in place is named so). It checks its arguments here, once, and is
then written twice: in `gpuarray.cpu` with NumPy, and in `gpuarray.cuda` with hand-written kernels, which trust what
they are given. The NumPy backend is what the other is tested against.

Axes, one letter each through the whole code:
    N images, H x W pixels, C channels in, K channels out, k kernel side, s stride, D inputs and K outputs of a dense
    layer, Z latent dimensions, n anything flat. Images and features are (N, H, W, C), convolution weights (k, k, C, K).
Types: activations are float32, on the CPU also float64 (for checks), on the GPU also bfloat16. Parameters, their
    gradients, statistics and sums have the same type, but float32 beside bfloat16. The checks call the two T and P
    (gpuarray.checks).
Activations: 'linear', 'relu', 'tanh'.
Gradients: those of activations are returned; those of parameters are added, times `weight`, to the array given.
Precision: `tf32=True` lets the CUDA backend round float32 factors to tf32 (10 bits of mantissa); the NumPy backend
    refuses it.

All arrays are C-contiguous, not empty, and on one device; on the GPU they have at most 2^31 - 1 elements, results too.
Anything else raises ArgumentError: one line that says which argument, what was expected and what was given.
"""
from gpuarray.operations.arrays import (
    advance, augment, cast, concatenate, empty, host_value, normal, zeros)
from gpuarray.operations.losses import (
    feature_loss, gan_cost, non_saturating_grad, reparametrise, reparametrise_grad)
from gpuarray.operations.normalisation import (
    batchnorm, batchnorm_grad, batchnorm_inference, batchnorm_inference_grad)
from gpuarray.operations.optimisers import adam_step, rmsprop_step
from gpuarray.operations.products import (
    bias_activation_grad, conv2d, conv2d_input_grad, conv2d_weight_grad, dense, dense_input_grad, dense_weight_grad)
