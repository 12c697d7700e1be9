"""Convolution and its gradients on the simulated device, in all three precisions, against float64."""
import numpy as np
import pytest

import gpuarray as ga
from gpuarray.cuda import tiles
from tests.gpuarray import reference
from tests.gpuarray.check import TOLERANCE, assert_close
from tests.gpuarray.cuda.check import BFLOAT16, FLOAT32, misaligned
from tests.gpuarray.test_conv import plain_conv, plain_input_grad, plain_weight_grad

PRECISIONS = "FP32", "TF32", "BF16"
every_precision = pytest.mark.parametrize("precision", PRECISIONS)
ORDERS = ("forward", 0), ("reverse", 0), ("random", 1), ("random", 2)

# Every layer of the released networks, up-convolutions as the convolutions that they are the gradient of:
# N, H, W, C, K, k, stride.
LAYERS = [(2, 12, 12, 3, 64, 5, 2), (2, 8, 8, 64, 128, 5, 2), (1, 6, 6, 128, 256, 5, 2),
          (1, 10, 10, 3, 32, 5, 1), (3, 14, 14, 32, 128, 5, 2), (1, 4, 4, 256, 256, 5, 2),
          (1, 12, 12, 32, 3, 5, 1), (2, 4, 4, 128, 192, 5, 2), (1, 4, 4, 192, 256, 5, 2)]
# One of everything, odd sizes, channels that fill no piece and no tile, kernels smaller than the stride,
# even kernels.
ODD = [(1, 1, 1, 1, 1, 1, 1), (2, 5, 7, 3, 8, 3, 1), (1, 6, 5, 2, 3, 4, 2), (3, 9, 8, 3, 5, 5, 2),
       (2, 7, 7, 8, 3, 5, 3), (2, 5, 6, 3, 2, 2, 3), (1, 13, 11, 17, 19, 5, 2), (2, 2, 3, 40, 72, 6, 2),
       (1, 7, 9, 136, 16, 1, 2),
       (1, 23, 23, 4, 8, 3, 2), (2, 3, 1, 8, 8, 3, 2)]      # phases of fewer tiles than others, and of none


