import numpy as np
import pytest

import gpuarray as ga
from gpuarray.cuda.layout import Columns
from tests.gpuarray import reference
from tests.gpuarray.check import assert_close
from tests.gpuarray.cuda.check import ELEMENTS, FLOAT32, check_on_device, misaligned

EPS = 1e-5
# Few rows (one block has whole columns): batch 1, channels that fill no vector, or several strips of vectors.
# Many rows: segments that do not divide the rows, strips with idle threads, more segments than threads merge.
FEW = [(1, 7), (5, 3), (3, 3, 5, 8), (6, 100)]
MANY = [(1, 23, 23, 5), (3, 11, 11, 36), (1, 92, 92, 32)]
TOLERANCE = {"float32": 1e-5}            # sums of both signs cancel; 5e-6 seen


def draw(shape, element, seed, mean=0.5):
    rng = np.random.default_rng(seed)
    channels = shape[-1]
    x, dy = ((rng.standard_normal(shape) * 2 + m).astype(element) for m in (mean, 0))
    gamma, beta = rng.uniform(0.5, 2, channels), rng.standard_normal(channels) * 0.3
    return x, dy, gamma.astype(FLOAT32), beta.astype(FLOAT32)


def given_statistics(channels, seed=9):
    rng = np.random.default_rng(seed)
    return rng.standard_normal(channels).astype(FLOAT32), rng.uniform(0.3, 2, channels).astype(FLOAT32)


def normalised(x, gamma, beta, mean, inv_std, activation):
    return reference.activation((x - mean) * inv_std * gamma + beta, activation)


@pytest.mark.parametrize("element", ELEMENTS, ids=str)
@pytest.mark.parametrize("shape", FEW + MANY, ids=str)
def test_forward_and_running_statistics(cuda_any_order, shape, element):
    x, _, gamma, beta = draw(shape, element, 1)
    running = given_statistics(shape[-1])

    def operation(x, gamma, beta, *running):
        y, statistics = ga.batchnorm(x, gamma, beta, EPS, "relu", running=running, momentum=0.9)
        return y, *statistics, *running

    def plain(x, gamma, beta, *running):
        y, mean, inv_std = reference.batchnorm(x, gamma, beta, EPS, "relu")
        return y, mean, inv_std, 0.9 * running[0] + 0.1 * mean, 0.9 * running[1] + 0.1 * inv_std

    check_on_device(cuda_any_order, operation, plain, [x, gamma, beta, *running])


@pytest.mark.parametrize("element", ELEMENTS, ids=str)
@pytest.mark.parametrize("shape", FEW + MANY[:2], ids=str)
def test_given_moments(cuda_any_order, shape, element):
    x, _, gamma, beta = draw(shape, element, 3)
    mean, var = given_statistics(shape[-1])

    def operation(x, gamma, beta, mean, var):
        y, statistics = ga.batchnorm(x, gamma, beta, EPS, "relu", moments=(mean, var))
        return y, *statistics

    def plain(x, gamma, beta, mean, var):
        inv_std = 1 / np.sqrt(var + EPS)
        return normalised(x, gamma, beta, mean, inv_std, "relu"), mean, inv_std

    check_on_device(cuda_any_order, operation, plain, [x, gamma, beta, mean, var])


@pytest.mark.parametrize("shape", [(40, 6), (1, 90, 90, 8)], ids=str)
def test_a_mean_far_from_zero_does_no_harm(cuda_any_order, shape):
    x, _, gamma, beta = draw(shape, FLOAT32, 4, mean=3000)
    check_on_device(cuda_any_order, lambda x, gamma, beta: ga.batchnorm(x, gamma, beta, EPS, "linear")[1],
                    lambda *arrays: reference.batchnorm(*arrays, EPS, "linear")[1:], [x, gamma, beta])


@pytest.mark.parametrize("activation", ["linear", "relu"])
@pytest.mark.parametrize("element", ELEMENTS, ids=str)
@pytest.mark.parametrize("shape", FEW[1:] + MANY, ids=str)
def test_backward_adds_weighted_gradients(cuda_any_order, shape, element, activation):
    x, dy, gamma, beta = draw(shape, element, 5)
    rows = x.astype(np.float64).reshape(-1, shape[-1])
    mean, inv_std = rows.mean(0).astype(FLOAT32), (1 / np.sqrt(rows.var(0) + EPS)).astype(FLOAT32)
    start = given_statistics(shape[-1])

    def operation(dy, x, gamma, beta, mean, inv_std, dgamma, dbeta):
        dx = ga.batchnorm_grad(dy, x, gamma, beta, (mean, inv_std), activation, dgamma, dbeta, 0.25)
        return dx, dgamma, dbeta

    def plain(dy, x, gamma, beta, mean, inv_std, dgamma, dbeta):
        dx, sum_gn, sum_g = reference.batchnorm_grad(dy, x, gamma, beta, EPS, activation)
        return dx, dgamma + 0.25 * sum_gn, dbeta + 0.25 * sum_g

    check_on_device(cuda_any_order, operation, plain, [dy, x, gamma, beta, mean, inv_std, *start], TOLERANCE)


