"""Winograd's algorithm on the simulated device, against float64: when it is used, and what it computes."""
import numpy as np
import pytest

import gpuarray as ga
from gpuarray.cuda import products, tiles, winograd
from tests.cuda_on_cpu.workload import winograd_everywhere
from tests.gpuarray import reference
from tests.gpuarray.cuda.check import FLOAT32, misaligned
from tests.gpuarray.cuda.conftest import ORDERS
from tests.gpuarray.cuda.test_conv import Case, assert_channels_are_apart, check_all_three
from tests.gpuarray.test_conv import plain_conv, plain_input_grad

# N, H, W, C, K: one tile of one image; channels that fill no tile of a product, and more than one of them;
# images that fill no block of results.
SHAPES = [(1, 8, 8, 4, 4, 5, 2), (3, 8, 16, 12, 20, 5, 2), (2, 24, 8, 36, 68, 5, 2),
          (1, 16, 16, 68, 36, 5, 2)]


@pytest.fixture
def launched(monkeypatch):
    """Winograd's algorithm wherever it is possible; gives the names of the products that were launched."""
    names, launch = [], products.launch

    def noted(like, source, kernel, *args, **options):
        names.append(kernel)
        launch(like, source, kernel, *args, **options)

    monkeypatch.setattr(products, "launch", noted)
    with winograd_everywhere():
        yield names


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_agrees_with_float64(cuda_any_order, launched, shape):
    check_all_three(cuda_any_order, shape, "FP32")
    assert launched == ["winograd_product"] * 3


@pytest.mark.parametrize("splits", [2, 5])
def test_a_split_depth(cuda_any_order, launched, monkeypatch, splits):
    """Also with more splits than steps, so that some have nothing to do."""
    monkeypatch.setattr(tiles, "choose_splits", lambda *_: splits)
    check_all_three(cuda_any_order, (3, 8, 16, 12, 20, 5, 2), "FP32")


