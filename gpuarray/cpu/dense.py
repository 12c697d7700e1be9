"""Dense layers: NumPy's matrix product, which uses all cores itself, with the epilogue of a convolution."""
import numpy as np

from gpuarray.cpu.activation import activate
from gpuarray.cpu.batchnorm import moments_of
from gpuarray.cpu.checks import check_array, check_epilogue, check_precision


def dense(x, w, bias, activation, moments, tf32):
    check_array("x", x, (None, None))
    check_array("w", w, (x.shape[1], None), x)
    check_epilogue(bias, activation, tf32, w.shape[1], x)
    y = x @ w
    if bias is not None:
        y += bias
    activate(y, activation)
    return (y, moments_of(y)) if moments else y


def dense_input_grad(dy, w, tf32):
    check_array("dy", dy, (None, None))
    check_array("w", w, (None, dy.shape[1]), dy)
    check_precision(tf32)
    return dy @ w.T


def dense_weight_grad(x, dy, dw, weight, tf32):
    check_array("x", x, (None, None))
    check_array("dy", dy, (len(x), None), x)
    check_array("dw", dw, (x.shape[1], dy.shape[1]), x)
    check_precision(tf32)
    if weight:
        product = x.T @ dy
        product *= dw.dtype.type(weight)
        np.add(dw, product, out=dw)
