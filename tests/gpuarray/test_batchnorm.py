import numpy as np
import pytest

import gpuarray as ga
from tests.gpuarray import reference
from tests.gpuarray.check import assert_close, check_op

SHAPES = [(1, 7), (5, 3), (2, 3, 5, 4), (1, 9, 9, 33), (37, 8, 8, 65)]
EPS = 1e-5


def draw(shape, rng):
    channels = shape[-1]
    x, dy = rng.standard_normal(shape) * 2 + 0.5, rng.standard_normal(shape)
    return x, dy, rng.uniform(0.5, 2, channels), rng.standard_normal(channels) * 0.3


@pytest.mark.parametrize("name", ["linear", "relu"])
@pytest.mark.parametrize("shape", SHAPES)
def test_forward(shape, name):
    x, _, gamma, beta = draw(shape, np.random.default_rng(1))

    def operation(x, gamma, beta):
        y, statistics = ga.batchnorm(x, gamma, beta, EPS, name)
        return y, *statistics

    check_op(operation, lambda *a: reference.batchnorm(*a, EPS, name), [x, gamma, beta])


@pytest.mark.parametrize("name", ["linear", "relu"])
@pytest.mark.parametrize("shape", SHAPES[1:])
def test_backward_adds_weighted_gradients(shape, name):
    x, dy, gamma, beta = draw(shape, np.random.default_rng(2))

    def operation(x, dy, gamma, beta):
        _, statistics = ga.batchnorm(x, gamma, beta, EPS, name)
        dgamma, dbeta = np.ones_like(gamma), np.ones_like(beta)
        dx = ga.batchnorm_grad(dy, x, gamma, beta, statistics, name, dgamma, dbeta, 0.25)
        return dx, dgamma, dbeta

    def plain(x, dy, gamma, beta):
        dx, dgamma, dbeta = reference.batchnorm_grad(dy, x, gamma, beta, EPS, name)
        return dx, 1 + 0.25 * dgamma, 1 + 0.25 * dbeta

    tolerance = {"float32": 1e-5, "float64": 1e-10}                     # sums cancel: 4e-6 seen
    check_op(operation, plain, [x, dy, gamma, beta], tolerance)


def test_weight_zero_leaves_parameter_gradients_alone():
    x, dy, gamma, beta = draw((6, 5), np.random.default_rng(3))
    _, statistics = ga.batchnorm(x, gamma, beta, EPS, "relu")
    dgamma, dbeta = np.full(5, 3.0), np.full(5, 4.0)
    ga.batchnorm_grad(dy, x, gamma, beta, statistics, "relu", dgamma, dbeta, 0)
    assert (dgamma == 3).all() and (dbeta == 4).all()


def test_given_sums_are_used():
    """In whatever parts they come."""
    x, dy, gamma, beta = draw((4, 3, 3, 5), np.random.default_rng(8))
    _, statistics = ga.batchnorm(x, gamma, beta, EPS, "linear")
    sums, before = np.random.default_rng(9).standard_normal((3, 2, 5)), np.ones((2, 5))
    dgamma, dbeta = before.copy()
    dx = ga.batchnorm_grad(dy, x, gamma, beta, statistics, "linear", dgamma, dbeta, 0.5, sums=sums)
    sum_g, sum_gn = sums.sum(0)
    n = (x - statistics[0]) * statistics[1]
    assert_close(dx, gamma * statistics[1] * (dy - sum_g / 36 - n * sum_gn / 36), 1e-12)
    assert_close([dgamma, dbeta], before + 0.5 * sums.sum(0)[::-1], 1e-12)


def test_given_moments_are_used():
    x, _, gamma, beta = draw((4, 3, 3, 5), np.random.default_rng(4))
    mean, var = np.full(5, 0.25), np.full(5, 4.0)
    y, statistics = ga.batchnorm(x, gamma, beta, EPS, "linear", moments=(mean, var))
    assert_close(y, (x - 0.25) / np.sqrt(4 + EPS) * gamma + beta, 1e-12)
    assert_close(statistics[1], np.full(5, 1 / np.sqrt(4 + EPS)), 1e-12)


def test_running_statistics_follow_the_released_code():
    x, _, gamma, beta = draw((8, 5), np.random.default_rng(5))
    running = np.full(5, 2.0), np.full(5, 3.0)
    _, (mean, inv_std) = ga.batchnorm(x, gamma, beta, EPS, "relu", running=running, momentum=0.9)
    assert_close(running[0], 0.9 * 2 + 0.1 * mean, 1e-12)
    assert_close(running[1], 0.9 * 3 + 0.1 * inv_std, 1e-12)


def test_a_mean_far_from_zero_does_no_harm():
    rng = np.random.default_rng(6)
    x = (rng.standard_normal((20000, 3)) + 1000).astype(np.float32)
    _, (mean, inv_std) = ga.batchnorm(x, np.ones(3, np.float32), np.zeros(3, np.float32), EPS, "linear")
    assert_close(mean, x.astype(np.float64).mean(0), 1e-6)
    assert_close(inv_std, 1 / np.sqrt(x.astype(np.float64).var(0) + EPS), 1e-5)


@pytest.mark.parametrize("name", ["linear", "relu"])
def test_inference_and_its_gradient(name):
    rng = np.random.default_rng(7)
    x, dy, gamma, beta = draw((3, 5, 7, 6), rng)
    mean, inv_std = rng.standard_normal(6), rng.uniform(0.5, 2, 6)

    def operation(x, dy, gamma, beta, mean, inv_std):
        dgamma, dbeta = np.zeros_like(gamma), np.zeros_like(beta)
        y = ga.batchnorm_inference(x, gamma, beta, (mean, inv_std), name)
        dx = ga.batchnorm_inference_grad(dy, x, gamma, beta, (mean, inv_std), name, dgamma, dbeta, 2.0)
        return y, dx, dgamma, dbeta

    def plain(x, dy, gamma, beta, mean, inv_std):
        normalised = (x - mean) * inv_std
        before = normalised * gamma + beta
        g = dy * reference.activation_slope(before, name)
        axes = (0, 1, 2)
        return (reference.activation(before, name), g * gamma * inv_std,
                2 * (g * normalised).sum(axes), 2 * g.sum(axes))

    check_op(operation, plain, [x, dy, gamma, beta, mean, inv_std], {"float32": 1e-5, "float64": 1e-10})
