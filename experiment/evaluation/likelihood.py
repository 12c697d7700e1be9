"""Estimates of log p(x) of held-out images: bounds by a model's own likelihood, and Parzen windows."""
import numpy as np
from tqdm import tqdm

import gpuarray as ga
from experiment.settings import generator

ROWS = 10_000                                  # samples of z decoded at a time, about
VALIDATION = 1000                              # held-out images that choose sigma, at most a third of all
SIGMAS = np.geomspace(0.03, 1, 24)
_BLOCK = 500                                   # images whose distances are computed at a time
WEAKNESS = ("a Parzen window says little in so many dimensions: it may rank models against the eye, and "
            "above real images (Theis, van den Oord, Bethge 2016)")


def bounds(subject, images, samples):
    """{name: (mean, standard error)} of log p(x) in nats of images (n, S, S, C), observed with fixed draws.

    'elbo' is of one sample, 'importance' of that many (Burda et al. 2016); also 'kl', log q(z|x) - log p(z).
    """
    model, device = subject.model, subject.device
    rng, size = generator(0, "importance samples"), max(1, ROWS // samples)
    found = {"elbo": [], "importance": [], "kl": []}
    start = ga.to_device(np.zeros(1, np.uint64), device)
    for first in tqdm(range(0, len(images), size), "images weighed", unit_scale=size, disable=None):
        x = model.observe(ga.to_device(images[first:first + size], device), start, first)
        noise = rng.standard_normal((samples, len(x), model.z_size), np.float32)
        log_p, log_ratio, _ = model.log_weights(x, ga.to_device(noise, device))
        log_w = log_p - log_ratio
        found["importance"].append(ga.to_host(ga.importance_bound(log_w)[0]))
        found["elbo"].append(ga.to_host(log_w).mean(axis=0))
        found["kl"].append(ga.to_host(log_ratio).mean(axis=0))
    return {name: with_error(np.concatenate(parts)) for name, parts in found.items()}


def with_error(values):
    """(mean, its standard error)"""
    return values.mean(dtype=np.float64), values.std(dtype=np.float64) / np.sqrt(len(values))


def parzen(samples, held_out):
    """{"sigma", "log_likelihood": (mean, standard error), "at_the_edge"} by Gaussian windows on samples.

    log p(x) = log mean_i N(x; s_i, sigma^2 I) in nats, with pixels in [0, 1] (Goodfellow et al. 2014;
    Breuleux et al. 2011). The first held-out images choose sigma, the others are measured. Images are
    (n, S, S, C) in [-1, 1]. at_the_edge: whether sigma is the smallest or largest that was tried.
    """
    chosen = min(VALIDATION, len(held_out) // 3)
    scores = [with_error(scored)[0] for scored in log_densities(samples, held_out[:chosen], SIGMAS)]
    best = int(np.argmax(scores))
    measured, = log_densities(samples, held_out[chosen:], SIGMAS[best:best + 1])
    return {"sigma": SIGMAS[best], "log_likelihood": with_error(measured),
            "at_the_edge": best in (0, len(SIGMAS) - 1)}


def log_densities(samples, images, sigmas):
    """(len(sigmas), n): log mean_i N(x; s_i, sigma^2 I) of images x, pixels in [0, 1]."""
    centres = _flat(samples)
    squares, dimensions = np.einsum("ij,ij->i", centres, centres), centres.shape[1]
    result = np.empty((len(sigmas), len(images)))
    for first in tqdm(range(0, len(images), _BLOCK), "windows", unit_scale=_BLOCK, disable=None):
        block = _flat(images[first:first + _BLOCK])
        apart = squares - 2 * block @ centres.T                                       # (n, samples)
        apart += np.einsum("ij,ij->i", block, block)[:, None]
        nearest = apart.min(axis=1, keepdims=True)
        apart -= nearest
        for row, sigma in zip(result, sigmas):
            mean = np.exp(apart / (-2 * sigma**2)).mean(axis=1, dtype=np.float64)
            row[first:first + _BLOCK] = np.log(mean) - nearest[:, 0] / (2 * sigma**2)
    return result - dimensions * np.log(sigmas * np.sqrt(2 * np.pi))[:, None]


def _flat(images):
    return (images.reshape(len(images), -1).astype(np.float32) + 1) / 2
