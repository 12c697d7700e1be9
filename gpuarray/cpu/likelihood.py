"""Likelihoods of images, row by row, with their gradients."""
import math

import numpy as np

from gpuarray.cpu.latent import log_variance

LOG_2PI = math.log(2 * math.pi)


def bernoulli_loss(logits, x):
    small = np.exp(-np.abs(logits))                                     # finite at any logit
    t = (x + 1) / 2
    losses = np.maximum(logits, 0) + np.log1p(small) - t * logits
    dlogits = np.where(logits < 0, small, 1) / (1 + small) - t          # sigmoid(logits) - t
    return row_sums(losses), dlogits.astype(logits.dtype, copy=False)


def gaussian_loss(h, x, bound):
    channels = x.shape[-1]
    mean, (log_var, slope) = h[..., :channels], log_variance(h[..., channels:], bound)
    precision = np.exp(-log_var)
    dmean = (mean - x) * precision
    squared = (mean - x) * dmean
    losses = row_sums(0.5 * (LOG_2PI + log_var + squared))
    return losses, np.concatenate([dmean, 0.5 * (1 - squared) * slope], axis=-1).astype(h.dtype, copy=False)


def row_sums(values):
    return values.reshape(len(values), -1).sum(axis=1, dtype=np.float64).astype(values.dtype, copy=False)
