"""Convolutions that read from patches and are multiplied by wgmma, in tf32 and bf16, against float64."""
from dataclasses import replace

import numpy as np
import pytest

import gpuarray as ga
from gpuarray.cuda import patches, tiles
from tests.cuda_on_cpu import SimulationError
from tests.gpuarray import reference
from tests.gpuarray.cuda.conftest import ORDERS, WGMMA
from tests.gpuarray.cuda.test_conv import Case
from tests.gpuarray.cuda.test_conv_tiles import counting_wavefronts
from tests.gpuarray.test_conv import plain_conv, plain_input_grad

BOTH = {"conv_forward_patch", "conv_input_grad_patch"}

# N, H, W, C, K, k, stride: a released network's layer; tiles and groups of images that are partly filled, as
# columns are; every number of taps, phases of one tap.
SHAPES = [(1, 16, 16, 128, 192, 5, 2), (3, 9, 8, 96, 160, 4, 1), (1, 9, 37, 96, 96, 3, 1),
          (3, 8, 8, 160, 96, 2, 1), (2, 33, 20, 96, 96, 3, 2), (1, 24, 23, 96, 96, 4, 3)]
# Gradients of all four phases in a tile, by the same letters: columns that fill it, some of them, one; tiles
# and groups of images that are partly filled; nine shifts and four.
ALL_PHASES = [(1, 16, 16, 32, 64, 5, 2), (3, 17, 19, 24, 96, 5, 2), (2, 33, 20, 3, 32, 3, 2),
              (1, 16, 34, 1, 32, 5, 2)]

both_precisions = pytest.mark.parametrize("precision", ["TF32", "BF16"])
# C of convolutions of stride 2, where the gradient is made phase by phase, and all phases at once
both_tiles = pytest.mark.parametrize("channels", [96, 32])


def check_both(device, shape, precision):
    case = Case(shape, precision)
    x, w, dy = map(device.to_device, (case.x, case.w, case.dy))
    case.check_activations(device, ga.conv2d(x, w, case.stride, moments=True, tf32=case.tf32), case.y())
    dx = ga.conv2d_input_grad(dy, w, case.stride, case.size, moments=True, tf32=case.tf32)
    case.check_activations(device, dx, case.dx())


@both_precisions
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_against_float64(cuda_any_order, multiplied, shape, precision):
    check_both(cuda_any_order, shape, precision)
    assert multiplied == BOTH


@both_precisions
@pytest.mark.parametrize("shape", ALL_PHASES, ids=str)
def test_all_phases_against_float64(cuda_any_order, multiplied, shape, precision):
    """No bank conflicts but those of patches whose pixels are no multiple of four, of 3 x 3 taps."""
    case = Case(shape, precision)
    w, dy = map(cuda_any_order.to_device, (case.w, case.dy))
    with counting_wavefronts(cuda_any_order) as launches:
        dx = ga.conv2d_input_grad(dy, w, case.stride, case.size, moments=True, tf32=case.tf32)
    case.check_activations(cuda_any_order, dx, case.dx())
    assert multiplied == {"conv_input_grad_patch"}
    (loads, extra_loads), (copies, extra_copies) = next(
        counted for kernel, _, counted in launches if kernel == "conv_input_grad_patch").values()
    assert loads > 0 and copies > 0 and extra_loads == 0 and (extra_copies == 0 or len(case.w) == 3)


@both_precisions
@both_tiles
@pytest.mark.parametrize("splits", [1, 7, 100])
def test_a_split_depth(cuda, monkeypatch, multiplied, splits, channels, precision):
    """Splits that begin in the middle of a patch, and more splits than steps."""
    monkeypatch.setattr(tiles, "choose_splits", lambda *_: splits)
    check_both(cuda, (1, 16, 18, channels, 96, 5, 2), precision)
    assert multiplied == BOTH


WINDOWS = [(height, width) for height in (8, 16, 32) for width in (8, 16) if height * width <= 256]


@both_precisions
@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_every_window(cuda, monkeypatch, multiplied, window, precision):
    """More than one tile in each direction, the last one partly filled. No bank conflicts."""
    height, width = window
    monkeypatch.setattr(patches, "_best_window",
                        lambda tile, *_: replace(tile, height=height, width=width))
    with cuda.threads_in_order(*ORDERS[WINDOWS.index(window) % 4]), counting_wavefronts(cuda) as launches:
        check_both(cuda, (2, height + 2, 19, 96, 160, 3, 1), precision)
    assert multiplied == BOTH
    for kernel, _, counted in launches:
        if kernel in BOTH:
            (loads, extra_loads), (copies, extra_copies) = counted.values()
            assert loads > 0 and copies > 0 and extra_loads == extra_copies == 0


@both_precisions
@both_tiles
@pytest.mark.parametrize("stages", [3, 4, 5])
def test_every_number_of_stages(cuda_any_order, monkeypatch, multiplied, stages, channels, precision):
    monkeypatch.setattr(patches, "_WGMMA_STAGES", stages)
    check_both(cuda_any_order, (1, 16, 18, channels, 96, 3, 2), precision)
    assert multiplied == BOTH


@both_precisions
@both_tiles
@pytest.mark.parametrize("splits", [1, 3])
@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_bias_activation_and_moments(cuda, monkeypatch, multiplied, splits, activation, channels, precision):
    monkeypatch.setattr(tiles, "choose_splits", lambda *_: splits)
    case = Case((3, 18, 17, channels, 160, 3, 2), precision)
    x, w, dy = map(cuda.to_device, (case.x, case.w, case.dy))
    bias = np.linspace(-2, 2, 160, dtype=np.float32)
    y = ga.conv2d(x, w, 2, cuda.to_device(bias), activation, True, case.tf32)
    case.check_activations(cuda, y, reference.activation(case.y() + bias, activation))
    bias = np.linspace(-2, 2, channels, dtype=np.float32)
    dx = ga.conv2d_input_grad(dy, w, 2, case.size, cuda.to_device(bias), activation, True, case.tf32)
    case.check_activations(cuda, dx, reference.activation(case.dx() + bias, activation))
    assert multiplied == BOTH


