"""Convolutions and dense layers: products with weights, then bias and activation; and their gradients.

Weights w of another type than the activations are rounded to theirs first.
"""
from gpuarray.checks import check_precision, check_value, checked
from gpuarray.errors import ArgumentError
from gpuarray.operations.normalisation import ACTIVATIONS as NORMALISED_ACTIVATIONS
from gpuarray.rules import FINITE, Choice, Shape, Whole

ACTIVATIONS = Choice(("linear", "relu", "tanh"))
SIZE = Shape(axes=2)
STRIDE = Whole(1, 255)          # stride x stride phases lie along one axis of a kernel's grid


def conv2d(x, w, stride=1, bias=None, activation="linear", moments=False, tf32=False, into=None):
    """Convolution (cross-correlation) with 'same' padding: (k-1)//2 before and k//2 after, at every stride.

    x (N, H, W, C), w (k, k, C, K), bias (K,) -> y (N, ceil(H/s), ceil(W/s), K), y = activation(conv + bias).
    activation: 'linear', 'relu' or 'tanh'. moments=True returns (y, (mean, var)): the mean and the biased
    variance of y over N, H and W, (K,) each, for batchnorm.
    into: where y is a gradient, the batchnorm (Normalised) whose output it is the gradient to. Then there are
    no bias, activation or moments, and (y, sums) is returned, with the sums that batchnorm_grad begins with.
    """
    backend = checked("conv2d", stride=(stride, STRIDE), x=(x, "N H W C", "T"), w=(w, "k k C K", "W"),
                      bias=(bias, "K", "P|None"), activation=(activation, ACTIVATIONS),
                      y="N H/stride W/stride K", **_contract_of("conv2d", into, "N H/stride W/stride K", bias,
                                                                activation, moments))
    check_precision("conv2d", backend, x, tf32)
    return backend.conv2d(x, w, stride, bias, activation, moments, tf32, into)


def conv2d_input_grad(dy, w, stride, size, bias=None, activation="linear", moments=False, tf32=False,
                      into=None):
    """The gradient of conv2d to its input of `size` = (H, W); or the up-convolution, dy to s times its size.

    dy (N, ceil(H/s), ceil(W/s), K), w (k, k, C, K) -> dx (N, H, W, C). As an up-convolution (paper, section
    4: 'backward convolution') dy is the layer's input, w is (k, k, C_out, C_in), and bias (C,), activation
    and moments mean what they mean in conv2d. So does `into`, for a gradient.
    """
    check_value("conv2d_input_grad", "size", size, SIZE)
    backend = checked("conv2d_input_grad", stride=(stride, STRIDE), H=size[0], W=size[1],
                      dy=(dy, "N H/stride W/stride K", "T"), w=(w, "k k C K", "W"),
                      bias=(bias, "C", "P|None"), activation=(activation, ACTIVATIONS), dx="N H W C",
                      **_contract_of("conv2d_input_grad", into, "N H W C", bias, activation, moments))
    check_precision("conv2d_input_grad", backend, dy, tf32)
    return backend.conv2d_input_grad(dy, w, stride, size, bias, activation, moments, tf32, into)


def conv2d_weight_grad(x, dy, dw, stride=1, weight=1.0, tf32=False):
    """dw += weight * the gradient of conv2d to its weights, in place.

    x (N, H, W, C), dy (N, ceil(H/s), ceil(W/s), K), dw (k, k, C, K). For the up-convolution x and dy swap.
    """
    backend = checked("conv2d_weight_grad", stride=(stride, STRIDE), x=(x, "N H W C", "T"),
                      dy=(dy, "N H/stride W/stride K", "T"), dw=(dw, "k k C K", "P"),
                      weight=(weight, FINITE))
    check_precision("conv2d_weight_grad", backend, x, tf32)
    backend.conv2d_weight_grad(x, dy, dw, stride, weight, tf32)


def dense(x, w, bias=None, activation="linear", moments=False, tf32=False):
    """x (N, D), w (D, K), bias (K,) -> y (N, K) = activation(x w + bias); the rest is as in conv2d."""
    backend = checked("dense", x=(x, "N D", "T"), w=(w, "D K", "W"), bias=(bias, "K", "P|None"),
                      activation=(activation, ACTIVATIONS), y="N K")
    check_precision("dense", backend, x, tf32)
    return backend.dense(x, w, bias, activation, moments, tf32)


def dense_input_grad(dy, w, tf32=False):
    """dy (N, K), w (D, K) -> dx (N, D)."""
    backend = checked("dense_input_grad", dy=(dy, "N K", "T"), w=(w, "D K", "W"), dx="N D")
    check_precision("dense_input_grad", backend, dy, tf32)
    return backend.dense_input_grad(dy, w, tf32)


def dense_weight_grad(x, dy, dw, weight=1.0, tf32=False):
    """dw += weight * x^T dy, in place. x (N, D), dy (N, K), dw (D, K)."""
    backend = checked("dense_weight_grad", x=(x, "N D", "T"), dy=(dy, "N K", "T"), dw=(dw, "D K", "P"),
                      weight=(weight, FINITE))
    check_precision("dense_weight_grad", backend, x, tf32)
    backend.dense_weight_grad(x, dy, dw, weight, tf32)


def bias_activation_grad(dy, y, activation, dbias=None, weight=1.0):
    """The gradient of y = activation(a + bias) to a, from dy (..., K) and y alone: da like dy.

    relu and tanh tell their derivative from their value, so a need not be kept. dbias (K,) += weight * the
    sum of da over all but the last axis; weight 0 or dbias None skips it.
    """
    backend = checked("bias_activation_grad", y=(y, "... K", "T"), dy=(dy, "... K", "T"),
                      dbias=(dbias, "K", "P|None"), activation=(activation, ACTIVATIONS),
                      weight=(weight, FINITE))
    return backend.bias_activation_grad(dy, y, activation, dbias, weight)


def _contract_of(operation, into, axes, bias, activation, moments):
    """What is asked of the batchnorm that a gradient with these axes goes into."""
    if into is None:
        return {}
    if bias is not None or activation != "linear" or moments:
        raise ArgumentError(f"{operation}: a gradient (into) has no bias, activation or moments: leave them "
                            "out")
    c = axes.split()[-1]
    return {"into.x": (into.x, axes, "T"), "into.gamma": (into.gamma, c, "P"),
            "into.beta": (into.beta, c, "P"), "into.statistics": (into.statistics, (c, c), "P"),
            "into.activation": (into.activation, NORMALISED_ACTIVATIONS)}
