"""Convolution and its gradients against a plain reference: a loop over the kernel's taps in float64."""
import itertools

import numpy as np
import pytest

import gpuarray

TOLERANCE = {np.float32: 2e-5, np.float64: 1e-10}     # largest difference, relative to the largest value


def _taps(h, width, k, stride):
    """For each tap (a, b): slices of the zero-padded input that it reads, one value for each output pixel."""
    out_h, out_w = -(-h // stride), -(-width // stride)
    for a, b in itertools.product(range(k), range(k)):
        yield a, b, slice(a, a + out_h * stride, stride), slice(b, b + out_w * stride, stride)


def _padded_shape(n, h, width, c, k, stride):
    return n, h + k + stride, width + k + stride, c


def plain_conv(x, w, stride):
    (n, h, width, c), k = x.shape, len(w)
    padded = np.zeros(_padded_shape(n, h, width, c, k, stride))
    p = (k - 1) // 2
    padded[:, p:p + h, p:p + width] = x
    return sum(padded[:, rows, cols] @ w[a, b] for a, b, rows, cols in _taps(h, width, k, stride))


def plain_input_grad(dy, w, stride, size):
    (h, width), k = size, len(w)
    padded = np.zeros(_padded_shape(len(dy), h, width, w.shape[2], k, stride))
    for a, b, rows, cols in _taps(h, width, k, stride):
        padded[:, rows, cols] += dy @ w[a, b].T
    p = (k - 1) // 2
    return padded[:, p:p + h, p:p + width]


def plain_weight_grad(x, dy, k, stride):
    n, h, width, c = x.shape
    padded = np.zeros(_padded_shape(n, h, width, c, k, stride))
    p = (k - 1) // 2
    padded[:, p:p + h, p:p + width] = x
    dw = np.zeros((k, k, c, dy.shape[3]))
    for a, b, rows, cols in _taps(h, width, k, stride):
        dw[a, b] = np.einsum("nhwc,nhwk->ck", padded[:, rows, cols], dy)
    return dw


def assert_close(got, wanted, dtype):
    assert got.dtype == dtype and got.shape == wanted.shape and got.flags.c_contiguous
    assert np.abs(got - wanted).max() <= TOLERANCE[dtype] * np.abs(wanted).max()


# N, H, W, C, K, k, stride
SHAPES = [
    (1, 1, 1, 1, 1, 1, 1), (2, 5, 7, 3, 4, 3, 1), (1, 6, 5, 2, 3, 4, 2), (3, 9, 8, 3, 5, 5, 2),
    (2, 7, 7, 4, 3, 5, 3), (1, 4, 4, 3, 2, 6, 2), (2, 5, 6, 3, 2, 2, 3), (2, 8, 8, 16, 32, 5, 2),
    (1, 13, 11, 17, 19, 5, 2), (3, 4, 4, 40, 16, 5, 2), (2, 12, 9, 20, 33, 3, 1), (2, 8, 8, 32, 3, 5, 1),
    (1, 32, 32, 3, 32, 5, 1), (1, 2, 3, 16, 16, 5, 2), (2, 10, 6, 16, 18, 6, 2), (5, 16, 16, 32, 64, 5, 2),
    (1, 7, 9, 24, 16, 4, 2), (2, 64, 64, 3, 16, 5, 2), (2, 6, 7, 16, 3, 4, 1), (1, 5, 6, 12, 2, 6, 1)]
every_shape = pytest.mark.parametrize("n, h, width, c, channels, k, stride", SHAPES)
every_type = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def draw(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).standard_normal(shape)


def case(n, h, width, c, channels, k, stride, dtype):
    x, w = draw(n, h, width, c), draw(k, k, c, channels, seed=1)
    dy = draw(n, -(-h // stride), -(-width // stride), channels, seed=2)
    return [array.astype(dtype) for array in (x, w, dy)]


@every_type
@every_shape
def test_conv2d(n, h, width, c, channels, k, stride, dtype):
    x, w, _ = case(n, h, width, c, channels, k, stride, dtype)
    assert_close(gpuarray.conv2d(x, w, stride), plain_conv(x.astype(float), w.astype(float), stride), dtype)


@every_type
@every_shape
def test_input_gradient(n, h, width, c, channels, k, stride, dtype):
    _, w, dy = case(n, h, width, c, channels, k, stride, dtype)
    got = gpuarray.conv2d_input_grad(dy, w, stride, (h, width))
    assert_close(got, plain_input_grad(dy.astype(float), w.astype(float), stride, (h, width)), dtype)


@every_type
@every_shape
def test_weight_gradient_is_weighted_and_added(n, h, width, c, channels, k, stride, dtype):
    x, _, dy = case(n, h, width, c, channels, k, stride, dtype)
    dw = draw(k, k, c, channels, seed=3).astype(dtype)
    wanted = dw + 0.25 * plain_weight_grad(x.astype(float), dy.astype(float), k, stride)
    gpuarray.conv2d_weight_grad(x, dy, dw, stride, 0.25)
    assert_close(dw, wanted, dtype)


def test_weight_zero_leaves_the_gradient_alone():
    x, dy = np.full((1, 4, 4, 2), np.nan), draw(1, 4, 4, 3)
    dw = np.ones((3, 3, 2, 3))
    gpuarray.conv2d_weight_grad(x, dy, dw, 1, 0.0)
    assert (dw == 1).all()


EPILOGUE_SHAPES = [(3, 9, 8, 3, 5, 5, 2), (2, 8, 8, 32, 3, 5, 1), (5, 16, 12, 32, 48, 5, 2),
                   (2, 12, 9, 20, 33, 3, 1),
                   (2, 64, 64, 3, 16, 5, 2)]
ACTIVATION = {"linear": lambda a: a, "relu": lambda a: np.maximum(a, 0), "tanh": np.tanh}


@pytest.mark.parametrize("activation", ACTIVATION)
@pytest.mark.parametrize("n, h, width, c, channels, k, stride", EPILOGUE_SHAPES)
def test_epilogue_of_both_directions(n, h, width, c, channels, k, stride, activation):
    x, w, dy = case(n, h, width, c, channels, k, stride, np.float64)
    forward = plain_conv(x, w, stride), draw(channels, seed=4)
    back = plain_input_grad(dy, w, stride, (h, width)), draw(c, seed=4)
    calls = (lambda bias: gpuarray.conv2d(x, w, stride, bias, activation, moments=True),
             lambda bias: gpuarray.conv2d_input_grad(dy, w, stride, (h, width), bias, activation,
                                                     moments=True))
    for call, (linear, bias) in zip(calls, (forward, back)):
        y, (mean, variance) = call(bias)
        wanted = ACTIVATION[activation](linear + bias)
        assert_close(y, wanted, np.float64)
        assert_close(mean, wanted.mean((0, 1, 2)), np.float64)
        assert_close(variance, wanted.var((0, 1, 2)), np.float64)


@pytest.mark.parametrize("activation", ["linear", "relu"])
@pytest.mark.parametrize("n, h, width, c, channels, k, stride", EPILOGUE_SHAPES)
def test_sums_for_the_gradient_of_batchnorm(n, h, width, c, channels, k, stride, activation):
    x, w, dy = case(n, h, width, c, channels, k, stride, np.float64)
    calls = (lambda into: gpuarray.conv2d(x, w, stride, into=into), plain_conv(x, w, stride),
             ), (lambda into: gpuarray.conv2d_input_grad(dy, w, stride, (h, width), into=into),
                 plain_input_grad(dy, w, stride, (h, width)))
    for call, wanted in calls:
        a, (gamma, beta, mean, inv_std) = draw(*wanted.shape, seed=5), draw(4, wanted.shape[-1], seed=6)
        y, sums = call(gpuarray.Normalised(a, gamma, beta, (mean, inv_std), activation))
        normalised = (a - mean) * inv_std
        g = wanted if activation == "linear" else wanted * (gamma * normalised + beta > 0)
        assert_close(y, wanted, np.float64)
        assert_close(sums, np.stack([g.sum((0, 1, 2)), (g * normalised).sum((0, 1, 2))])[None], np.float64)


def test_variance_survives_a_large_mean():
    x, w = draw(8, 16, 16, 16).astype(np.float32), draw(5, 5, 16, 16, seed=1).astype(np.float32)
    bias = np.full(16, 3e3, np.float32)
    y, (_, variance) = gpuarray.conv2d(x, w, 2, bias, moments=True)
    np.testing.assert_allclose(variance, y.astype(float).var((0, 1, 2)), rtol=1e-4)


def test_same_bits_every_time():
    x, w, dy = case(9, 16, 16, 32, 32, 5, 2, np.float32)
    runs = []
    for _ in range(3):
        dw = np.zeros_like(w)
        gpuarray.conv2d_weight_grad(x, dy, dw, 2)
        y, (mean, variance) = gpuarray.conv2d(x, w, 2, moments=True)
        runs.append((y, mean, variance, gpuarray.conv2d_input_grad(dy, w, 2, (16, 16)), dw))
    for run in runs[1:]:
        for first, again in zip(runs[0], run):
            np.testing.assert_array_equal(first, again)
