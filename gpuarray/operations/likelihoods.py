"""Likelihoods of images and bounds on them: what a variational autoencoder with a p(x|z) of its own needs.

Of M rows, an image or one of the K samples of z that are drawn for an image, each has a number: arrays (M,).
Samples come one set of all N images after the other: row k N + n is sample k of image n. Logarithms are
natural, so that everything is in nats. Arrays are of type P.
"""
from gpuarray.checks import checked
from gpuarray.operations.arrays import OFFSET, SEED, STREAM
from gpuarray.operations.losses import BOUND
from gpuarray.rules import FINITE


def binarise(x, seed, counter, stream=0, offset=0):
    """-1 or 1 for each number of x in [-1, 1], like x: 1 with the probability (x + 1) / 2.

    The draws are those of the same Philox words as `normal`'s, 24 bits of one for each number, and the same
    on every device. counter: uint64 (1,). offset: of x's first number among those that are drawn together.
    """
    backend = checked("binarise", x=(x, "...", "P"), seed=(seed, SEED), counter=(counter, "1", "uint64"),
                      stream=(stream, STREAM), offset=(offset, OFFSET))
    return backend.binarise(x, seed, counter, stream, offset)


def bernoulli_loss(logits, x):
    """-log p(x | logits) of each row, (N,), and the gradient of their sum to the logits, like logits.

    Pixels are independent and 1 with the probability sigmoid(logit): log(1 + e^l) - t l, with t = (x + 1) / 2
    from x in [-1, 1]; -1 and 1 stand for 0 and 1.
    """
    return checked("bernoulli_loss", logits=(logits, "N ...", "P"), x=(x, "N ...", "P")).bernoulli_loss(
        logits, x)


def gaussian_loss(h, x, bound):
    """-log N(x; mean, exp(log_var)) of each row, (N,), and the gradient of their sum to h, like h.

    h (N, ..., 2C) = [mean | raw] of every number of x (N, ..., C), with log_var = bound * tanh(raw / bound),
    or raw where bound is None, as in `reparametrise`. A density: it may be above 1.
    """
    backend = checked("gaussian_loss", h=(h, "N ... 2C", "P"), x=(x, "N ... C", "P"), bound=(bound, BOUND))
    return backend.gaussian_loss(h, x, bound)


def sample_posterior(h, noise, bound):
    """K samples z = mean + exp(log_var / 2) * noise of each of N posteriors, (K, N, Z), and their
    log q(z) = log N(z; mean, exp(log_var)), (K, N).

    h (N, 2Z) and bound as in `reparametrise`, noise (K, N, Z). Where `reparametrise` has the KL divergence of
    the distributions, this is for bounds that weigh single samples.
    """
    backend = checked("sample_posterior", h=(h, "N 2Z", "P"), noise=(noise, "K N Z", "P"),
                      bound=(bound, BOUND))
    return backend.sample_posterior(h, noise, bound)


def sample_posterior_grad(dz, dlog_q, h, noise, bound):
    """dh (N, 2Z): the gradient to h of <dz, z> + <dlog_q, log_q>. dz (K, N, Z), dlog_q (K, N)."""
    backend = checked("sample_posterior_grad", dz=(dz, "K N Z", "P"), dlog_q=(dlog_q, "K N", "P"),
                      h=(h, "N 2Z", "P"), noise=(noise, "K N Z", "P"), bound=(bound, BOUND))
    return backend.sample_posterior_grad(dz, dlog_q, h, noise, bound)


def log_prior(z):
    """log N(z; 0, I) of each row of z (M, Z): (M,). Its gradient to z is -z."""
    return checked("log_prior", z=(z, "M Z", "P")).log_prior(z)


def importance_bound(log_w):
    """log mean_k w_k of each image, (N,), and its gradient to log_w, w_k / sum_k w_k: (K, N).

    log_w (K, N): of w = p(x, z) / q(z|x) for K samples z of q(z|x). In expectation a lower bound on log p(x)
    that rises with K (Burda et al. 2016, eq. 8 and 14); for K = 1 the ELBO.
    """
    return checked("importance_bound", log_w=(log_w, "K N", "P")).importance_bound(log_w)


def planar_flow(z, u, w, b):
    """z' = z + u^ tanh(w.z + b), (M, Z), and log |det dz'/dz|, (M,) (Rezende & Mohamed 2015, eq. 10 to 12).

    z (M, Z), u, w (Z,), b (1,), w not 0. u^ = u + (m(w.u) - w.u) w / |w|^2 with m(s) = log(1 + e^s) - 1
    keeps w.u^ above -1, so that the map can be inverted (their appendix A.1).
    """
    backend = checked("planar_flow", z=(z, "M Z", "P"), u=(u, "Z", "P"), w=(w, "Z", "P"), b=(b, "1", "P"))
    return backend.planar_flow(z, u, w, b)


def planar_flow_grad(dy, dlog_det, z, u, w, b, du, dw, db, weight=1.0):
    """dz (M, Z): the gradient to z of <dy, z'> + <dlog_det, log_det>, dy (M, Z), dlog_det (M,).

    weight times the gradients to u, w and b are added to du, dw (Z,) and db (1,).
    """
    backend = checked("planar_flow_grad", dy=(dy, "M Z", "P"), dlog_det=(dlog_det, "M", "P"),
                      z=(z, "M Z", "P"), u=(u, "Z", "P"), w=(w, "Z", "P"), b=(b, "1", "P"),
                      du=(du, "Z", "P"), dw=(dw, "Z", "P"), db=(db, "1", "P"), weight=(weight, FINITE))
    return backend.planar_flow_grad(dy, dlog_det, z, u, w, b, du, dw, db, weight)


def total(x):
    """The sum of all numbers of x, (1,)."""
    return checked("total", x=(x, "...", "P")).total(x)