class Case:
    """Random arrays of a shape in the types that the device takes, and what must come of them in float64."""

    def __init__(self, shape, precision):
        n, h, width, c, k, side, self.stride = shape
        self.size, self.precision, self.tf32 = (h, width), precision, precision == "TF32"
        element = BFLOAT16 if precision == "BF16" else FLOAT32
        rng = np.random.default_rng(shape)
        p, q = -(-h // self.stride), -(-width // self.stride)
        self.x = rng.standard_normal((n, h, width, c)).astype(element)
        self.dy = rng.standard_normal((n, p, q, k)).astype(element)
        self.w, self.dw = (rng.standard_normal((side, side, c, k)).astype(FLOAT32) for _ in range(2))
        self.multiplied = self.w.astype(element).astype(np.float64)     # weights are rounded like activations

    def y(self):
        return plain_conv(self.x.astype(np.float64), self.multiplied, self.stride)

    def dx(self):
        return plain_input_grad(self.dy.astype(np.float64), self.multiplied, self.stride, self.size)

    def gradient(self):
        x, dy = self.x.astype(np.float64), self.dy.astype(np.float64)
        return plain_weight_grad(x, dy, len(self.w), self.stride)

    def check_activations(self, device, got, wanted):
        """got: an array, or an array and its moments; wanted: the array in float64."""
        y, moments = got if isinstance(got, tuple) else (got, ())
        y = device.to_host(y)
        assert_close(y, wanted, TOLERANCE["tf32" if self.tf32 else y.dtype.name], "y")
        for name, moment, plain in zip(("mean", "variance"), moments, (np.mean, np.var)):
            # Of what was written: y's own error is not counted twice.
            assert_close(device.to_host(moment), plain(y.astype(np.float64), (0, 1, 2)), 1e-5, name)

    def check_gradient(self, got, weight=1.0):
        wanted = self.dw + weight * self.gradient()
        assert_close(got, wanted, TOLERANCE["tf32" if self.tf32 else "float32"], "dw")


def check_all_three(device, shape, precision, place=None):
    case, place = Case(shape, precision), place or device.to_device
    x, w, dy, dw = map(place, (case.x, case.w, case.dy, case.dw))
    y = ga.conv2d(x, w, case.stride, moments=True, tf32=case.tf32)
    case.check_activations(device, y, case.y())
    dx = ga.conv2d_input_grad(dy, w, case.stride, case.size, moments=True, tf32=case.tf32)
    case.check_activations(device, dx, case.dx())
    ga.conv2d_weight_grad(x, dy, dw, case.stride, 0.25, case.tf32)
    case.check_gradient(device.to_host(dw), 0.25)


@every_precision
@pytest.mark.parametrize("shape", LAYERS, ids=str)
def test_layers_of_the_networks(cuda, shape, precision):
    with cuda.threads_in_order(*ORDERS[(LAYERS.index(shape) + PRECISIONS.index(precision)) % 4]):
        check_all_three(cuda, shape, precision)


@every_precision
@pytest.mark.parametrize("shape", ODD, ids=str)
def test_odd_shapes(cuda_any_order, shape, precision):
    check_all_three(cuda_any_order, shape, precision)


@every_precision
@pytest.mark.parametrize("shape", [(2, 6, 7, 8, 12, 5, 2), (2, 5, 4, 3, 7, 3, 1)], ids=str)
@pytest.mark.parametrize("splits", [1, 2, 7, 40])
def test_a_split_depth(cuda_any_order, monkeypatch, precision, shape, splits):
    """Also with more splits than steps, so that some have nothing to do, and with padded channels."""
    monkeypatch.setattr(tiles, "choose_splits", lambda *_: splits)
    check_all_three(cuda_any_order, shape, precision)


@every_precision
def test_fewer_stages_where_shared_memory_is_small(cuda, monkeypatch, precision):
    monkeypatch.setattr(cuda, "capability", (8, 6))
    operands = (tiles.Operand(4, along) for along in (True, False))
    stages = tiles.TILES[precision][-1].fitting(cuda.capability, *operands).stages
    assert stages == (3 if precision == "FP32" else 2)
    check_all_three(cuda, (3, 10, 10, 32, 136, 5, 2), precision)


@every_precision
def test_arrays_at_odd_addresses(cuda, precision):
    check_all_three(cuda, (1, 6, 6, 16, 24, 3, 1), precision, place=lambda array: misaligned(cuda, array))


@every_precision
@pytest.mark.parametrize("activation", ["linear", "relu", "tanh"])
@pytest.mark.parametrize("splits", [1, 3])
@pytest.mark.parametrize("shape", [(2, 9, 8, 8, 12, 5, 2), (1, 7, 9, 4, 7, 3, 1)], ids=str)
def test_bias_activation_and_moments(cuda, monkeypatch, precision, shape, splits, activation):
    monkeypatch.setattr(tiles, "choose_splits", lambda *_: splits)
    case = Case(shape, precision)
    x, w, dy = map(cuda.to_device, (case.x, case.w, case.dy))
    for place in cuda.to_device, lambda array: misaligned(cuda, array):
        bias = np.linspace(-2, 2, case.w.shape[3], dtype=FLOAT32)
        y = ga.conv2d(x, w, case.stride, place(bias), activation, True, case.tf32)
        case.check_activations(cuda, y, reference.activation(case.y() + bias, activation))
        bias = np.linspace(-2, 2, case.w.shape[2], dtype=FLOAT32)
        dx = ga.conv2d_input_grad(dy, w, case.stride, case.size, place(bias), activation, True, case.tf32)
        case.check_activations(cuda, dx, reference.activation(case.dx() + bias, activation))


@pytest.mark.parametrize("precision", ["FP32", "BF16"])
@pytest.mark.parametrize("side, out", [(5, 3), (5, 1), (4, 4), (3, 2), (2, 3)])
@pytest.mark.parametrize("n, h, width, channels", [(1, 35, 33, 12), (2, 6, 7, 5)])
def test_few_channels_out(cuda_any_order, n, h, width, channels, side, out, precision):
    """conv_narrow.cu: forward with bias and activation, and as a gradient to the input without."""
    forward = Case((n, h, width, channels, out, side, 1), precision)
    back = Case((n, h, width, out, channels, side, 1), precision)
    bias = np.linspace(-1, 1, out, dtype=FLOAT32)
    to = cuda_any_order.to_device
    y = ga.conv2d(to(forward.x), to(forward.w), 1, to(bias), "tanh")
    forward.check_activations(cuda_any_order, y, np.tanh(forward.y() + bias))
    dx = ga.conv2d_input_grad(to(back.dy), to(back.w), 1, (h, width))
    back.check_activations(cuda_any_order, dx, back.dx())


@every_precision
def test_variance_survives_a_large_mean(cuda, precision):
    case = Case((4, 16, 16, 8, 12, 5, 2), precision)
    bias = np.full(12, 300 if precision == "BF16" else 3e4, FLOAT32)
    x, w, bias = map(cuda.to_device, (case.x, case.w, bias))
    y, (mean, variance) = ga.conv2d(x, w, 2, bias, moments=True, tf32=case.tf32)
    y = cuda.to_host(y).astype(np.float64)
    np.testing.assert_allclose(cuda.to_host(mean), y.mean((0, 1, 2)), rtol=1e-6)
    # Tiles' means, in float32, are off by up to 1e-3 here, 1e-4 of the deviation; a sum of squares, by 100%.
    np.testing.assert_allclose(cuda.to_host(variance), y.var((0, 1, 2)), rtol=1e-4)


@every_precision
@pytest.mark.parametrize("shape", [(3, 6, 7, 8, 12, 5, 2), (2, 7, 5, 3, 6, 3, 1)], ids=str)
def test_a_pixel_touches_what_sees_it_and_no_more(cuda, precision, shape):
    """NaN in one pixel: wherever zeros are only filled in, a product with it would betray itself."""
    case = Case(shape, precision)
    everywhere = np.ones(case.w.shape)
    x, dy, in_x, in_dy = case.x, case.dy, np.zeros(case.x.shape), np.zeros(case.dy.shape)
    x[1, 3, 4], dy[1, 1, 2], in_x[1, 3, 4], in_dy[1, 1, 2] = np.nan, np.nan, 1, 1
    x, w, dy = map(cuda.to_device, (x, case.w, dy))
    for result, seen in (
            (ga.conv2d(x, w, case.stride, tf32=case.tf32), plain_conv(in_x, everywhere, case.stride)),
            (ga.conv2d_input_grad(dy, w, case.stride, case.size, tf32=case.tf32),
             plain_input_grad(in_dy, everywhere, case.stride, case.size))):
        np.testing.assert_array_equal(np.isnan(cuda.to_host(result).astype(np.float64)), seen > 0)


def assert_channels_are_apart(cuda, case):
    """What is not finite in a channel of x or dy reaches its own gradients to weights and no others."""
    case.x[..., 1], case.dy[..., 2] = np.nan, np.inf
    x, dy, dw = map(cuda.to_device, (case.x, case.dy, case.dw))
    ga.conv2d_weight_grad(x, dy, dw, case.stride, tf32=case.tf32)
    spoilt = np.zeros(case.dw.shape, bool)
    spoilt[:, :, 1], spoilt[..., 2] = True, True
    np.testing.assert_array_equal(~np.isfinite(cuda.to_host(dw)), spoilt)


@every_precision
@pytest.mark.parametrize("splits", [1, 2])
def test_one_channel_does_not_touch_another(cuda, monkeypatch, precision, splits):
    """Not even those that only fill up a piece: their products with infinity are NaN, and belong nowhere."""
    monkeypatch.setattr(tiles, "choose_splits", lambda *_: splits)
    case = Case((1, 5, 4, 3, 7, 3, 1), precision)
    assert_channels_are_apart(cuda, case)


@every_precision
def test_same_bits_in_every_order(cuda, precision):
    case, runs = Case((2, 12, 12, 16, 24, 5, 2), precision), []
    for order in ORDERS:
        with cuda.threads_in_order(*order):
            x, w, dy, dw = map(cuda.to_device, (case.x, case.w, case.dy, case.dw))
            y, moments = ga.conv2d(x, w, 2, moments=True, tf32=case.tf32)
            dx = ga.conv2d_input_grad(dy, w, 2, case.size, tf32=case.tf32)
            ga.conv2d_weight_grad(x, dy, dw, 2, tf32=case.tf32)
            runs.append([cuda.to_host(array) for array in (y, *moments, dx, dw)])
    for run in runs[1:]:
        for first, again in zip(runs[0], run):
            np.testing.assert_array_equal(first, again)


def test_weight_zero_leaves_the_gradient_alone(cuda):
    case = Case((1, 4, 4, 2, 3, 3, 1), "FP32")
    dw = cuda.to_device(case.dw)
    ga.conv2d_weight_grad(cuda.to_device(case.x * np.nan), cuda.to_device(case.dy), dw, 1, 0.0)
    np.testing.assert_array_equal(cuda.to_host(dw), case.dw)
