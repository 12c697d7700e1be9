"""The losses of VAE/GAN with their gradients: feature loss, reparametrisation with KL, the GAN's cost. And
the running totals that they are added to.

Losses are arrays of type P.
"""
from gpuarray.collectives import ALONE
from gpuarray.checks import check_value, checked
from gpuarray.errors import ArgumentError
from gpuarray.rules import FINITE, NOT_NEGATIVE, POSITIVE, Optional, Pair, Whole

COUNT = Whole(1, 2**31 - 1)
BOUND = Optional(POSITIVE)
GATE = Optional(Pair(FINITE, NOT_NEGATIVE, "(equilibrium, margin), finite numbers, margin not below 0"))


def feature_loss(a, b):
    """1/2 ||a - b||^2, summed over everything, (1,), and its gradient to a: a - b, like a.

    The negative log-likelihood of a Gaussian N(a; b, I) up to a constant: L_llike for a = Dis_l(x~),
    b = Dis_l(x) (paper, eq. 7), and the pixel likelihood of the plain VAE. b is a fixed target.
    """
    return checked("feature_loss", a=(a, "...", "T"), b=(b, "...", "T")).feature_loss(a, b)


def reparametrise(h, noise, bound):
    """z = mean + exp(log_var / 2) * noise, and KL(N(mean, exp(log_var)) || N(0, I)), summed.

    h (N, 2Z) = [mean | raw] with log_var = bound * tanh(raw / bound), so that no step can make it overflow,
    or log_var = raw where bound is None;
    noise (N, Z), type P -> z (N, Z), the type of h; kl (1,). On the GPU everything is computed in float32.
    """
    backend = checked("reparametrise", h=(h, "N 2Z", "T"), noise=(noise, "N Z", "P"), bound=(bound, BOUND))
    return backend.reparametrise(h, noise, bound)


def reparametrise_grad(dz, h, noise, bound, kl_weight=1.0):
    """dh (N, 2Z): the gradient to h of <dz, z> + kl_weight * kl, so with L_prior's added. dz (N, Z)."""
    backend = checked("reparametrise_grad", dz=(dz, "N Z", "T"), h=(h, "N 2Z", "T"),
                      noise=(noise, "N Z", "P"), bound=(bound, BOUND), kl_weight=(kl_weight, FINITE))
    return backend.reparametrise_grad(dz, h, noise, bound, kl_weight)


def gan_cost(logits, n_real, real_weight=1.0, fake_weight=1.0, eps=0.0, gate=None, group=ALONE):
    """L_GAN as a cost, from any logits: -log(D + eps) on real rows, -log(1 - D + eps) on fake ones.

    logits (N, 1), the first n_real rows real, 0 < n_real < N -> report (6,), dlogits (N, 1).
    dlogits: the gradient of real_weight * the sum over real + fake_weight * the sum over fake costs.
    report: mean cost on real, on fake, mean D on real, on fake, then the gates of Dis and of Dec: 1 for
    'step', 0 for 'skip'. gate = (equilibrium, margin) as in the released code: Dis skips when either mean
    cost is below equilibrium - margin, Dec when either is above equilibrium + margin; both step if both
    would skip, and without a gate. group: of the processes over whose rows the means are.
    """
    backend = _checked_rows("gan_cost", logits, n_real, eps, gate=(gate, GATE),
                            real_weight=(real_weight, FINITE), fake_weight=(fake_weight, FINITE))
    return backend.gan_cost(logits, n_real, real_weight, fake_weight, eps, gate, group)


def non_saturating_grad(logits, n_real, eps=0.0):
    """The gradient of what Dec minimises in the non-saturating game, the sum over fake rows of -log(D + eps).

    logits, n_real as in gan_cost -> dlogits (N, 1), 0 on real rows.
    """
    return _checked_rows("non_saturating_grad", logits, n_real, eps).non_saturating_grad(logits, n_real, eps)


def add_means(totals, *means):
    """totals (n,) += sums / count of all `means`, pairs (sums, count), whose arrays have n numbers together.

    What a step adds to its metrics: sums (m,), type P, over so many images; of means, the count is 1. On the
    GPU every four arrays are one launch.
    """
    if not means:
        raise ArgumentError("add_means: no means, expected one or more")
    arguments = {}
    for i, (sums, count) in enumerate(means):
        arguments |= {f"sums{i}": (sums, f"m{i}", "P"), f"count{i}": (count, COUNT)}
    checked("add_means", **arguments)                                   # that all of them have a size
    size = sum(sums.size for sums, _ in means)
    checked("add_means", totals=(totals, str(size), "P"), **arguments).add_means(totals, *means)


def _checked_rows(operation, logits, n_real, eps, **others):
    """Means are taken over real and over fake rows, so there must be both."""
    backend = checked(operation, logits=(logits, "N 1", "T"), eps=(eps, NOT_NEGATIVE), **others)
    check_value(operation, "n_real", n_real, Whole(1, len(logits) - 1))
    return backend
