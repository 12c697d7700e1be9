"""Dense layers: matrix products, of which each core computes a part of the result, with the epilogue of a convolution."""
import numpy as np

from gpuarray.cpu.activation import activate
from gpuarray.cpu.batchnorm import moments_of
from gpuarray.cpu.checks import check_array, check_epilogue, check_precision
from gpuarray.cpu.memory import empty
from gpuarray.cpu.threads import cores, in_chunks


def dense(x, w, bias, activation, moments, tf32):
    check_array("x", x, (None, None))
    check_array("w", w, (x.shape[1], None), x)
    check_epilogue(bias, activation, tf32, w.shape[1], x)
    y = _product(x, w)
    if bias is not None:
        y += bias
    activate(y, activation)
    return (y, moments_of(y)) if moments else y


def dense_input_grad(dy, w, tf32):
    check_array("dy", dy, (None, None))
    check_array("w", w, (None, dy.shape[1]), dy)
    check_precision(tf32)
    return _product(dy, w.T)


def dense_weight_grad(x, dy, dw, weight, tf32):
    check_array("x", x, (None, None))
    check_array("dy", dy, (len(x), None), x)
    check_array("dw", dw, (x.shape[1], dy.shape[1]), x)
    check_precision(tf32)
    if weight:
        product = _product(x.T, dy)
        product *= dw.dtype.type(weight)
        np.add(dw, product, out=dw)


def _product(a, b):
    """a b; the cores share the longer side of the result."""
    rows, columns = len(a), b.shape[1]
    out = empty((rows, columns), a.dtype)
    if rows >= columns:
        in_chunks(lambda part: np.matmul(a[part], b, out=out[part]), rows, -(-rows // cores()))
    else:
        in_chunks(lambda part: np.matmul(a, b[:, part], out=out[:, part]), columns, -(-columns // cores()))
    return out
