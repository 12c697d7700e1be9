"""Plain definitions of the operations, in float64 and written to be read, not to be fast."""
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


def kl(h, bound):
    mean, raw = np.split(h, 2, axis=1)
    log_var = bound * np.tanh(raw / bound)
    return 0.5 * np.sum(mean**2 + np.exp(log_var) - 1 - log_var)


def reparametrise(h, noise, bound):
    mean, raw = np.split(h, 2, axis=1)
    return mean + np.exp(bound * np.tanh(raw / bound) / 2) * noise


def costs(logits, eps):
    d = 1 / (1 + np.exp(-logits))
    return -np.log(d + eps), -np.log(1 - d + eps)


def augment(images, parameters, size):
    """One output value at a time."""
    n, height, width, channels = images.shape
    to_yiq = np.array([[0.299, 0.587, 0.114], [0.595716, -0.274453, -0.321263],
                       [0.211456, -0.522591, 0.311135]])
    out = np.zeros((n, size, size, channels))
    for b, i, j in np.ndindex(n, size, size):
        p = parameters[b].astype(np.float64)
        u, v = j - (size - 1) / 2, i - (size - 1) / 2
        x = np.clip((width - 1) / 2 + p[0] * u + p[1] * v + p[2], 0, width - 1)
        y = np.clip((height - 1) / 2 + p[3] * u + p[4] * v + p[5], 0, height - 1)
        x0, y0 = int(x), int(y)
        x1, y1 = min(x0 + 1, width - 1), min(y0 + 1, height - 1)
        fx, fy = x - x0, y - y0
        image = images[b].astype(np.float64)
        c = ((image[y0, x0] * (1 - fx) + image[y0, x1] * fx) * (1 - fy)
             + (image[y1, x0] * (1 - fx) + image[y1, x1] * fx) * fy) / 255
        c = np.clip(0.5 + p[7] * (c**p[6] - 0.5), 0, 1)
        if channels == 3:
            luma, in_phase, quadrature = to_yiq @ c
            turned = (in_phase + 1j * quadrature) * np.exp(1j * p[8])
            c = np.clip(np.linalg.solve(to_yiq, np.array([luma, turned.real, turned.imag])), 0, 1)
        out[b, i, j] = 2 * c - 1
    return out
