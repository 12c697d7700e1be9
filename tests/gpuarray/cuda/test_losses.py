import numpy as np
import pytest

import gpuarray as ga
from tests.gpuarray import reference
from tests.gpuarray.check import assert_close
from tests.gpuarray.cuda.check import ELEMENTS, FLOAT32, check_on_device, misaligned

BOUND = 8.0


# ---------------------------------------------------------------------------------------------- feature loss

@pytest.mark.parametrize("element", ELEMENTS, ids=str)
@pytest.mark.parametrize("shape", [(1, 1), (3, 5, 7), (2, 6, 6, 96), (1, 96, 96, 120)], ids=str)
def test_feature_loss(cuda_any_order, shape, element):
    rng = np.random.default_rng(1)
    a, b = (rng.standard_normal(shape).astype(element) for _ in range(2))

    def plain(a, b):
        return np.array([0.5 * np.sum((a - b) ** 2)]), a - b

    check_on_device(cuda_any_order, ga.feature_loss, plain, [a, b])


def test_feature_loss_of_parts_of_a_batch_whose_addresses_allow_no_wide_access(cuda):
    a, b = np.random.default_rng(2).standard_normal((2, 4, 8)).astype(FLOAT32)
    loss, d = ga.feature_loss(misaligned(cuda, a), misaligned(cuda, b))
    assert_close(cuda.to_host(loss), [0.5 * np.sum((a - b) ** 2)], 1e-6)
    assert_close(cuda.to_host(d), a - b, 1e-6)


def test_feature_loss_gives_the_same_bits_in_any_order(cuda):
    a, b = np.random.default_rng(3).standard_normal((2, 40, 777)).astype(FLOAT32)
    losses = set()
    for order, seed in (("forward", 0), ("reverse", 0), ("random", 1), ("random", 2)):
        with cuda.threads_in_order(order, seed):
            losses.add(float(cuda.to_host(ga.feature_loss(cuda.to_device(a), cuda.to_device(b))[0])[0]))
    assert len(losses) == 1


# ---------------------------------------------------------------------------------------------- latent

def draw_latent(n, z_size, element):
    rng = np.random.default_rng(4)
    h, noise, dz = 3 * rng.standard_normal((n, 2 * z_size)), *rng.standard_normal((2, n, z_size))
    return h.astype(element), noise.astype(FLOAT32), dz.astype(element)


@pytest.mark.parametrize("bound", [BOUND, None])
@pytest.mark.parametrize("element", ELEMENTS, ids=str)
@pytest.mark.parametrize("n, z_size", [(1, 1), (5, 3), (9, 70)])
def test_reparametrise(cuda_any_order, n, z_size, element, bound):
    h, noise, _ = draw_latent(n, z_size, element)

    def plain(h, noise):
        return reference.reparametrise(h, noise, bound), np.array([reference.kl(h, bound)])

    check_on_device(cuda_any_order, lambda h, noise: ga.reparametrise(h, noise, bound), plain, [h, noise])


def test_kl_of_nearly_the_prior_keeps_its_digits(cuda):
    h = np.full((4, 6), 1e-3, FLOAT32)
    _, kl = ga.reparametrise(cuda.to_device(h), cuda.to_device(np.zeros((4, 3), FLOAT32)), BOUND)
    assert_close(cuda.to_host(kl), [reference.kl(h.astype(np.float64), BOUND)], 1e-3)


@pytest.mark.parametrize("element", ELEMENTS, ids=str)
@pytest.mark.parametrize("kl_weight, bound", [(1.0, BOUND), (0.0, BOUND), (0.5, BOUND), (0.5, None)])
@pytest.mark.parametrize("n, z_size", [(1, 1), (5, 3), (9, 70)])
def test_reparametrise_grad(cuda_any_order, n, z_size, element, kl_weight, bound):
    h, noise, dz = draw_latent(n, z_size, element)

    def plain(dz, h, noise):
        mean, log_var = reference.posterior(h, bound)
        slope = 1 if bound is None else 1 - (log_var / bound)**2
        std = np.exp(log_var / 2)
        dlog_var = 0.5 * (dz * noise * std + kl_weight * (std**2 - 1))
        return (np.concatenate([dz + kl_weight * mean, dlog_var * slope], axis=1),)

    def operation(dz, h, noise):
        return (ga.reparametrise_grad(dz, h, noise, bound, kl_weight),)

    check_on_device(cuda_any_order, operation, plain, [dz, h, noise])


# ---------------------------------------------------------------------------------------------- GAN

