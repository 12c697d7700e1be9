"""Dense layers: matrix products, each core computing a part of the result, with a convolution's epilogue."""
import numpy as np

from gpuarray.cpu.activation import activate, add_bias
from gpuarray.cpu.batchnorm import moments_of
from gpuarray.cpu.memory import empty
from gpuarray.cpu.threads import cores, in_parallel

_CACHED = 1 << 17      # numbers of a gradient that are computed and added at once


def dense(x, w, bias, activation, moments, tf32):
    y = _product(x, w)
    add_bias(y, bias)
    activate(y, activation)
    return (y, moments_of(y)) if moments else y


def dense_input_grad(dy, w, tf32):
    return _product(dy, w.T)


def dense_weight_grad(x, dy, dw, weight, tf32):
    if weight:
        def add(part):
            rows, columns = part
            product = empty(dw[part].shape, dw.dtype)
            np.matmul(x.T[rows], dy[:, columns], out=product)
            product *= dw.dtype.type(weight)
            dw[part] += product

        in_parallel(add, _parts(dw, _CACHED))


def _product(a, b):
    """a b; each core computes its share."""
    out = empty((len(a), b.shape[1]), a.dtype)

    def multiply(part):
        rows, columns = part
        np.matmul(a[rows], b[:, columns], out=out[part])

    in_parallel(multiply, _parts(out, -(-out.size // cores())))
    return out


def _parts(matrix, size):
    """Slices (rows, columns) that cut the matrix along its longer side into parts of about `size` numbers."""
    rows, columns = matrix.shape
    everything = slice(None)
    if rows >= columns:
        step = max(1, size // columns)
        return [(slice(start, start + step), everything) for start in range(0, rows, step)]
    step = max(1, size // rows)
    return [(everything, slice(start, start + step)) for start in range(0, columns, step)]
