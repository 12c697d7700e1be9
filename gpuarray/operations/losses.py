"""The losses of VAE/GAN with their gradients: feature loss, reparametrisation with KL, the GAN's cost. Losses are
sums over a batch, in arrays of the type P."""
from gpuarray.checks import check_value, checked
from gpuarray.rules import FINITE, NOT_NEGATIVE, POSITIVE, Pair, Whole

GATE = Pair(FINITE, NOT_NEGATIVE, "None or (equilibrium, margin), two finite numbers, margin at least 0")


def feature_loss(a, b):
    """1/2 ||a - b||^2, summed over everything, (1,), and its gradient to a, a - b, like a.

    The negative log-likelihood of a Gaussian N(a; b, I) up to a constant: L_llike for a = Dis_l(x~), b = Dis_l(x)
    (paper, eq. 7), and the pixel likelihood of the plain VAE. b is a fixed target.
    """
    return checked("feature_loss", a=(a, "...", "T"), b=(b, "...", "T")).feature_loss(a, b)


def reparametrise(h, noise, bound):
    """z = mean + exp(log_var / 2) * noise and KL(N(mean, exp(log_var)) || N(0, I)), summed.

    h (N, 2Z) = [mean | raw], log_var = bound * tanh(raw / bound), so that no step can blow it up; noise (N, Z), of
    type P -> z (N, Z) of h's type, kl (1,). On the GPU everything is computed in float32.
    """
    backend = checked("reparametrise", h=(h, "N 2Z", "T"), noise=(noise, "N Z", "P"), bound=(bound, POSITIVE))
    return backend.reparametrise(h, noise, bound)


def reparametrise_grad(dz, h, noise, bound, kl_weight=1.0):
    """The gradient to h of <dz, z> + kl_weight * kl: that of reparametrise, joined by L_prior's. dz (N, Z) ->
    dh (N, 2Z)."""
    backend = checked("reparametrise_grad", dz=(dz, "N Z", "T"), h=(h, "N 2Z", "T"), noise=(noise, "N Z", "P"),
                      bound=(bound, POSITIVE), kl_weight=(kl_weight, FINITE))
    return backend.reparametrise_grad(dz, h, noise, bound, kl_weight)


def gan_cost(logits, n_real, real_weight=1.0, fake_weight=1.0, eps=0.0, gate=None):
    """L_GAN as a cost, from logits, safe at any size: -log(D + eps) on real rows, -log(1 - D + eps) on the others.

    logits (N, 1), the first n_real rows real images, 0 < n_real < N -> report, dlogits.
    dlogits (N, 1): gradient of real_weight * sum over real + fake_weight * sum over fake costs.
    report (6,): mean cost on real, on fake, mean D on real, on fake, then the gates of Dis and of Dec, 1 for 'step',
    0 for 'skip'. gate = (equilibrium, margin) as in the released code: Dis skips when either mean cost is below
    equilibrium - margin, Dec when either is above equilibrium + margin; both step if both would skip. None: both step.
    """
    backend = _checked_rows("gan_cost", logits, n_real, eps, gate=(gate, GATE),
                            real_weight=(real_weight, FINITE), fake_weight=(fake_weight, FINITE))
    return backend.gan_cost(logits, n_real, real_weight, fake_weight, eps, gate)


def non_saturating_grad(logits, n_real, eps=0.0):
    """dlogits (N, 1) of the sum over fake rows of -log(D + eps), what Dec minimises in the non-saturating game; 0 on
    real rows. n_real as in gan_cost."""
    return _checked_rows("non_saturating_grad", logits, n_real, eps).non_saturating_grad(logits, n_real, eps)


def _checked_rows(operation, logits, n_real, eps, **others):
    """Means over real and over fake rows: there must be some of both."""
    backend = checked(operation, logits=(logits, "N 1", "T"), eps=(eps, NOT_NEGATIVE), **others)
    check_value(operation, "n_real", n_real, Whole(1, len(logits) - 1))
    return backend
