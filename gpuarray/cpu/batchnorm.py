"""Batch normalisation with its activation (Ioffe & Szegedy 2015) and its gradient, in two passes each.

Everything works on wide rows (gpuarray.cpu.blocking), a cache-sized chunk at a time on all cores. Each chunk
gives a count, a mean and a sum of squares around that mean, which are merged exactly (Chan et al. 1983): no
large number is ever squared, so a mean far from zero costs no precision.
"""
import numpy as np

from gpuarray.cpu.memory import empty
from gpuarray.cpu.blocking import fold, repeat, rows_in_chunk, wide_rows
from gpuarray.cpu.threads import in_chunks


def merge_moments(parts, dtype):
    """[(count, mean, sum of squares around the mean)] of disjoint rows -> their (mean, biased variance)."""
    counts = np.array([count for count, _, _ in parts], np.float64)[:, None]
    means = np.stack([mean for _, mean, _ in parts])
    squares = np.stack([square for _, _, square in parts])
    mean = (counts * means).sum(0) / counts.sum()
    variance = (squares + counts * (means - mean) ** 2).sum(0) / counts.sum()
    return mean.astype(dtype), variance.astype(dtype)


def chunk_moments(x):
    """(count, mean, sum of squares around the mean), in float64, of rows x (M, C) that fit in cache."""
    count, channels = x.shape
    rows = wide_rows(x)
    ones, centred = np.ones(len(rows), x.dtype), empty(rows.shape, x.dtype)
    mean = (fold(ones @ rows, channels) / count).astype(x.dtype)
    np.subtract(rows, repeat(mean, rows), out=centred)
    rest = fold(ones @ centred, channels) / count      # what rounding left out of a large mean
    squares = fold(np.einsum("mc,mc->c", centred, centred), channels)
    return count, mean + rest, squares - count * rest**2


def moments_of(x):
    """(mean, biased variance) over all but the last axis of x."""
    x = x.reshape(-1, x.shape[-1])
    size = rows_in_chunk(x)
    parts = in_chunks(lambda chunk: chunk_moments(x[chunk]), len(x), size)
    return merge_moments(parts, x.dtype)


def batchnorm(x, gamma, beta, eps, activation, moments, running, momentum):
    mean, variance = moments_of(x) if moments is None else moments
    inv_std = 1 / np.sqrt(variance + x.dtype.type(eps))
    if running is not None:
        for kept, batch in zip(running, (mean, inv_std)):
            kept *= kept.dtype.type(momentum)
            kept += kept.dtype.type(1 - momentum) * batch
    statistics = mean, inv_std
    return batchnorm_inference(x, gamma, beta, statistics, activation), statistics


def batchnorm_inference(x, gamma, beta, statistics, activation):
    y = empty(x.shape, x.dtype)
    x_rows, y_rows = wide_rows(x), wide_rows(y)
    mean, scale, shift = (repeat(vector, x_rows) for vector in (statistics[0], gamma * statistics[1], beta))

    def normalise(chunk):
        out = y_rows[chunk]
        np.subtract(x_rows[chunk], mean, out=out)
        out *= scale
        out += shift
        if activation == "relu":
            np.maximum(out, 0, out=out)

    in_chunks(normalise, len(x_rows), rows_in_chunk(x_rows))
    return y


def batchnorm_grad(dy, x, gamma, beta, statistics, activation, dgamma, dbeta, weight, group, sums):
    """With g = dy where the activation's slope is 1, else 0, and n = (x - mean) * inv_std:

        dbeta = sum g,  dgamma = sum g n,  dx = gamma * inv_std * (g - dbeta / M - n * dgamma / M).
    """
    if sums is None:
        sums = gradient_sums(dy, x, gamma, beta, statistics, activation)
    sums = sums.sum(0)
    _add_gradients(sums, dgamma, dbeta, weight)
    sum_g, sum_gn = group.sum(sums)
    inv_std, dx = statistics[1], empty(x.shape, x.dtype)
    rows, through = wide_rows(dx), _through_activation(dy, x, gamma, beta, statistics, activation)
    scale, count = gamma * inv_std, group.whole(x.size // len(gamma))
    slope, constant = scale * inv_std * sum_gn / count, scale * sum_g / count
    scale, slope, constant = (repeat(vector, rows) for vector in (scale, slope, constant))

    def finish(chunk):
        out = rows[chunk]
        centred = through(chunk, out)
        centred *= slope
        out *= scale
        out -= centred
        out -= constant

    in_chunks(finish, len(rows), rows_in_chunk(rows))
    return dx


def batchnorm_inference_grad(dy, x, gamma, beta, statistics, activation, dgamma, dbeta, weight):
    if weight:
        (sums,) = gradient_sums(dy, x, gamma, beta, statistics, activation)
        _add_gradients(sums, dgamma, dbeta, weight)
    dx = empty(x.shape, x.dtype)
    rows, through = wide_rows(dx), _through_activation(dy, x, gamma, beta, statistics, activation)
    scale = repeat(gamma * statistics[1], rows)

    def finish(chunk):
        through(chunk, rows[chunk])
        rows[chunk] *= scale

    in_chunks(finish, len(rows), rows_in_chunk(rows))
    return dx


def gradient_sums(dy, x, gamma, beta, statistics, activation):
    """sum g and sum g n (batchnorm_grad), as (1, 2, C)."""
    x_rows, through = wide_rows(x), _through_activation(dy, x, gamma, beta, statistics, activation)

    def sum_chunk(chunk):
        g = empty(x_rows[chunk].shape, x.dtype)
        centred = through(chunk, g)
        sum_g, sum_gc = np.ones(len(g), g.dtype) @ g, np.einsum("mc,mc->c", g, centred)
        return fold(sum_g, len(gamma)), fold(sum_gc, len(gamma))

    parts = in_chunks(sum_chunk, len(x_rows), rows_in_chunk(x_rows))
    sum_g, sum_gc = (sum(part).astype(x.dtype) for part in zip(*parts))
    return np.stack([sum_g, sum_gc * statistics[1]])[None]


def _add_gradients(sums, dgamma, dbeta, weight):
    if weight:
        dbeta += dbeta.dtype.type(weight) * sums[0]
        dgamma += dgamma.dtype.type(weight) * sums[1]


def _through_activation(dy, x, gamma, beta, statistics, activation):
    """A function of a chunk of wide rows: it writes g to `out` and returns x - mean."""
    dy_rows, x_rows = wide_rows(dy), wide_rows(x)
    mean, scale, bound = (repeat(vector, x_rows) for vector in (statistics[0], gamma * statistics[1], -beta))

    def through(chunk, out):
        centred = empty(out.shape, out.dtype)
        np.subtract(x_rows[chunk], mean, out=centred)
        if activation == "relu":
            np.multiply(centred, scale, out=out)
            np.multiply(dy_rows[chunk], out > bound, out=out)
        else:
            np.copyto(out, dy_rows[chunk])
        return centred

    return through
