import numpy as np
import pytest

import gpuarray as ga
from tests.gpuarray import likelihoods as plain
from tests.gpuarray.check import assert_close
from tests.gpuarray.cuda.check import check_on_device

BOUNDS = 3.0, None


def draw(*shapes, seed=1):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape).astype(np.float32) for shape in shapes]


def in_numpy(operation):
    """The NumPy backend's result as a tuple: in float64 the reference of the kernels."""
    def reference(*arrays):
        result = operation(*arrays)
        return result if isinstance(result, tuple) else (result,)
    return reference


def check(device, operation, arrays, **options):
    check_on_device(device, in_numpy(operation), in_numpy(operation), arrays, **options)


@pytest.mark.parametrize("shape", [(1, 1), (3, 5, 7, 1), (2, 784)], ids=str)
def test_bernoulli_loss(cuda_any_order, shape):
    logits, x = draw(shape, shape)
    check(cuda_any_order, ga.bernoulli_loss, [4 * logits, np.tanh(x)])


def test_bernoulli_loss_is_finite_at_any_logit(cuda):
    logits, x = np.float32([[500, -500, 500, -500]]), np.float32([[1, -1, -1, 1]])
    losses, dlogits = map(cuda.to_host, ga.bernoulli_loss(cuda.to_device(logits), cuda.to_device(x)))
    assert losses.tolist() == [1000] and dlogits.tolist() == [[0, 0, 1, -1]]


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("shape", [(1, 1), (3, 5, 4, 3), (2, 400, 1)], ids=str)
def test_gaussian_loss(cuda_any_order, shape, bound):
    arrays = draw((*shape[:-1], 2 * shape[-1]), shape)
    check(cuda_any_order, lambda h, x: ga.gaussian_loss(h, x, bound), arrays)


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("samples, n, z_size", [(1, 1, 1), (4, 5, 7), (3, 2, 300)])
def test_sample_posterior(cuda_any_order, samples, n, z_size, bound):
    h, noise, dz, dlog_q = draw((n, 2 * z_size), *[(samples, n, z_size)] * 2, (samples, n))
    check(cuda_any_order, lambda h, noise: ga.sample_posterior(h, noise, bound), [h, noise])
    check(cuda_any_order, lambda *arrays: ga.sample_posterior_grad(*arrays, bound), [dz, dlog_q, h, noise])
    check(cuda_any_order, ga.log_prior, [noise[0]])


@pytest.mark.parametrize("shape", [(1, 1), (5, 7), (3, 300)], ids=str)
def test_importance_bound(cuda_any_order, shape):
    check(cuda_any_order, ga.importance_bound, [5 * draw(shape)[0] - 90])


def test_importance_bound_of_weights_that_no_float_holds(cuda):
    log_w = cuda.to_device(np.float32([[-1000, 1000], [-1000, 800]]))
    bounds, weights = map(cuda.to_host, ga.importance_bound(log_w))
    assert_close(bounds, [-1000, 1000 - np.log(2)], 1e-6)
    assert weights.tolist() == [[0.5, 1], [0.5, 0]]


@pytest.mark.parametrize("weight", [1.0, 0.0])
@pytest.mark.parametrize("rows, z_size", [(1, 1), (6, 5), (3, 300)])
def test_planar_flow(cuda_any_order, rows, z_size, weight):
    arrays = [array.astype(np.float32) for array in plain.flow_arrays(rows, z_size)]
    dy, dlog_det, z, u, w, b, *_ = arrays
    loose = {"float32": 2e-5}                      # seen: 6e-6, in the logarithms of nearly 0
    check(cuda_any_order, ga.planar_flow, [z, u, w, b], tolerance=loose)

    def gradients(dy, dlog_det, z, u, w, b, du, dw, db):
        return ga.planar_flow_grad(dy, dlog_det, z, u, w, b, du, dw, db, weight), du, dw, db

    check(cuda_any_order, gradients, arrays, tolerance=loose)


@pytest.mark.parametrize("shape, offset", [((1,), 0), ((3, 5, 7), 3), ((40, 30), 1030)], ids=str)
def test_binarise_draws_the_same_as_the_numpy_backend(cuda_any_order, shape, offset):
    x = np.tanh(draw(shape)[0])
    counter = np.array([2**40 + 3], np.uint64)
    there = ga.binarise(cuda_any_order.to_device(x), 2**35 + 11, cuda_any_order.to_device(counter), 2, offset)
    assert (cuda_any_order.to_host(there) == ga.binarise(x, 2**35 + 11, counter, 2, offset)).all()


@pytest.mark.parametrize("shape", [(1,), (7, 11, 13)], ids=str)
def test_total(cuda_any_order, shape):
    check(cuda_any_order, ga.total, [1 + draw(shape)[0]])
