"""Dense layers against einsum in float64."""
import numpy as np
import pytest

import gpuarray

TOLERANCE = {np.float32: 1e-5, np.float64: 1e-12}     # largest difference, relative to the largest value
SHAPES = [(1, 1, 1), (1, 7, 3), (5, 33, 17), (64, 100, 1), (130, 512, 65)]      # N, D, K
every_shape = pytest.mark.parametrize("n, d, k", SHAPES)
every_type = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def draw(*shape, seed=0, dtype=np.float64):
    return np.random.default_rng([seed, *shape]).standard_normal(shape).astype(dtype)


def assert_close(got, wanted, dtype):
    assert got.dtype == dtype and got.shape == wanted.shape and got.flags.c_contiguous
    assert np.abs(got - wanted).max() <= TOLERANCE[dtype] * np.abs(wanted).max()


def product(subscripts, a, b):
    return np.einsum(subscripts, a.astype(float), b.astype(float))


@every_type
@every_shape
def test_dense(n, d, k, dtype):
    x, w = draw(n, d, dtype=dtype), draw(d, k, seed=1, dtype=dtype)
    assert_close(gpuarray.dense(x, w), product("nd,dk->nk", x, w), dtype)


@every_type
@every_shape
def test_input_gradient(n, d, k, dtype):
    dy, w = draw(n, k, dtype=dtype), draw(d, k, seed=1, dtype=dtype)
    assert_close(gpuarray.dense_input_grad(dy, w), product("nk,dk->nd", dy, w), dtype)


@every_type
@every_shape
def test_weight_gradient_is_weighted_and_added(n, d, k, dtype):
    x, dy, dw = draw(n, d, dtype=dtype), draw(n, k, seed=1, dtype=dtype), draw(d, k, seed=2, dtype=dtype)
    wanted = dw + 0.25 * product("nd,nk->dk", x, dy)
    gpuarray.dense_weight_grad(x, dy, dw, 0.25)
    assert_close(dw, wanted, dtype)


def test_weight_zero_leaves_the_gradient_alone():
    dw = np.ones((3, 2))
    gpuarray.dense_weight_grad(np.full((4, 3), np.nan), draw(4, 2), dw, 0.0)
    assert (dw == 1).all()


@pytest.mark.parametrize("activation, function",
                         [("linear", lambda a: a), ("relu", lambda a: np.maximum(a, 0)), ("tanh", np.tanh)])
def test_epilogue(activation, function):
    x, w, bias = draw(9, 33), draw(33, 5, seed=1), draw(5, seed=2)
    y, (mean, variance) = gpuarray.dense(x, w, bias, activation, moments=True)
    wanted = function(product("nd,dk->nk", x, w) + bias)
    assert_close(y, wanted, np.float64)
    assert_close(mean, wanted.mean(0), np.float64)
    assert_close(variance, wanted.var(0), np.float64)