@pytest.mark.parametrize("element", ELEMENTS, ids=str)
@pytest.mark.parametrize("shape", FEW + MANY, ids=str)
def test_inference_and_its_gradient(cuda_any_order, shape, element):
    x, dy, gamma, beta = draw(shape, element, 6)
    mean, inv_std = given_statistics(shape[-1])
    start = given_statistics(shape[-1], 10)

    def operation(dy, x, gamma, beta, mean, inv_std, dgamma, dbeta):
        y = ga.batchnorm_inference(x, gamma, beta, (mean, inv_std), "relu")
        dx = ga.batchnorm_inference_grad(dy, x, gamma, beta, (mean, inv_std), "relu", dgamma, dbeta, 0.5)
        return y, dx, dgamma, dbeta

    def plain(dy, x, gamma, beta, mean, inv_std, dgamma, dbeta):
        y, n = normalised(x, gamma, beta, mean, inv_std, "relu"), (x - mean) * inv_std
        g = dy * (n * gamma + beta > 0)
        axes = tuple(range(x.ndim - 1))
        return y, g * gamma * inv_std, dgamma + 0.5 * (g * n).sum(axes), dbeta + 0.5 * g.sum(axes)

    check_on_device(cuda_any_order, operation, plain, [dy, x, gamma, beta, mean, inv_std, *start], TOLERANCE)


@pytest.mark.parametrize("gradient", [ga.batchnorm_grad, ga.batchnorm_inference_grad])
@pytest.mark.parametrize("shape", [(5, 8), (3, 11, 11, 36)], ids=str)
def test_weight_zero_gives_the_same_dx_and_leaves_the_parameters_gradients_alone(cuda, shape, gradient):
    arrays = [*draw(shape, FLOAT32, 7), *given_statistics(shape[-1])]

    def run(weight):
        x, dy, gamma, beta, mean, inv_std = map(cuda.to_device, arrays)
        dgamma, dbeta = ga.zeros(gamma.shape, FLOAT32, gamma), ga.zeros(gamma.shape, FLOAT32, gamma)
        dx = gradient(dy, x, gamma, beta, (mean, inv_std), "relu", dgamma, dbeta, weight)
        return map(cuda.to_host, (dx, dgamma, dbeta))

    dx, dgamma, dbeta = run(0)
    wanted, *moved = run(1)
    assert_close(dx, wanted, 1e-6)
    assert not dgamma.any() and not dbeta.any() and all(gradient.any() for gradient in moved)


@pytest.mark.parametrize("gradient", [ga.batchnorm_grad, ga.batchnorm_inference_grad])
@pytest.mark.parametrize("shape", [(5, 8), (3, 11, 11, 36)], ids=str)
def test_weight_zero_keeps_infinity_out_too(cuda, shape, gradient):
    x, dy, gamma, beta = draw(shape, FLOAT32, 7)
    x, dy, gamma, beta, mean, inv_std = map(
        cuda.to_device, (x, dy + np.inf, gamma, beta, *given_statistics(shape[-1])))
    dgamma, dbeta = ga.zeros(gamma.shape, FLOAT32, gamma), ga.zeros(gamma.shape, FLOAT32, gamma)
    gradient(dy, x, gamma, beta, (mean, inv_std), "linear", dgamma, dbeta, 0)
    assert not cuda.to_host(dgamma).any() and not cuda.to_host(dbeta).any()


def test_addresses_that_allow_no_wide_access(cuda):
    x, dy, gamma, beta = draw((3, 11, 11, 36), FLOAT32, 8)
    aligned, odd = cuda.to_device(x), misaligned(cuda, x)
    parameters = cuda.to_device(gamma), cuda.to_device(beta)
    assert Columns(aligned).width == 4 and Columns(odd).width == 1
    y, _ = ga.batchnorm(aligned, *parameters, EPS, "relu")
    y_odd, _ = ga.batchnorm(odd, *parameters, EPS, "relu")
    assert_close(cuda.to_host(y_odd), cuda.to_host(y), 1e-6)
