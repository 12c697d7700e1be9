"""A thin array layer for VAE/GAN: NumPy on the CPU, CuPy and hand-written CUDA kernels on the GPU.

`gpuarray.operations` holds the contract of every operation, which `gpuarray.cpu` and `gpuarray.cuda`
implement.
"""
from gpuarray.collectives import ALONE, Group
from gpuarray.cpu.threads import available_cores, use_cores
from gpuarray.dispatch import backend_of, choose_device, computes_in, register_cuda_type, to_device, to_host
from gpuarray.errors import ArgumentError, DeviceError, ProcessError
from gpuarray.graph import Graph
from gpuarray.operations import (
    Normalised, add_means, adam_step, advance, augment, batchnorm, batchnorm_grad, batchnorm_inference,
    batchnorm_inference_grad, bernoulli_loss, bias_activation_grad, binarise, cast, concatenate, conv2d,
    conv2d_input_grad, conv2d_weight_grad, dense, dense_input_grad, dense_weight_grad, empty, enlarge,
    feature_loss, gan_cost, gaussian_loss, host_value, importance_bound, log_prior, non_saturating_grad,
    normal, planar_flow, planar_flow_grad, reparametrise, reparametrise_grad, rmsprop_step,
    sample_posterior, sample_posterior_grad, shrink, total, zeros)
