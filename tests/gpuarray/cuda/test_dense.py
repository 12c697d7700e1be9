"""Dense layers on the simulated device, in all three precisions, against float64."""
import numpy as np
import pytest

import gpuarray as ga
from gpuarray.cuda import tiles
from tests.gpuarray import reference
from tests.gpuarray.check import TOLERANCE, assert_close
from tests.gpuarray.cuda.check import BFLOAT16, FLOAT32, misaligned

PRECISIONS = "FP32", "TF32", "BF16"
every_precision = pytest.mark.parametrize("precision", PRECISIONS)
# N, D, K. First the networks' layers with shorter depths: a batch x 16,384 -> 2,048 (1,024, 512), 128 ->
# 16,384, 2,048 -> 256 (the latent heads), 512 -> 1.
LAYERS = [(64, 768, 136), (3, 16, 520), (65, 128, 256), (64, 72, 1)]
ODD = [(1, 1, 1), (1, 5, 7), (2, 37, 33), (67, 24, 20), (5, 136, 130)]


def draw(shape, precision):
    """x, w, dy, dw, bias as the device takes them, and w as it is multiplied, in float64."""
    n, d, k = shape
    rng = np.random.default_rng(shape)
    element = BFLOAT16 if precision == "BF16" else FLOAT32
    x, w, dy, dw, bias = (rng.standard_normal(s) for s in ((n, d), (d, k), (n, k), (d, k), (k,)))
    arrays = (x.astype(element), w.astype(FLOAT32), dy.astype(element), dw.astype(FLOAT32),
              bias.astype(FLOAT32))
    return *arrays, arrays[1].astype(element).astype(np.float64)


def check_all_three(device, shape, precision, activation="linear", place=None):
    *arrays, multiplied = draw(shape, precision)
    x, w, dy, dw, bias = arrays
    x_there, w_there, dy_there, dw_there, bias_there = map(place or device.to_device, arrays)
    tf32, loose = precision == "TF32", TOLERANCE["tf32"]

    y, moments = ga.dense(x_there, w_there, bias_there, activation, True, tf32)
    y = device.to_host(y)
    wanted = reference.activation(x.astype(np.float64) @ multiplied + bias, activation)
    assert_close(y, wanted, loose if tf32 else TOLERANCE[y.dtype.name], "y")
    for name, moment, plain in zip(("mean", "variance"), moments, (np.mean, np.var)):
        assert_close(device.to_host(moment), plain(y.astype(np.float64), 0), 1e-5, name)
    alone = ga.dense(x_there, w_there, bias_there, activation, False, tf32)
    np.testing.assert_array_equal(device.to_host(alone), y)

    dx = device.to_host(ga.dense_input_grad(dy_there, w_there, tf32))
    assert_close(dx, dy.astype(np.float64) @ multiplied.T, loose if tf32 else TOLERANCE[dx.dtype.name], "dx")

    ga.dense_weight_grad(x_there, dy_there, dw_there, 0.25, tf32)
    wanted = dw + 0.25 * x.astype(np.float64).T @ dy.astype(np.float64)
    assert_close(device.to_host(dw_there), wanted, loose if tf32 else TOLERANCE["float32"], "dw")


@every_precision
@pytest.mark.parametrize("shape", LAYERS, ids=str)
def test_layers_of_the_networks(cuda, shape, precision):
    check_all_three(cuda, shape, precision)


@every_precision
@pytest.mark.parametrize("shape", ODD, ids=str)
def test_odd_shapes(cuda_any_order, shape, precision):
    check_all_three(cuda_any_order, shape, precision, "tanh")


@every_precision
def test_a_long_depth_in_many_splits(cuda_any_order, monkeypatch, precision):
    """As a batch of 64 and 16,384 inputs are cut."""
    operand = tiles.Operand(2 if precision == "BF16" else 4, along_depth=True)
    assert tiles.plan_product(precision, operand, operand, 64, 1024, 16384).splits > 8
    monkeypatch.setattr(tiles, "choose_splits", lambda *_: 9)
    check_all_three(cuda_any_order, (7, 600, 20), precision, "relu")


@every_precision
def test_arrays_at_odd_addresses(cuda, precision):
    check_all_three(cuda, (5, 48, 40), precision, place=lambda array: misaligned(cuda, array))
