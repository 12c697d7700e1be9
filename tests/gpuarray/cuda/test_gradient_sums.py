"""The sums that batchnorm's gradient begins with, taken by the product that writes dy, against float64."""
import numpy as np
import pytest

import gpuarray as ga
from gpuarray.cuda import patches, products, tiles, winograd
from tests.cuda_on_cpu.workload import winograd_everywhere
from tests.gpuarray.check import TOLERANCE, assert_close
from tests.gpuarray.cuda.check import FLOAT32, in_float64, misaligned
from tests.gpuarray.cuda.conftest import ORDERS
from tests.gpuarray.cuda.test_conv import ODD, Case, every_precision
from tests.gpuarray.cuda.test_conv_patch import ALL_PHASES, BOTH
from tests.gpuarray.cuda.test_conv_patch import ODD as ODD_PATCHES
from tests.gpuarray.cuda.test_conv_wgmma import SHAPES as WGMMA_SHAPES
from tests.gpuarray.cuda.test_winograd import SHAPES as WINOGRAD_SHAPES

ACTIVATIONS = "relu", "linear"
every_activation = pytest.mark.parametrize("activation", ACTIVATIONS)


def batchnorm_of(like, activation, place, place_x=None):
    """A batchnorm whose x is like an array; random numbers, those of the channels float32."""
    rng = np.random.default_rng(like.shape)
    x = (2 * rng.standard_normal(like.shape) + 1).astype(like.dtype)
    gamma, beta, mean = (rng.standard_normal(like.shape[-1:]).astype(FLOAT32) for _ in range(3))
    inv_std = rng.uniform(0.5, 2, like.shape[-1:]).astype(FLOAT32)
    there = [place(array) for array in (gamma, beta, mean, inv_std)]
    return (x, gamma, beta, (mean, inv_std), activation), ga.Normalised(
        (place_x or place)(x), *there[:2], tuple(there[2:]), activation)


def plain_sums(dy, x, gamma, beta, statistics, activation):
    """sum g and sum g n, (2, C), in float64."""
    dy, x, gamma, beta, mean, inv_std = map(in_float64, (dy, x, gamma, beta, *statistics))
    n = (x - mean) * inv_std
    g = dy * (gamma * n + beta > 0) if activation == "relu" else dy
    return np.stack([g.sum((0, 1, 2)), (g * n).sum((0, 1, 2))])


def check_sums(device, got, wanted, norm, tolerance):
    """got: (dy, parts) on the device. The sums are of dy as written: its own error is not counted twice."""
    dy, parts = map(device.to_host, got)
    assert_close(dy, wanted, tolerance, "dy")
    assert parts.dtype == FLOAT32 and parts.shape[1:] == (2, dy.shape[-1])
    for name, sums, plain in zip(("sum g", "sum g n"), parts.sum(0), plain_sums(dy, *norm)):
        assert_close(sums, plain, TOLERANCE["float32"], name)


def check_both(device, shape, precision, activation, place=None):
    """As the gradient to the input of a convolution, and of an up-convolution."""
    case, place = Case(shape, precision), place or device.to_device
    tolerance = TOLERANCE["tf32" if case.tf32 else case.x.dtype.name]
    x, w, dy = map(place, (case.x, case.w, case.dy))
    norm, into = batchnorm_of(case.dy, activation, place)
    check_sums(device, ga.conv2d(x, w, case.stride, tf32=case.tf32, into=into), case.y(), norm, tolerance)
    norm, into = batchnorm_of(case.x, activation, place)
    check_sums(device, ga.conv2d_input_grad(dy, w, case.stride, case.size, tf32=case.tf32, into=into),
               case.dx(), norm, tolerance)


@every_precision
@pytest.mark.parametrize("shape", ODD, ids=str)
def test_odd_shapes(cuda_in_turn, shape, precision):
    check_both(cuda_in_turn, shape, precision, ACTIVATIONS[ODD.index(shape) % 2])