@both_precisions
@both_tiles
@pytest.mark.parametrize("pixel", [(0, 0, 0), (1, 7, 8), (1, 16, 15)], ids=str)
def test_a_pixel_touches_what_sees_it_and_no_more(cuda, multiplied, pixel, channels, precision):
    """NaN in one pixel, in corners and inside: wherever zeros are only filled in, a product would show it."""
    case = Case((2, 17, 16, channels, 96, 3, 2), precision)
    everywhere, seen_x, seen_dy = np.ones(case.w.shape), np.zeros(case.x.shape), np.zeros(case.dy.shape)
    n, h, width = pixel
    case.x[pixel] = case.dy[n, h // 2, width // 2] = np.nan
    seen_x[pixel] = seen_dy[n, h // 2, width // 2] = 1
    x, w, dy = map(cuda.to_device, (case.x, case.w, case.dy))
    for result, seen in ((ga.conv2d(x, w, 2, tf32=case.tf32), plain_conv(seen_x, everywhere, 2)),
                         (ga.conv2d_input_grad(dy, w, 2, case.size, tf32=case.tf32),
                          plain_input_grad(seen_dy, everywhere, 2, case.size))):
        np.testing.assert_array_equal(np.isnan(cuda.to_host(result).astype(np.float64)), seen > 0)
    assert multiplied == BOTH


def test_both_factors_are_rounded_to_tf32(cuda, multiplied):
    """To nearest: whole numbers that no tf32 holds, just below ones that all do. Every sum is exact."""
    case = Case((1, 9, 8, 96, 96, 3, 1), "TF32")
    rng = np.random.default_rng(0)
    exact = [2.0 ** 12 * rng.integers(1, 4, array.shape) for array in (case.x, case.w, case.dy)]
    x, w, dy = (cuda.to_device((array - 1).astype(np.float32)) for array in exact)
    np.testing.assert_array_equal(cuda.to_host(ga.conv2d(x, w, 1, tf32=True)),
                                  plain_conv(exact[0], exact[1], 1))
    np.testing.assert_array_equal(cuda.to_host(ga.conv2d_input_grad(dy, w, 1, case.size, tf32=True)),
                                  plain_input_grad(exact[2], exact[1], 1, case.size))
    assert multiplied == BOTH


@pytest.mark.parametrize("capability, precision, cols, chosen", [
    ((9, 0), "BF16", 128, True), ((9, 0), "BF16", 72, True), ((9, 0), "BF16", 64, False),
    ((9, 0), "TF32", 128, True), ((9, 0), "TF32", 64, False), ((8, 0), "TF32", 128, False),
    ((9, 0), "FP32", 128, False), ((8, 0), "BF16", 128, False), ((8, 9), "BF16", 128, False),
    ((10, 0), "BF16", 128, False), ((12, 0), "BF16", 128, False)], ids=str)
def test_which_products_take_wgmma(capability, precision, cols, chosen):
    """sm_90a's instructions are in no other card, later ones included."""
    plan = plan_of(precision, cols, 5, 2, capability, 1)
    assert (WGMMA in plan.tile.defines(plan.a, plan.b)) == chosen
    assert plan.tile.cols == (128 if chosen else 64)


@pytest.mark.parametrize("capability, precision, cols, side, stride, chosen", [
    ((9, 0), "BF16", 32, 5, 2, True), ((9, 0), "TF32", 1, 3, 2, True), ((9, 0), "TF32", 33, 5, 2, False),
    ((9, 0), "BF16", 32, 4, 2, False), ((9, 0), "TF32", 32, 5, 1, False), ((9, 0), "FP32", 32, 5, 2, False),
    ((8, 0), "TF32", 32, 5, 2, False), ((12, 0), "BF16", 32, 5, 2, False)], ids=str)
def test_which_gradients_to_few_channels_take_wgmma(capability, precision, cols, side, stride, chosen):
    """Those of all phases in a tile."""
    plan = plan_of(precision, cols, side, stride, capability, stride * stride)
    assert (WGMMA in plan.tile.defines(plan.a, plan.b)) == chosen
    assert plan.tile.groups == 4 or not chosen


def plan_of(precision, cols, side, stride, capability, phases):
    b = tiles.Operand(2 if precision == "BF16" else 4, along_depth=False)
    return patches.plan_patches(precision, b, 64, (16, 16), cols, 64, side, stride, capability, phases)


def test_splits_fill_the_card(cuda):
    """One block of two warpgroups a multiprocessor: 128 tiles fill 132 of them, 32 do not."""
    def splits(images):
        b = tiles.Operand(2, along_depth=False)
        return patches.plan_patches("BF16", b, images, (16, 16), 128, 128, 5, 2, (9, 0)).splits
    assert splits(128) == 1 and splits(32) == 3


def test_the_simulated_device_refuses_wgmma_where_a_card_has_none(cuda, monkeypatch):
    if cuda.is_gpu:
        pytest.skip("of the simulated device")
    case = Case((1, 16, 16, 96, 96, 5, 2), "BF16")
    x, w = map(cuda.to_device, (case.x, case.w))
    monkeypatch.setattr(patches, "WGMMA_CARDS", ((8, 0),))
    monkeypatch.setattr(cuda, "capability", (8, 0))
    with pytest.raises(SimulationError, match=r"wgmma needs compute capability 9\.0, this card has 8\.0"):
        ga.conv2d(x, w, 2)
