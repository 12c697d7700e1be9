"""Bernoulli and Gaussian likelihoods, importance-weighted bounds and planar flows, in NumPy."""
import numpy as np
import pytest

import gpuarray as ga
from tests.gpuarray import likelihoods as plain
from tests.gpuarray.check import assert_close, check_gradient, check_op
from tests.gpuarray.reference import reparametrise

BOUNDS = 3.0, None


def draw(*shapes, seed=1):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


@pytest.mark.parametrize("shape", [(1, 1), (3, 5, 7, 1), (10, 784)])
def test_bernoulli_loss(shape):
    logits, x = draw(shape, shape)
    x = np.tanh(x)
    check_op(lambda logits, x: ga.bernoulli_loss(logits, x)[:1],
             lambda logits, x: (plain.bernoulli(logits, x),), [3 * logits, x])
    check_gradient(lambda logits: plain.bernoulli(logits, x).sum(), ga.bernoulli_loss(logits, x)[1], logits,
                   np.random.default_rng(2), tolerance=2e-5)       # of thousands of pixels: digits are few


def test_bernoulli_loss_is_finite_at_any_logit():
    logits, x = np.float32([[500, -500, 500, -500]]), np.float32([[1, -1, -1, 1]])
    losses, dlogits = ga.bernoulli_loss(logits, x)
    assert losses.tolist() == [1000] and dlogits.tolist() == [[0, 0, 1, -1]]


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("shape", [(1, 1), (3, 5, 4, 3)])
def test_gaussian_loss(shape, bound):
    h, x = draw((*shape[:-1], 2 * shape[-1]), shape)
    check_op(lambda h, x: ga.gaussian_loss(h, x, bound)[:1], lambda h, x: (plain.gaussian(h, x, bound),),
             [h, x])
    check_gradient(lambda h: plain.gaussian(h, x, bound).sum(), ga.gaussian_loss(h, x, bound)[1], h,
                   np.random.default_rng(2))


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("samples, n, z_size", [(1, 1, 1), (4, 5, 7)])
def test_sample_posterior(samples, n, z_size, bound):
    h, noise, dz, dlog_q = draw((n, 2 * z_size), *[(samples, n, z_size)] * 2, (samples, n))
    check_op(lambda h, noise: ga.sample_posterior(h, noise, bound),
             lambda h, noise: (reparametrise(h, noise, bound), plain.log_q(h, noise, bound)), [h, noise])

    def objective(h):
        return np.sum(dz * reparametrise(h, noise, bound)) + np.sum(dlog_q * plain.log_q(h, noise, bound))

    check_gradient(objective, ga.sample_posterior_grad(dz, dlog_q, h, noise, bound), h,
                   np.random.default_rng(2))


def test_log_prior_is_the_density_of_a_posterior_that_is_the_prior():
    z, = draw((6, 5))
    assert_close(ga.log_prior(z), plain.log_q(np.zeros((6, 10)), z, None), 1e-12)
    check_op(lambda z: (ga.log_prior(z),), lambda z: (-0.5 * np.sum(np.log(2 * np.pi) + z**2, axis=1),), [z])


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (5, 7)])
def test_importance_bound(shape):
    log_w = 5 * draw(shape)[0] - 90
    check_op(lambda log_w: ga.importance_bound(log_w)[:1], lambda log_w: (plain.bound_of(log_w),), [log_w])
    check_gradient(lambda log_w: plain.bound_of(log_w).sum(), ga.importance_bound(log_w)[1], log_w,
                   np.random.default_rng(2))


def test_importance_bound_of_weights_that_no_float_holds():
    bounds, weights = ga.importance_bound(np.float32([[-1000, 1000], [-1000, 800]]))
    assert_close(bounds, [-1000, 1000 - np.log(2)], 1e-6)
    assert weights.tolist() == [[0.5, 1], [0.5, 0]]


@pytest.mark.parametrize("rows, z_size", [(1, 1), (6, 5)])
def test_planar_flow(rows, z_size):
    dy, dlog_det, z, u, w, b, *sums = plain.flow_arrays(rows, z_size)
    check_op(ga.planar_flow, plain.flow, [z, u, w, b], {"float32": 1e-5, "float64": 1e-10})

    def objective(z, u, w, b):
        y, log_det = plain.flow(z, u, w, b)
        return np.sum(dy * y) + dlog_det @ log_det

    added = [array.copy() for array in sums]
    dz = ga.planar_flow_grad(dy, dlog_det, z, u, w, b, *added, weight=0.5)
    gradients = [dz, *(2 * (now - before) for now, before in zip(added, sums))]
    for i, gradient in enumerate(gradients):
        arguments = [z, u, w, b]

        def along(value, i=i, arguments=arguments):
            return objective(*arguments[:i], value, *arguments[i + 1:])

        check_gradient(along, gradient, arguments[i], np.random.default_rng(2))


def test_a_flow_can_be_inverted_whatever_its_parameters_are():
    z = np.linspace(-4, 4, 200)[:, None] * np.ones(3)
    y, log_det = ga.planar_flow(z, -50 * np.ones(3), np.ones(3), np.zeros(1))
    assert (np.diff(y @ np.ones(3)) > 0).all() and np.isfinite(log_det).all()


def test_binarise_draws_with_the_probability_of_each_pixel():
    counter = np.zeros(1, np.uint64)
    x = np.repeat(np.float32([-1, -0.5, 0, 0.9, 1]), 20000).reshape(100, 1000)
    drawn = ga.binarise(x, 3, counter, 1)
    assert drawn.dtype == np.float32 and set(np.unique(drawn)) == {-1, 1}
    shares = (drawn.reshape(5, -1) == 1).mean(axis=1)
    assert shares[0] == 0 and shares[-1] == 1
    assert np.allclose(shares[1:-1], [0.25, 0.5, 0.95], atol=4 * 0.5 / np.sqrt(20000))
    assert (ga.binarise(x.astype(np.float64), 3, counter, 1) == drawn).all()
    for other in (ga.binarise(x, 4, counter, 1), ga.binarise(x, 3, counter, 2),
                  ga.binarise(x, 3, np.ones(1, np.uint64), 1)):
        assert (other != drawn).mean() > 0.1


@pytest.mark.parametrize("offset", range(6))
def test_binarised_parts_are_those_of_the_whole(offset):
    x, counter = np.zeros(50, np.float32), np.zeros(1, np.uint64)
    whole = ga.binarise(x, 3, counter)
    assert (ga.binarise(x[offset:offset + 9], 3, counter, offset=offset) == whole[offset:offset + 9]).all()


def test_total():
    check_op(lambda x: (ga.total(x),), lambda x: (np.array([x.sum()]),), draw((7, 11, 3)),
             {"float32": 1e-5, "float64": 1e-10})      # the sum is small against its numbers
