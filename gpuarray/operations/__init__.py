"""Every operation of the library: what it computes, for which shapes, and where it comes from.

    products        convolutions and dense layers with bias and activation, and their gradients
    normalisation   batch normalisation with its activation
    losses          feature loss, reparametrisation with KL, the GAN's cost, running totals of losses
    likelihoods     Bernoulli and Gaussian pixels, importance-weighted bounds, planar flows
    optimisers      RMSProp and Adam
    arrays          noise, augmentation, half and double size, casts, copies and memory

Each is a pure function of its arrays; what it updates in place is named so. Its arguments are checked here,
once (gpuarray.checks). It is then written twice, without checks: in `gpuarray.cpu` with NumPy, and in
`gpuarray.cuda` with hand-written kernels, which are tested against the first.

Axes        one letter each through the whole code: N images, H x W pixels, C channels in, K channels out,
            k kernel side, s stride, D inputs and K outputs of a dense layer, Z latent dimensions, n elements
            of a flat buffer. Images and features are (N, H, W, C), convolution weights (k, k, C, K).
Types       activations are float32; float64 on the CPU, for checks; bfloat16 on the GPU (T in the checks).
            Parameters, their gradients, statistics and sums are float32 beside bfloat16, else the same (P).
Layout      arrays are C-contiguous, not empty and on one device; on the GPU arrays and results have at most
            2^31 - 1 elements.
Gradients   those of activations are returned; those of parameters are added, times `weight`, to an array.
Precision   `tf32=True` rounds float32 factors to tf32 (10 bits of mantissa) on the GPU; the CPU refuses it.
Errors      ArgumentError, in one line: the operation, the argument, what it is and what was expected.
"""
from gpuarray.operations.arrays import (
    advance, augment, cast, concatenate, empty, enlarge, host_value, normal, shrink, zeros)
from gpuarray.operations.likelihoods import (
    bernoulli_loss, binarise, gaussian_loss, importance_bound, log_prior, planar_flow, planar_flow_grad,
    sample_posterior, sample_posterior_grad, total)
from gpuarray.operations.losses import (
    add_means, feature_loss, gan_cost, non_saturating_grad, reparametrise, reparametrise_grad)
from gpuarray.operations.normalisation import (
    Normalised, batchnorm, batchnorm_grad, batchnorm_inference, batchnorm_inference_grad)
from gpuarray.operations.optimisers import adam_step, rmsprop_step
from gpuarray.operations.products import (
    bias_activation_grad, conv2d, conv2d_input_grad, conv2d_weight_grad, dense, dense_input_grad,
    dense_weight_grad)
