"""The reparametrisation trick with the KL divergence to N(0, I) (Kingma & Welling 2014), and its gradient."""
import numpy as np


def log_variance(raw, bound):
    """log_var = bound tanh(raw / bound), or raw where bound is None, and d log_var / d raw."""
    if bound is None:
        return raw, 1
    squashed = np.tanh(raw / bound)
    return bound * squashed, 1 - squashed**2


def _mean_and_log_var(h, bound):
    z_size = h.shape[1] // 2
    return h[:, :z_size], *log_variance(h[:, z_size:], bound)


def reparametrise(h, noise, bound):
    mean, log_var, _ = _mean_and_log_var(h, bound)
    z = mean + np.exp(log_var / 2) * noise
    kl = 0.5 * np.sum(mean**2 + np.exp(log_var) - 1 - log_var, dtype=np.float64)
    return z.astype(h.dtype, copy=False), np.array([kl], _sum_type(h))


def reparametrise_grad(dz, h, noise, bound, kl_weight):
    mean, log_var, slope = _mean_and_log_var(h, bound)
    std = np.exp(log_var / 2)
    dmean = dz + kl_weight * mean
    dlog_var = 0.5 * (dz * noise * std + kl_weight * (std**2 - 1))
    return np.concatenate([dmean, dlog_var * slope], axis=1).astype(h.dtype, copy=False)


def _sum_type(array):
    return np.float64 if array.dtype == np.float64 else np.float32
