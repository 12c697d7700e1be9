"""Launchers of batchnorm.cu and batchnorm_grad.cu."""
import numpy as np

from gpuarray.cuda.layout import Columns, merge_grid
from gpuarray.cuda.runtime import empty, launch
from gpuarray.cuda.sums import add_column_sums


def batchnorm(x, gamma, beta, eps, activation, moments, running, momentum):
    given_mean, given_var = moments or (None, None)
    running_mean, running_inv_std = running or (None, None)
    y, inv_std = empty(x.shape, x.dtype, x), empty(gamma.shape, np.float32, x)
    columns = Columns(x, gamma, beta, given_mean, given_var)
    defines = _defines(columns, activation)
    scalars = np.float32(eps), np.float32(1 - momentum)
    if moments is None and columns.few_rows:
        mean = empty(gamma.shape, np.float32, x)
        launch(x, "batchnorm.cu", "batchnorm_small", (columns.strips,), columns.block,
               (x, gamma, beta, y, mean, inv_std, running_mean, running_inv_std, *scalars, *columns.sizes()),
               defines=defines)
        return y, (mean, inv_std)
    mean, var = moments or _moments(x, columns, defines)
    segment, segments = columns.segments_for_map()
    launch(x, "batchnorm.cu", "batchnorm_forward", (columns.strips, segments), columns.block,
           (x, gamma, beta, mean, var, y, inv_std, running_mean, running_inv_std, *scalars,
            *columns.sizes(segment)), defines=defines)
    return y, (mean, inv_std)


def _moments(x, columns, defines):
    """Mean and biased variance of x over all but the last axis, (C,) each."""
    segment, segments = columns.segments_for_sums()
    partials = empty((segments, 2, columns.channels), np.float32, x)
    mean, var = (empty((columns.channels,), np.float32, x) for _ in range(2))
    launch(x, "batchnorm.cu", "batchnorm_partials", (columns.strips, segments), columns.block,
           (x, partials, *columns.sizes(segment)), defines=defines)
    launch(x, "batchnorm.cu", "batchnorm_moments", *merge_grid(columns.channels),
           (partials, mean, var, *columns.sizes(segment)), defines=defines)
    return mean, var


def batchnorm_inference(x, gamma, beta, statistics, activation):
    mean, inv_std = statistics
    y = empty(x.shape, x.dtype, x)
    columns = Columns(x, gamma, beta, mean, inv_std)
    segment, segments = columns.segments_for_map()
    launch(x, "batchnorm.cu", "batchnorm_inference", (columns.strips, segments), columns.block,
           (x, gamma, beta, mean, inv_std, y, *columns.sizes(segment)),
           defines=_defines(columns, activation))
    return y


def batchnorm_grad(dy, x, gamma, beta, statistics, activation, dgamma, dbeta, weight, group, sums):
    mean, inv_std = statistics
    dx = empty(x.shape, x.dtype, x)
    columns = Columns(x, dy, gamma, beta, mean, inv_std)
    defines = _defines(columns, activation)
    inputs = dy, x, gamma, beta, mean, inv_std
    if sums is None and columns.few_rows and group.size == 1:
        launch(x, "batchnorm_grad.cu", "batchnorm_grad_small", (columns.strips,), columns.block,
               (*inputs, dx, dgamma, dbeta, np.float32(weight), *columns.sizes()), defines=defines)
        return dx
    partials = sums
    if partials is None:
        segment, segments = columns.segments_for_sums()
        partials = empty((segments, 2, columns.channels), np.float32, x)
        launch(x, "batchnorm_grad.cu", "batchnorm_grad_partials", (columns.strips, segments), columns.block,
               (*inputs, partials, *columns.sizes(segment)), defines=defines)
    sums = empty((2, columns.channels), np.float32, x)
    add_column_sums(partials, sums, dbeta, dgamma, weight)
    if group.size > 1:
        group.sum(sums)
        sums *= columns.rows / group.whole(columns.rows)          # the kernel divides by the rows here
    segment, segments = columns.segments_for_map()
    launch(x, "batchnorm_grad.cu", "batchnorm_grad_apply", (columns.strips, segments), columns.block,
           (*inputs, sums, dx, *columns.sizes(segment)), defines=defines)
    return dx


def batchnorm_inference_grad(dy, x, gamma, beta, statistics, activation, dgamma, dbeta, weight):
    mean, inv_std = statistics
    dx = empty(x.shape, x.dtype, x)
    columns = Columns(x, dy, gamma, beta, mean, inv_std)
    segment, segments = columns.segments_for_sums() if weight else columns.segments_for_map()
    partials = empty((segments, 2, columns.channels), np.float32, x) if weight else None
    launch(x, "batchnorm_grad.cu", "batchnorm_inference_grad", (columns.strips, segments), columns.block,
           (dy, x, gamma, beta, mean, inv_std, dx, partials, *columns.sizes(segment)),
           defines=_defines(columns, activation))
    if weight:
        add_column_sums(partials, None, dbeta, dgamma, weight)
    return dx


def _defines(columns, activation):
    return (*columns.defines, ("ACTIVATION", activation.upper()))
