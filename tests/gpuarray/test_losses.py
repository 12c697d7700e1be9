"""Feature loss, reparametrisation, GAN cost and bias with activation."""
import numpy as np
import pytest

import gpuarray as ga
from tests.gpuarray import reference
from tests.gpuarray.check import assert_close, check_gradient, check_op

BOUND = 8.0
BOUNDS = BOUND, None


@pytest.mark.parametrize("shape", [(1, 1), (3, 5, 7, 2), (64, 4096)])
def test_feature_loss(shape):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal(shape), rng.standard_normal(shape)
    check_op(ga.feature_loss, lambda a, b: (np.array([0.5 * np.sum((a - b) ** 2)]), a - b), [a, b])


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("n, z_size", [(1, 1), (5, 7), (64, 128)])
def test_reparametrise(n, z_size, bound):
    rng = np.random.default_rng(1)
    h, noise = rng.standard_normal((n, 2 * z_size)) * 3, rng.standard_normal((n, z_size))
    check_op(lambda h, noise: ga.reparametrise(h, noise, bound),
             lambda h, noise: (reference.reparametrise(h, noise, bound), np.array([reference.kl(h, bound)])),
             [h, noise])


@pytest.mark.parametrize("bound", BOUNDS)
def test_reparametrise_grad_by_finite_differences(bound):
    rng = np.random.default_rng(2)
    h, noise, dz = rng.standard_normal((5, 14)) * 3, rng.standard_normal((5, 7)), rng.standard_normal((5, 7))
    for kl_weight in (0.0, 1.0, 0.3):
        def loss(h):
            return np.sum(dz * reference.reparametrise(h, noise, bound)) + kl_weight * reference.kl(h, bound)

        check_gradient(loss, ga.reparametrise_grad(dz, h, noise, bound, kl_weight), h, rng)


def test_wild_log_variances_stay_finite():
    h = np.array([[0.0, 1e4], [0.0, -1e4]], np.float32)
    z, kl = ga.reparametrise(h, np.ones((2, 1), np.float32), BOUND)
    assert np.isfinite(z).all() and 0 < kl[0] < np.exp(BOUND)


@pytest.mark.parametrize("sizes", [(1,), (6, 1, 1)])
def test_add_means(sizes):
    rng = np.random.default_rng(9)
    totals, *sums = (rng.standard_normal(size) for size in (sum(sizes), *sizes))

    def operation(totals, *sums):
        ga.add_means(totals, *zip(sums, (1, 3, 64)))
        return (totals,)

    check_op(operation, lambda totals, *sums: (totals + np.concatenate(
        [part / count for part, count in zip(sums, (1, 3, 64))]),), [totals, *sums])


@pytest.mark.parametrize("eps", [0.0, 1e-3])
def test_gan_cost(eps):
    rng = np.random.default_rng(3)
    logits = rng.standard_normal((7, 1)) * 3

    def plain(logits):
        real, fake = reference.costs(logits[:3], eps)[0], reference.costs(logits[3:], eps)[1]
        d = 1 / (1 + np.exp(-logits))
        slope = d * (1 - d)
        dlogits = np.concatenate([-0.33 * slope[:3] / (d[:3] + eps), 0.67 * slope[3:] / (1 - d[3:] + eps)])
        return np.array([real.mean(), fake.mean(), d[:3].mean(), d[3:].mean(), 1, 1]), dlogits

    check_op(lambda logits: ga.gan_cost(logits, 3, 0.33, 0.67, eps), plain, [logits])


def test_gan_cost_gradient_by_finite_differences():
    rng = np.random.default_rng(4)
    logits = rng.standard_normal((6, 1)) * 2

    def cost(logits):
        real, fake = reference.costs(logits[:2], 1e-3)[0], reference.costs(logits[2:], 1e-3)[1]
        return 0.33 * real.sum() + 0.67 * fake.sum()

    check_gradient(cost, ga.gan_cost(logits, 2, 0.33, 0.67, 1e-3)[1], logits, rng)
    check_gradient(lambda t: reference.costs(t[2:], 1e-3)[0].sum(), ga.non_saturating_grad(logits, 2, 1e-3),
                   logits, rng)


@pytest.mark.parametrize("eps", [0.0, 1e-3])
def test_gan_cost_is_safe_at_any_logit(eps):
    logits = np.array([[-500.0], [500.0], [-500.0], [500.0]], np.float32)
    report, dlogits = ga.gan_cost(logits, 2, 1.0, 1.0, eps)
    assert np.isfinite(report).all() and np.isfinite(dlogits).all()
    if eps == 0:
        assert_close(report[:2], [250, 250], 1e-6)
        assert_close(dlogits[:, 0], [-1, 0, 0, 1], 1e-6)


def costs_to_logits(real, fake):
    """Logits for which the mean costs (eps 0) are these."""
    d_real, d_fake = np.exp(-real), 1 - np.exp(-fake)
    return np.log(np.array([[d_real / (1 - d_real)], [d_fake / (1 - d_fake)]]))


@pytest.mark.parametrize("real, fake, dis, dec", [
    (0.7, 0.7, 1, 1), (0.3, 0.7, 0, 1), (0.7, 0.3, 0, 1), (1.1, 0.7, 1, 0), (0.7, 1.1, 1, 0),
    (0.3, 1.1, 1, 1),       # both would skip, so both step
    (0.34, 1.02, 1, 1), (0.32, 0.32, 0, 1)])
def test_gates_of_the_released_code(real, fake, dis, dec):
    report, _ = ga.gan_cost(costs_to_logits(real, fake), 1, gate=(0.68, 0.35))
    assert_close(report[:2], [real, fake], 1e-9)
    assert tuple(report[4:]) == (dis, dec)


@pytest.mark.parametrize("name", ["linear", "relu", "tanh"])
@pytest.mark.parametrize("shape", [(1, 3), (2, 3, 5, 7), (64, 33, 33, 3)])
def test_bias_activation_grad(shape, name):
    rng = np.random.default_rng(5)
    a, dy = rng.standard_normal(shape), rng.standard_normal(shape)

    def operation(a, dy):
        dbias = np.ones(shape[-1], a.dtype)
        return ga.bias_activation_grad(dy, reference.activation(a, name), name, dbias, 0.5), dbias

    def plain(a, dy):
        da = dy * reference.activation_slope(a, name)
        return da, 1 + 0.5 * da.reshape(-1, shape[-1]).sum(0)

    check_op(operation, plain, [a, dy], {"float32": 1e-5, "float64": 1e-10})
