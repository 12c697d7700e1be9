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


def batchnorm_grad(dy, x, gamma, beta, statistics, activation, dgamma, dbeta, weight, group):
    """With g = dy where the activation's slope is 1, else 0, and n = (x - mean) * inv_std:

        dbeta = sum g,  dgamma = sum g n,  dx = gamma * inv_std * (g - dbeta / M - n * dgamma / M).
    """
    dx, sum_g, sum_gn = _through_activation(dy, x, gamma, beta, statistics, activation, dgamma, dbeta, weight)
    sum_g, sum_gn = group.sum(np.stack([sum_g, sum_gn]))
    mean, inv_std = statistics
    rows, x_rows = wide_rows(dx), wide_rows(x)
    scale, count = gamma * inv_std, group.whole(x.size // len(gamma))
    slope, constant = scale * inv_std * sum_gn / count, scale * sum_g / count
    mean, scale, slope, constant = (repeat(vector, rows) for vector in (mean, scale, slope, constant))

    def finish(chunk):
        out = rows[chunk]
        centred = empty(out.shape, out.dtype)
        np.subtract(x_rows[chunk], mean, out=centred)
        centred *= slope
        out *= scale
        out -= centred
        out -= constant

    in_chunks(finish, len(rows), rows_in_chunk(rows))
    return dx


def batchnorm_inference_grad(dy, x, gamma, beta, statistics, activation, dgamma, dbeta, weight):
    dx, _, _ = _through_activation(dy, x, gamma, beta, statistics, activation, dgamma, dbeta, weight)
    rows = wide_rows(dx)
    scale = repeat(gamma * statistics[1], rows)

    def finish(chunk):
        rows[chunk] *= scale

    in_chunks(finish, len(rows), rows_in_chunk(rows))
    return dx


def _through_activation(dy, x, gamma, beta, statistics, activation, dgamma, dbeta, weight):
    """g like x, sum g (C,), sum g n (C,); the two sums are added, times weight, to dbeta and dgamma."""
    g = empty(x.shape, x.dtype)
    g_rows, dy_rows, x_rows = wide_rows(g), wide_rows(dy), wide_rows(x)
    mean, scale, bound = (repeat(vector, x_rows) for vector in (statistics[0], gamma * statistics[1], -beta))

    def mask_and_sum(chunk):
        out = g_rows[chunk]
        centred = empty(out.shape, out.dtype)
        np.subtract(x_rows[chunk], mean, out=centred)
        if activation == "relu":
            np.multiply(centred, scale, out=out)
            np.multiply(dy_rows[chunk], out > bound, out=out)
        else:
            np.copyto(out, dy_rows[chunk])
        sum_g, sum_gc = np.ones(len(out), out.dtype) @ out, np.einsum("mc,mc->c", out, centred)
        return fold(sum_g, len(gamma)), fold(sum_gc, len(gamma))

    sums = in_chunks(mask_and_sum, len(x_rows), rows_in_chunk(x_rows))
    sum_g, sum_gc = (sum(part).astype(x.dtype) for part in zip(*sums))
    sum_gn = sum_gc * statistics[1]
    if weight:
        dbeta += dbeta.dtype.type(weight) * sum_g
        dgamma += dgamma.dtype.type(weight) * sum_gn
    return g, sum_g, sum_gn
