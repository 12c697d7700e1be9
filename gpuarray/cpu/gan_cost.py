"""The GAN's cost from logits, its gradient, and the gates that keep the two players in balance.

With D = sigmoid(t), the costs are -log(D + eps) and -log(1 - D + eps), the second being the first at -t. For
eps = 0 both are softplus functions of t, which stay finite at any logit.
"""
import numpy as np


def _sigmoid(t):
    return 0.5 * (1 + np.tanh(0.5 * t))


def _cost(t, eps):
    """-log(sigmoid(t) + eps) and its derivative to t."""
    if eps == 0:
        return np.logaddexp(0, -t), _sigmoid(t) - 1
    d = _sigmoid(t)
    return -np.log(d + eps), -d * _sigmoid(-t) / (d + eps)


def gan_cost(logits, n_real, real_weight, fake_weight, eps, gate, group):
    t = logits.astype(np.float64)
    cost_real, slope_real = _cost(t[:n_real], eps)
    cost_fake, slope_fake = _cost(-t[n_real:], eps)
    dlogits = np.concatenate([real_weight * slope_real, -fake_weight * slope_fake]).astype(logits.dtype)
    d = _sigmoid(t)
    sums = np.array([cost_real.sum(), cost_fake.sum(), d[:n_real].sum(), d[n_real:].sum()])
    rows = np.array([n_real, len(t) - n_real] * 2)
    means = group.sum(sums) / group.whole(rows)
    report = [*means, *_gates(*means[:2], gate)]
    return np.array(report, np.float64 if logits.dtype == np.float64 else np.float32), dlogits


def _gates(real, fake, gate):
    if gate is None:
        return 1.0, 1.0
    equilibrium, margin = gate
    dis = min(real, fake) >= equilibrium - margin
    dec = max(real, fake) <= equilibrium + margin
    return (1.0, 1.0) if not (dis or dec) else (float(dis), float(dec))


def non_saturating_grad(logits, n_real, eps):
    dlogits = np.zeros_like(logits)
    dlogits[n_real:] = _cost(logits[n_real:].astype(np.float64), eps)[1]
    return dlogits
