"""Samples of q(z|x) with their densities, and the importance-weighted bound (Burda et al. 2016)."""
import numpy as np

from gpuarray.cpu.latent import log_variance
from gpuarray.cpu.likelihood import LOG_2PI, row_sums


def sample_posterior(h, noise, bound):
    z_size = noise.shape[-1]
    log_var, _ = log_variance(h[:, z_size:], bound)
    z = h[:, :z_size] + np.exp(log_var / 2) * noise
    log_q = -0.5 * row_sums((LOG_2PI + log_var + noise**2).reshape(-1, z_size))
    return z.astype(h.dtype, copy=False), log_q.reshape(noise.shape[:-1])


def sample_posterior_grad(dz, dlog_q, h, noise, bound):
    log_var, slope = log_variance(h[:, noise.shape[-1]:], bound)
    dlog_var = 0.5 * (np.sum(dz * noise, axis=0) * np.exp(log_var / 2) - np.sum(dlog_q, axis=0)[:, None])
    return np.concatenate([dz.sum(axis=0), dlog_var * slope], axis=1).astype(h.dtype, copy=False)


def log_prior(z):
    return -0.5 * row_sums(LOG_2PI + z**2)


def importance_bound(log_w):
    highest = log_w.max(axis=0)
    w = np.exp(log_w - highest)
    sums = w.sum(axis=0)
    return highest + np.log(sums / len(log_w)).astype(log_w.dtype, copy=False), w / sums


def total(x):
    return np.array([x.sum(dtype=np.float64)], x.dtype)
