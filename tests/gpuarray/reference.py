"""Plain definitions of the operations, in float64 and written to be read, not to be fast."""
import colorsys
import itertools

import numpy as np


def activation(a, name):
    return {"linear": a, "relu": np.maximum(a, 0), "tanh": np.tanh(a)}[name]


def activation_slope(a, name):
    return {"linear": np.ones_like(a), "relu": (a > 0).astype(a.dtype), "tanh": 1 - np.tanh(a) ** 2}[name]


def batchnorm(x, gamma, beta, eps, name):
    rows = x.reshape(-1, x.shape[-1])
    mean, var = rows.mean(0), rows.var(0)
    inv_std = 1 / np.sqrt(var + eps)
    return activation((x - mean) * inv_std * gamma + beta, name), mean, inv_std


def batchnorm_grad(dy, x, gamma, beta, eps, name):
    rows = x.reshape(-1, x.shape[-1])
    mean, inv_std = rows.mean(0), 1 / np.sqrt(rows.var(0) + eps)
    normalised = (rows - mean) * inv_std
    g = dy.reshape(rows.shape) * activation_slope(normalised * gamma + beta, name)
    dnormalised = g * gamma
    dx = inv_std * (dnormalised - dnormalised.mean(0) - normalised * (dnormalised * normalised).mean(0))
    return dx.reshape(x.shape), (g * normalised).sum(0), g.sum(0)


def posterior(h, bound):
    mean, raw = np.split(h, 2, axis=1)
    return mean, raw if bound is None else bound * np.tanh(raw / bound)


def kl(h, bound):
    mean, log_var = posterior(h, bound)
    return 0.5 * np.sum(mean**2 + np.exp(log_var) - 1 - log_var)


def reparametrise(h, noise, bound):
    mean, log_var = posterior(h, bound)
    return mean + np.exp(log_var / 2) * noise


def costs(logits, eps):
    d = 1 / (1 + np.exp(-logits))
    return -np.log(d + eps), -np.log(1 - d + eps)


def augment(images, parameters, size):
    """One output pixel at a time, its colours by the standard library."""
    n, height, width, channels = images.shape
    out = np.zeros((n, size, size, channels))
    for b, i, j in np.ndindex(n, size, size):
        p = parameters[b].astype(np.float64)
        u, v = j - (size - 1) / 2, i - (size - 1) / 2
        x = (width - 1) / 2 + p[0] * u + p[1] * v + p[2]
        y = (height - 1) / 2 + p[3] * u + p[4] * v + p[5]
        c = np.zeros(channels)
        for row, column in itertools.product(range(int(y // 1) - 1, int(y // 1) + 3),
                                             range(int(x // 1) - 1, int(x // 1) + 3)):
            here = images[b, np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)]
            c += cubic(y - row) * cubic(x - column) * here / 255
        c = np.clip(c, 0, 1) ** p[6]
        if channels == 3:
            hue, saturation, value = colorsys.rgb_to_hsv(*c)
            c = np.array(colorsys.hsv_to_rgb((hue + p[8]) % 1, saturation ** p[7], value ** p[7]))
        else:
            c = c ** p[7]
        out[b, i, j] = 2 * c - 1
    return out


def cubic(distance):
    """Keys' kernel with a = -1/2."""
    d = abs(distance)
    if d < 1:
        return 1.5 * d**3 - 2.5 * d**2 + 1
    return -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2 if d < 2 else 0.0
