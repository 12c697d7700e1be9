"""Batch normalisation with its activation (Ioffe & Szegedy 2015), forward and back, in two passes over memory each.

Everything works on rows (M, C) = all axes but the last, a cache-sized chunk of rows at a time on all cores. Chunks give a
count, a mean and a sum of squares around that mean, which are merged exactly (Chan et al. 1983): no large number is ever
squared, so a mean far from zero does no harm.
"""
import numpy as np

from gpuarray.cpu.memory import empty
from gpuarray.cpu.threads import in_chunks

_CHUNK_BYTES = 1 << 20


def _chunk_rows(x):
    return max(1, _CHUNK_BYTES // (x.shape[1] * x.itemsize))


def _rows(x):
    return x.reshape(-1, x.shape[-1])


def merge_moments(parts, dtype):
    """[(count, mean, sum of squares around the mean)] of disjoint rows -> their common (mean, biased variance)."""
    counts = np.array([count for count, _, _ in parts], np.float64)[:, None]
    means = np.stack([mean for _, mean, _ in parts])
    squares = np.stack([square for _, _, square in parts]).astype(np.float64)
    mean = (counts * means).sum(0) / counts.sum()
    variance = (squares + counts * (means - mean) ** 2).sum(0) / counts.sum()
    return mean.astype(dtype), variance.astype(dtype)


def chunk_moments(x):
    """(count, mean, sum of squares around the mean) of the rows x (M, C), which should fit in cache."""
    count, ones = len(x), np.ones(len(x), x.dtype)
    mean = ones @ x / x.dtype.type(count)
    centred = x - mean
    rest = ones @ centred / x.dtype.type(count)      # what rounding left out of a large mean
    return count, mean.astype(np.float64) + rest, np.einsum("mc,mc->c", centred, centred) - count * rest**2


def moments_of(x):
    """(mean, biased variance) over all but the last axis of x."""
    x = _rows(x)
    parts = in_chunks(lambda chunk: chunk_moments(x[chunk]), len(x), _chunk_rows(x))
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
    mean, inv_std = statistics
    scale = gamma * inv_std
    y = empty(x.shape, x.dtype)
    x_rows, y_rows = _rows(x), _rows(y)

    def normalise(chunk):
        out = y_rows[chunk]
        np.subtract(x_rows[chunk], mean, out=out)
        out *= scale
        out += beta
        if activation == "relu":
            np.maximum(out, 0, out=out)

    in_chunks(normalise, len(x_rows), _chunk_rows(x_rows))
    return y


def batchnorm_grad(dy, x, gamma, beta, statistics, activation, dgamma, dbeta, weight):
    """With g = dy where the activation let through and n = (x - mean) * inv_std:

        dbeta = sum g,  dgamma = sum g n,  dx = gamma * inv_std * (g - dbeta / M - n * dgamma / M).
    """
    dx, sum_g, sum_gn = _through_activation(dy, x, gamma, beta, statistics, activation, dgamma, dbeta, weight)
    mean, inv_std = statistics
    rows, x_rows = _rows(dx), _rows(x)
    scale = gamma * inv_std
    by_centred = scale * inv_std * sum_gn / len(rows)      # what (x - mean) is multiplied with
    constant = scale * sum_g / len(rows)

    def finish(chunk):
        centred = x_rows[chunk] - mean
        centred *= by_centred
        out = rows[chunk]
        out *= scale
        out -= centred
        out -= constant

    in_chunks(finish, len(rows), _chunk_rows(rows))
    return dx


def batchnorm_inference_grad(dy, x, gamma, beta, statistics, activation, dgamma, dbeta, weight):
    dx, _, _ = _through_activation(dy, x, gamma, beta, statistics, activation, dgamma, dbeta, weight)
    rows = _rows(dx)
    scale = gamma * statistics[1]

    def finish(chunk):
        rows[chunk] *= scale

    in_chunks(finish, len(rows), _chunk_rows(rows))
    return dx


def _through_activation(dy, x, gamma, beta, statistics, activation, dgamma, dbeta, weight):
    """g like x, sum g (C,), sum g n (C,); the two sums are added, times weight, to dbeta and dgamma."""
    mean, inv_std = statistics
    g = empty(x.shape, x.dtype)
    g_rows, dy_rows, x_rows = _rows(g), _rows(dy), _rows(x)
    scale = gamma * inv_std

    def mask_and_sum(chunk):
        out = g_rows[chunk]
        centred = x_rows[chunk] - mean
        if activation == "relu":
            np.multiply(dy_rows[chunk], centred * scale > -beta, out=out)
        else:
            np.copyto(out, dy_rows[chunk])
        ones = np.ones(len(out), out.dtype)
        return ones @ out, np.einsum("mc,mc->c", out, centred)

    sums = in_chunks(mask_and_sum, len(x_rows), _chunk_rows(x_rows))
    sum_g = sum(np.asarray(part, np.float64) for part, _ in sums).astype(x.dtype)
    sum_gn = (sum(np.asarray(part, np.float64) for _, part in sums) * inv_std).astype(x.dtype)
    if weight:
        dbeta += dbeta.dtype.type(weight) * sum_g
        dgamma += dgamma.dtype.type(weight) * sum_gn
    return g, sum_g, sum_gn