@every_precision
@every_activation
@pytest.mark.parametrize("splits", [1, 2, 40])
@pytest.mark.parametrize("shape", [(2, 6, 7, 8, 12, 5, 2), (3, 5, 4, 3, 7, 3, 1)], ids=str)
def test_a_split_depth(cuda, monkeypatch, shape, splits, activation, precision):
    """Also in several tiles of conv_reduce.cu."""
    monkeypatch.setattr(tiles, "choose_splits", lambda *_: splits)
    with cuda.threads_in_order(*ORDERS[splits % 4]):
        check_both(cuda, shape, precision, activation)


@every_precision
@pytest.mark.parametrize("tile", [0, 1, 2], ids=str)
def test_tiles_of_more_rows_than_are_read_at_once(cuda_in_turn, monkeypatch, tile, precision):
    """More than one tile in each direction, the last one partly filled."""
    monkeypatch.setitem(tiles.TILES, precision, tiles.TILES[precision][tile:tile + 1])
    check_both(cuda_in_turn, (3, 15, 11, 36, 68, 3, 2), precision, "relu")


@every_precision
@pytest.mark.parametrize("shape", ODD_PATCHES + ALL_PHASES, ids=str)
def test_patches(cuda, monkeypatch, launched, shape, precision):
    """Ends of their own, not conv_reduce.cu's."""
    monkeypatch.setattr(patches, "WGMMA_CARDS", ())
    monkeypatch.setattr(tiles, "choose_splits", lambda *_: 1)
    number = (ODD_PATCHES + ALL_PHASES).index(shape)
    with cuda.threads_in_order(*ORDERS[number % 4]):
        check_both(cuda, shape, precision, ACTIVATIONS[number // 2 % 2])
    assert set(launched) & set(BOTH)


@pytest.mark.parametrize("precision", ["TF32", "BF16"])
@pytest.mark.parametrize("shape", WGMMA_SHAPES, ids=str)
def test_wgmma(cuda, monkeypatch, multiplied, shape, precision):
    monkeypatch.setattr(tiles, "choose_splits", lambda *_: 1)
    number = WGMMA_SHAPES.index(shape)
    with cuda.threads_in_order(*ORDERS[number % 4]):
        check_both(cuda, shape, precision, ACTIVATIONS[number % 2])
    assert multiplied == set(BOTH)


@every_activation
@pytest.mark.parametrize("shape", WINOGRAD_SHAPES, ids=str)
def test_winograd(cuda_in_turn, launched, shape, activation):
    with winograd_everywhere():
        check_both(cuda_in_turn, shape, "FP32", activation)
    assert launched == ["winograd_product"] * 2


@pytest.mark.parametrize("images", [1, 2])
def test_winograd_in_groups_of_images(cuda, launched, monkeypatch, images):
    monkeypatch.setattr(winograd, "WORKSPACE", images * winograd._points(16, 24, 4, 8))
    with winograd_everywhere():
        check_both(cuda, (5, 16, 24, 4, 8, 5, 2), "FP32", "relu")
    assert launched == ["winograd_product"] * 2 * -(-5 // images)


@every_precision
@pytest.mark.parametrize("splits", [1, 3])
def test_arrays_at_odd_addresses(cuda, monkeypatch, splits, precision):
    monkeypatch.setattr(tiles, "choose_splits", lambda *_: splits)
    check_both(cuda, (1, 6, 6, 16, 24, 3, 1), precision, "relu", place=lambda array: misaligned(cuda, array))


@pytest.mark.parametrize("odd", [None, "x", "gamma", "beta", "mean", "inv_std"])
def test_one_array_at_an_odd_address(cuda, monkeypatch, odd):
    """Then no array is read four at a time, which a GPU would refuse."""
    at_once, launch = [], products.launch

    def noted(like, source, kernel, grid, block, args, **options):
        at_once.append(args[-1])
        launch(like, source, kernel, grid, block, args, **options)

    monkeypatch.setattr(products, "launch", noted)
    case = Case((2, 6, 7, 8, 12, 5, 2), "FP32")
    dy, w = map(cuda.to_device, (case.dy, case.w))
    (x, gamma, beta, (mean, inv_std), _), _ = batchnorm_of(case.x, "relu", cuda.to_device)
    at = {name: misaligned(cuda, array) if name == odd else cuda.to_device(array) for name, array in (
        ("x", x), ("gamma", gamma), ("beta", beta), ("mean", mean), ("inv_std", inv_std))}
    into = ga.Normalised(at["x"], at["gamma"], at["beta"], (at["mean"], at["inv_std"]), "relu")
    got = ga.conv2d_input_grad(dy, w, case.stride, case.size, into=into)
    check_sums(cuda, got, case.dx(), (x, gamma, beta, (mean, inv_std), "relu"), TOLERANCE["float32"])
    assert at_once == [odd is None]


@every_precision
@pytest.mark.parametrize("splits", [1, 3])
def test_same_bits_in_every_order(cuda, monkeypatch, splits, precision):
    monkeypatch.setattr(tiles, "choose_splits", lambda *_: splits)
    case, runs = Case((3, 18, 17, 32, 24, 5, 2), precision), []
    for order in ORDERS:
        with cuda.threads_in_order(*order):
            _, into = batchnorm_of(case.x, "relu", cuda.to_device)
            dy, w = map(cuda.to_device, (case.dy, case.w))
            runs.append(ga.conv2d_input_grad(dy, w, 2, case.size, tf32=case.tf32, into=into))
    for run in runs[1:]:
        for first, again in zip(runs[0], run):
            np.testing.assert_array_equal(cuda.to_host(first), cuda.to_host(again))


@every_precision
def test_dy_is_that_of_a_product_without_sums(cuda, precision):
    """Bit for bit."""
    case = Case((2, 9, 8, 12, 8, 3, 2), precision)
    dy, w = map(cuda.to_device, (case.dy, case.w))
    _, into = batchnorm_of(case.x, "relu", cuda.to_device)
    with_sums, _ = ga.conv2d_input_grad(dy, w, 2, case.size, tf32=case.tf32, into=into)
    alone = ga.conv2d_input_grad(dy, w, 2, case.size, tf32=case.tf32)
    np.testing.assert_array_equal(cuda.to_host(with_sums), cuda.to_host(alone))


@every_precision
@every_activation
@pytest.mark.parametrize("shape", [(1, 3, 5, 6, 7, 3, 1), (3, 12, 9, 20, 36, 3, 2)], ids=str)
def test_the_gradient_that_begins_with_them(cuda, shape, activation, precision):
    """Where one block would take all rows, and of many rows; the sums belong to this dy alone, not to another
    into the same batchnorm."""
    case = Case(shape, precision)
    dy, w = map(cuda.to_device, (case.dy, case.w))
    (x, gamma, beta, (mean, inv_std), _), into = batchnorm_of(case.x, activation, cuda.to_device)
    start = np.random.default_rng(0).standard_normal((2, len(gamma))).astype(FLOAT32)

    def gradients(weight, dx, *sums):
        dgamma, dbeta = map(cuda.to_device, start)
        da = ga.batchnorm_grad(dx, *into, dgamma, dbeta, weight, ga.ALONE, *sums)
        return [cuda.to_host(array) for array in (da, dgamma, dbeta)]

    for scale in 1, -3:
        dx, sums = ga.conv2d_input_grad(dy * dy.dtype.type(scale), w, case.stride, case.size, tf32=case.tf32,
                                        into=into)
        da, dgamma, dbeta = gradients(0.25, dx, sums)
        dx = cuda.to_host(dx)
        sum_g, sum_gn = plain_sums(dx, x, gamma, beta, (mean, inv_std), activation)
        n = (in_float64(x) - mean) * inv_std
        g = in_float64(dx) * (gamma * n + beta > 0) if activation == "relu" else in_float64(dx)
        rows = dx.size // len(gamma)
        assert_close(da, gamma * inv_std * (g - sum_g / rows - n * sum_gn / rows), TOLERANCE[da.dtype.name])
        assert_close(dbeta, start[1] + 0.25 * sum_g, TOLERANCE["float32"])
        assert_close(dgamma, start[0] + 0.25 * sum_gn, TOLERANCE["float32"])
    unmoved = gradients(0, cuda.to_device(dx), sums)
    np.testing.assert_array_equal(unmoved[0], da)
    np.testing.assert_array_equal(unmoved[1:], start)