def plain_gan_cost(logits, n_real, real_weight, fake_weight, eps, gate):
    d = 1 / (1 + np.exp(-logits[:, 0]))
    real, fake = -np.log(d[:n_real] + eps), -np.log(1 - d[n_real:] + eps)
    is_real = np.arange(len(d)) < n_real
    slope = np.where(is_real, -real_weight / (d + eps), fake_weight / (1 - d + eps)) * d * (1 - d)
    dis = dec = True
    if gate is not None:
        dis = min(real.mean(), fake.mean()) >= gate[0] - gate[1]
        dec = max(real.mean(), fake.mean()) <= gate[0] + gate[1]
    gates = (dis, dec) if dis or dec else (True, True)
    return np.array([real.mean(), fake.mean(), d[is_real].mean(), d[~is_real].mean(), *gates]), slope[:, None]


@pytest.mark.parametrize("element", ELEMENTS, ids=str)
@pytest.mark.parametrize("eps", [0.0, 1e-3])
@pytest.mark.parametrize("rows, n_real", [(2, 1), (7, 3), (600, 200)])
def test_gan_cost(cuda_any_order, rows, n_real, eps, element):
    logits = (2 * np.random.default_rng(5).standard_normal((rows, 1))).astype(element)
    options = n_real, 0.33, 0.67, eps, (0.68, 0.35)
    check_on_device(cuda_any_order, lambda logits: ga.gan_cost(logits, *options),
                    lambda logits: plain_gan_cost(logits, *options), [logits])


@pytest.mark.parametrize("real, fake, gate, wanted", [
    (0.0, 0.0, (0.68, 0.35), (1, 1)),         # costs log 2: both step
    (3.0, 0.0, (0.68, 0.35), (0, 1)),         # a real cost below .33: Dis skips
    (0.0, -3.0, (0.68, 0.35), (0, 1)),        # a generated cost below .33: Dis skips
    (-3.0, 0.0, (0.68, 0.35), (1, 0)),        # a real cost above 1.03: Dec skips
    (0.0, 3.0, (0.68, 0.35), (1, 0)),         # a generated cost above 1.03: Dec skips
    (3.0, 3.0, (0.68, 0.35), (1, 1)),         # both would skip: both step
    (3.0, 0.0, None, (1, 1)),                 # no gate
])
def test_gates(cuda_any_order, real, fake, gate, wanted):
    logits = cuda_any_order.to_device(np.array([[real]] * 2 + [[fake]] * 3, FLOAT32))
    report, _ = ga.gan_cost(logits, 2, gate=gate)
    assert tuple(cuda_any_order.to_host(report)[4:]) == wanted


@pytest.mark.parametrize("eps", [0.0, 1e-3])
@pytest.mark.parametrize("size", [80.0, 1e4])
def test_gan_cost_is_finite_at_any_logit(cuda, size, eps):
    logits = cuda.to_device(np.array([[size], [-size], [size], [-size]], FLOAT32))
    report, dlogits = map(cuda.to_host, ga.gan_cost(logits, 2, eps=eps))
    worst = size if eps == 0 else -np.log(eps)
    assert_close(report[:4], [worst / 2, worst / 2, 0.5, 0.5], 1e-3)
    assert np.abs(dlogits[:, 0] - ([0, -1, 1, 0] if eps == 0 else 0)).max() < 1e-6


@pytest.mark.parametrize("element", ELEMENTS, ids=str)
@pytest.mark.parametrize("eps", [0.0, 1e-3])
def test_non_saturating_grad(cuda_any_order, eps, element):
    logits = (2 * np.random.default_rng(6).standard_normal((300, 1))).astype(element)

    def plain(logits):
        d = 1 / (1 + np.exp(-logits))
        return (np.where(np.arange(300)[:, None] < 100, 0, -d * (1 - d) / (d + eps)),)

    def operation(logits):
        return (ga.non_saturating_grad(logits, 100, eps),)

    check_on_device(cuda_any_order, operation, plain, [logits])


# ---------------------------------------------------------------------------------------------- totals

@pytest.mark.parametrize("sizes", [(1,), (6, 1, 1), (1, 2, 3, 4), (6, 6, 6, 6, 1), (1,) * 9, (300, 7)],
                         ids=str)
def test_add_means_gives_the_bits_of_numpy(cuda_any_order, sizes):
    """Of as many arrays as one launch takes, of fewer and of more; more numbers than a block has threads."""
    rng, counts = np.random.default_rng(7), range(1, 10)
    totals, *sums = (rng.standard_normal(size).astype(FLOAT32) for size in (sum(sizes), *sizes))
    there = cuda_any_order.to_device(totals)
    ga.add_means(there, *zip(map(cuda_any_order.to_device, sums), counts))
    wanted = totals + np.concatenate([part / count for part, count in zip(sums, counts)])
    np.testing.assert_array_equal(cuda_any_order.to_host(there), wanted)
