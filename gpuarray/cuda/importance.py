"""Launchers of importance.cu."""
import numpy as np

from gpuarray.cuda.layout import THREADS, flat_grid
from gpuarray.cuda.runtime import empty, launch


def sample_posterior(h, noise, bound):
    samples, images, z_size = noise.shape
    z, log_q = empty(noise.shape, np.float32, h), empty((samples, images), np.float32, h)
    launch(h, "importance.cu", "sample_posterior", (samples * images,), (THREADS,),
           (h, noise, z, log_q, np.int32(images), np.int32(z_size), np.float32(bound or 0)))
    return z, log_q


def sample_posterior_grad(dz, dlog_q, h, noise, bound):
    dh = empty(h.shape, np.float32, h)
    launch(h, "importance.cu", "sample_posterior_grad", *flat_grid(h.size // 2),
           (dz, dlog_q, h, noise, dh, *map(np.int32, noise.shape), np.float32(bound or 0)))
    return dh


def log_prior(z):
    log_p = empty((len(z),), np.float32, z)
    launch(z, "importance.cu", "log_prior", (len(z),), (THREADS,), (z, log_p, np.int32(z.shape[1])))
    return log_p


def importance_bound(log_w):
    samples, images = log_w.shape
    bounds, weights = empty((images,), np.float32, log_w), empty(log_w.shape, np.float32, log_w)
    launch(log_w, "importance.cu", "importance_bound", *flat_grid(images),
           (log_w, bounds, weights, np.int32(samples), np.int32(images)))
    return bounds, weights