@pytest.mark.parametrize("images", [1, 2, 3])
def test_groups_of_images(cuda_any_order, launched, monkeypatch, images):
    """Moments are of all groups; the last group may be smaller."""
    monkeypatch.setattr(winograd, "WORKSPACE", images * winograd._points(16, 24, 4, 8))
    check_all_three(cuda_any_order, (5, 16, 24, 4, 8, 5, 2), "FP32")
    assert launched == ["winograd_product"] * 3 * -(-5 // images)


@pytest.mark.parametrize("tile", tiles.TILES["FP32"], ids=str)
def test_every_tile(cuda, launched, monkeypatch, tile):
    """More than one tile in each direction, the last one partly filled; points with fewer of them."""
    monkeypatch.setitem(tiles.TILES, "FP32", (tile,))
    check_all_three(cuda, (9, 32, 8, 36, 136, 5, 2), "FP32")


def test_arrays_at_odd_addresses(cuda, launched):
    check_all_three(cuda, SHAPES[1], "FP32", place=lambda array: misaligned(cuda, array))
    assert launched == ["winograd_product"] * 3


@pytest.mark.parametrize("activation", ["linear", "relu", "tanh"])
def test_bias_activation_and_moments(cuda, launched, activation):
    case = Case((3, 8, 16, 12, 20, 5, 2), "FP32")
    x, w, dy = map(cuda.to_device, (case.x, case.w, case.dy))
    for place in cuda.to_device, lambda array: misaligned(cuda, array):
        bias = np.linspace(-2, 2, 20, dtype=FLOAT32)
        y = ga.conv2d(x, w, 2, place(bias), activation, True)
        case.check_activations(cuda, y, reference.activation(case.y() + bias, activation))
        bias = np.linspace(-2, 2, 12, dtype=FLOAT32)
        dx = ga.conv2d_input_grad(dy, w, 2, case.size, place(bias), activation, True)
        case.check_activations(cuda, dx, reference.activation(case.dx() + bias, activation))


@pytest.mark.parametrize("pixel", [(0, 0, 0), (1, 7, 8), (1, 15, 23)], ids=str)
def test_a_pixel_touches_the_tiles_that_see_it_and_no_more(cuda, launched, pixel):
    """NaN in one pixel may reach all of the tiles of which a result sees it."""
    case = Case((2, 16, 24, 4, 8, 5, 2), "FP32")
    n, h, width = pixel
    case.x[pixel] = case.dy[n, h // 2, width // 2] = np.nan
    x, w, dy = map(cuda.to_device, (case.x, case.w, case.dy))
    everywhere, in_x, in_dy = np.ones(case.w.shape), np.zeros(case.x.shape), np.zeros(case.dy.shape)
    in_x[pixel] = in_dy[n, h // 2, width // 2] = 1
    y, dx = ga.conv2d(x, w, 2), ga.conv2d_input_grad(dy, w, 2, case.size)
    for result, seen, side in ((y, plain_conv(in_x, everywhere, 2), 4),
                               (dx, plain_input_grad(in_dy, everywhere, 2, case.size), 8)):
        touched = np.isnan(cuda.to_host(result))
        images, lines, columns, channels = touched.shape
        squares = (seen > 0).reshape(images, lines // side, side, columns // side, side, channels).any((2, 4))
        near = squares.repeat(side, 1).repeat(side, 2)
        assert touched[seen > 0].all() and not touched[~near].any()


def test_one_channel_does_not_touch_another(cuda, launched):
    assert_channels_are_apart(cuda, Case((2, 8, 8, 8, 12, 5, 2), "FP32"))
    assert launched == ["winograd_product"]


def test_same_bits_in_every_order(cuda, launched):
    case, runs = Case((3, 8, 16, 12, 20, 5, 2), "FP32"), []
    for order in ORDERS:
        with cuda.threads_in_order(*order):
            x, w, dy, dw = map(cuda.to_device, (case.x, case.w, case.dy, case.dw))
            y, moments = ga.conv2d(x, w, 2, moments=True)
            dx = ga.conv2d_input_grad(dy, w, 2, case.size)
            ga.conv2d_weight_grad(x, dy, dw, 2)
            runs.append([cuda.to_host(array) for array in (y, *moments, dx, dw)])
    for run in runs[1:]:
        for first, again in zip(runs[0], run):
            np.testing.assert_array_equal(first, again)


LAYER = dict(precision="FP32", x_shape=(64, 16, 16, 128), w_shape=(5, 5, 128, 256), stride=2)


@pytest.mark.parametrize("changed, applies", [
    ({}, True), (dict(precision="TF32"), False), (dict(precision="BF16"), False), (dict(stride=1), False),
    (dict(w_shape=(3, 3, 128, 256)), False), (dict(x_shape=(64, 12, 16, 128)), False),
    (dict(x_shape=(64, 16, 20, 128)), False), (dict(x_shape=(31, 16, 16, 128)), False),
    (dict(x_shape=(32, 16, 16, 32), w_shape=(5, 5, 32, 128)), True),
    (dict(x_shape=(64, 64, 64, 3), w_shape=(5, 5, 3, 128)), False),
    (dict(w_shape=(5, 5, 128, 124)), False), (dict(w_shape=(5, 5, 128, 258)), False),
    (dict(x_shape=(64, 16, 16, 34), w_shape=(5, 5, 34, 256)), False),
    (dict(x_shape=(1, 1024, 1024, 32), w_shape=(5, 5, 32, 256)), False),
    (dict(x_shape=(64, 16, 16, 1024), w_shape=(5, 5, 1024, 1024)), False)], ids=str)
def test_which_convolutions_it_takes(changed, applies):
    assert winograd.applies(**(LAYER | changed)) == applies


@pytest.mark.parametrize("n, h, c, k, groups", [
    (64, 64, 32, 128, 1), (128, 64, 32, 128, 2), (128, 32, 128, 256, 1), (1000, 64, 32, 128, 9)])
def test_groups_are_even_and_their_points_fit_the_workspace(n, h, c, k, groups):
    found = winograd._groups((n, h, h, c), (5, 5, c, k))
    sizes = [part.stop - part.start for part in found]
    assert len(sizes) == groups and sum(sizes) == n and found[0].start == 0
    assert [part.start for part in found[1:]] == [part.stop for part in found[:-1]]
    assert max(sizes) * (h * h // 64) * (121 * c + 36 * k) <= 2 ** 26
    assert max(sizes) - min(sizes) < groups
