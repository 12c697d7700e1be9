"""Plain definitions of the likelihoods and bounds, in float64, and arrays to try them on."""
import numpy as np
from scipy.special import logsumexp

import gpuarray as ga
from tests.gpuarray.reference import posterior


def bernoulli(logits, x):
    """-log p of each row."""
    p, t = 1 / (1 + np.exp(-logits)), (x + 1) / 2
    return -np.sum((t * np.log(p) + (1 - t) * np.log(1 - p)).reshape(len(x), -1), axis=1)


def gaussian(h, x, bound):
    """-log N of each row, log-variances in the second half of the last axis."""
    mean, raw = np.split(h, 2, axis=-1)
    variance = np.exp(raw if bound is None else bound * np.tanh(raw / bound))
    density = np.exp(-(x - mean) ** 2 / (2 * variance)) / np.sqrt(2 * np.pi * variance)
    return -np.sum(np.log(density).reshape(len(x), -1), axis=1)


def log_q(h, noise, bound):
    """Of noise (..., N, Z)."""
    _, log_var = posterior(h, bound)
    std = np.exp(log_var / 2)
    return np.sum(np.log(np.exp(-(std * noise) ** 2 / (2 * std**2)) / np.sqrt(2 * np.pi * std**2)), axis=-1)


def bound_of(log_w):
    return logsumexp(log_w, axis=0) - np.log(len(log_w))


def flow(z, u, w, b):
    """z' and log |det dz'/dz| by the determinant of the whole Jacobian."""
    s = w @ u
    u_hat = u + (np.log(1 + np.exp(s)) - 1 - s) * w / (w @ w)
    h = np.tanh(z @ w + b)
    jacobians = np.eye(len(u)) + (1 - h**2)[:, None, None] * np.outer(u_hat, w)
    return z + h[:, None] * u_hat, np.log(np.abs(np.linalg.det(jacobians)))


def flow_arrays(rows, z_size, seed=7):
    """dy, dlog_det, z, u, w, b, du, dw, db"""
    rng = np.random.default_rng(seed)
    shapes = (rows, z_size), (rows,), (rows, z_size), *[(z_size,)] * 2, (1,), *[(z_size,)] * 2, (1,)
    return [rng.standard_normal(shape) for shape in shapes]


def refusals(a):
    """(operation, the argument that is wrong, the call), for test_contracts; a: its Arguments."""
    return [
        ("binarise", "x", lambda: ga.binarise(a.images, 1, a.counter)),
        ("binarise", "seed", lambda: ga.binarise(a.x, -1, a.counter)),
        ("binarise", "counter", lambda: ga.binarise(a.x, 1, a.one)),
        ("bernoulli_loss", "x", lambda: ga.bernoulli_loss(a.rows, a(6, 3))),
        ("gaussian_loss", "x", lambda: ga.gaussian_loss(a(6, 4), a(6, 4), 8.0)),
        ("gaussian_loss", "bound", lambda: ga.gaussian_loss(a(6, 4), a(6, 2), -1.0)),
        ("sample_posterior", "noise", lambda: ga.sample_posterior(a.h, a.noise, 8.0)),
        ("sample_posterior", "bound", lambda: ga.sample_posterior(a.h, a(5, 2, 3), 0.0)),
        ("sample_posterior_grad", "dlog_q",
         lambda: ga.sample_posterior_grad(a(5, 2, 3), a(2), a.h, a(5, 2, 3), 8.0)),
        ("log_prior", "z", lambda: ga.log_prior(a.flat)),
        ("importance_bound", "log_w", lambda: ga.importance_bound(a.flat)),
        ("planar_flow", "u", lambda: ga.planar_flow(a.rows, a(3), a.flat, a.one)),
        ("planar_flow", "b", lambda: ga.planar_flow(a.rows, a.flat, a.flat, a.flat)),
        ("planar_flow_grad", "dlog_det",
         lambda: ga.planar_flow_grad(a.rows, a.flat, a.rows, a.flat, a.flat, a.one, a.flat, a.flat, a.one)),
        ("planar_flow_grad", "db",
         lambda: ga.planar_flow_grad(a.rows, a(6), a.rows, a.flat, a.flat, a.one, a.flat, a.flat, a.flat)),
        ("planar_flow_grad", "weight",
         lambda: ga.planar_flow_grad(a.rows, a(6), a.rows, a.flat, a.flat, a.one, a.flat, a.flat, a.one,
                                     np.nan)),
        ("shrink", "x", lambda: ga.shrink(a(2, 5, 4, 3))),
        ("enlarge", "x", lambda: ga.enlarge(a.rows)),
        ("total", "x", lambda: ga.total(a.images)),
    ]
