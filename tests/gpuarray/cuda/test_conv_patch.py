"""Convolutions that read from patches on the simulated device, in all three precisions, against float64.

None of them is multiplied by wgmma: that is for test_conv_wgmma.py.
"""
from dataclasses import replace

import numpy as np
import pytest

import gpuarray as ga
from gpuarray.cuda import patches, tiles
from tests.gpuarray import reference
from tests.gpuarray.cuda.conftest import ORDERS
from tests.gpuarray.cuda.test_conv import PRECISIONS, Case, check_all_three, every_precision
from tests.gpuarray.cuda.test_conv_tiles import counting_wavefronts
from tests.gpuarray.cuda.test_tiles import CARDS
from tests.gpuarray.test_conv import plain_conv, plain_input_grad

BOTH = ["conv_forward_patch", "conv_input_grad_patch"]

# The released networks' layers, and up-convolutions as the convolutions that they are the gradient of, on
# images that are no larger than needed: N, H, W, C, K, k, stride.
LAYERS = [(1, 32, 32, 64, 128, 5, 2), (2, 16, 16, 128, 256, 5, 2), (1, 32, 32, 32, 128, 5, 2),
          (1, 16, 16, 256, 256, 5, 2), (3, 16, 16, 128, 192, 5, 2)]
# Tiles and groups of images that are partly filled, phases of unequal size, every number of taps, batches of
# one.
ODD = [(1, 17, 19, 32, 64, 5, 2), (5, 15, 16, 64, 32, 5, 2), (1, 9, 37, 32, 96, 3, 1),
       (3, 8, 8, 96, 32, 2, 1), (2, 33, 20, 32, 64, 3, 2), (1, 18, 16, 32, 32, 4, 2),
       (1, 24, 23, 64, 32, 5, 3), (1, 11, 9, 32, 32, 5, 1), (2, 20, 17, 32, 160, 6, 2),
       (1, 43, 37, 32, 32, 9, 5)]


@pytest.fixture(autouse=True)
def without_wgmma(monkeypatch):
    monkeypatch.setattr(patches, "WGMMA_CARDS", ())


def in_turn(device, number, precision):
    """The device in one of the orders of threads, which take turns: each of them has its shapes in every
    precision, as the barriers that they look for are the same in all shapes."""
    return device.threads_in_order(*ORDERS[(number + PRECISIONS.index(precision)) % 4])


@every_precision
@pytest.mark.parametrize("shape", LAYERS, ids=str)
def test_layers_of_the_networks(cuda, launched, shape, precision):
    with in_turn(cuda, LAYERS.index(shape), precision):
        check_all_three(cuda, shape, precision)
    assert set(BOTH) <= set(launched)


@every_precision
@pytest.mark.parametrize("shape", ODD, ids=str)
def test_odd_shapes(cuda, launched, shape, precision):
    with in_turn(cuda, ODD.index(shape), precision):
        check_all_three(cuda, shape, precision)
    assert set(BOTH) <= set(launched)


@every_precision
@pytest.mark.parametrize("splits", [1, 2, 7, 120])
def test_a_split_depth(cuda_any_order, monkeypatch, launched, precision, splits):
    """Splits that begin in the middle of a patch, and more splits than steps."""
    monkeypatch.setattr(tiles, "choose_splits", lambda *_: splits)
    check_all_three(cuda_any_order, (2, 16, 18, 64, 64, 5, 2), precision)
    assert set(BOTH) <= set(launched)


# Few channels, whose tile is all four phases': N, H, W, C, K, k, stride.
ALL_PHASES = [(1, 17, 19, 5, 32, 5, 2), (3, 16, 15, 24, 64, 5, 2), (2, 18, 33, 20, 32, 3, 2),
              (1, 31, 16, 32, 32, 7, 2)]


@every_precision
@pytest.mark.parametrize("splits", [1, 4, 40])
@pytest.mark.parametrize("shape", ALL_PHASES, ids=str)
def test_all_phases_in_a_tile(cuda_any_order, monkeypatch, launched, shape, splits, precision):
    """Also splits that begin at a shift that only some phases have, and that have nothing to do."""
    monkeypatch.setattr(tiles, "choose_splits", lambda *_: splits)
    case = Case(shape, precision)
    with counting_wavefronts(cuda_any_order) as launches:
        dx = ga.conv2d_input_grad(*map(cuda_any_order.to_device, (case.dy, case.w)), case.stride, case.size,
                                  moments=True, tf32=case.tf32)
    case.check_activations(cuda_any_order, dx, case.dx())
    assert "conv_input_grad_patch" in launched
    for kernel, defines, counted in launches:
        if kernel == "conv_input_grad_patch":
            assert dict(defines)["GROUPS"] == 4 and counted["matrix loads"][1] == 0


@pytest.mark.parametrize("cols, side, stride, phases, groups", [
    (32, 5, 2, 4, 4), (33, 5, 2, 4, 1), (32, 4, 2, 4, 1), (32, 5, 3, 9, 1), (32, 5, 1, 1, 1),
    (32, 5, 2, 1, 1)])
def test_which_gradients_take_all_phases_at_once(cols, side, stride, phases, groups):
    plan = patches.plan_patches("TF32", tiles.Operand(4, True), 64, (16, 16), cols, 64, side, stride, (8, 0),
                                phases)
    assert (plan.tile.groups, plan.grid[1]) == (groups, phases // groups)


WINDOWS = [(height, width) for height in (8, 16, 32) for width in (8, 16) if height * width <= 256]


@pytest.mark.parametrize("precision, window", [(precision, window) for precision in PRECISIONS
                                               for window in WINDOWS
                                               if precision != "FP32" or np.prod(window) <= 128], ids=str)
def test_every_window(cuda, monkeypatch, launched, precision, window):
    """More than one tile in each direction, the last one partly filled, in tiles of 64 columns (forward) and
    of 32. No bank conflicts, but for copies of the weights whose lines are 64 bytes long."""
    height, width = window
    monkeypatch.setattr(patches, "_best_window",
                        lambda tile, *_: replace(tile, height=height, width=width))
    with in_turn(cuda, WINDOWS.index(window), precision), counting_wavefronts(cuda) as launches:
        check_all_three(cuda, (2, 34, 19, 32, 96, 3, 1), precision)
    assert set(BOTH) <= set(launched)
    for kernel, _, counted in launches:
        if kernel in BOTH:
            (loads, extra_loads), (copies, extra_copies) = counted.values()
            assert extra_loads == 0 and (loads > 0 or precision == "FP32") and copies > 0
            assert extra_copies == 0 or kernel == "conv_input_grad_patch"


@every_precision
@pytest.mark.parametrize("splits", [1, 3])
@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_bias_activation_and_moments(cuda, monkeypatch, launched, precision, splits, activation):
    monkeypatch.setattr(tiles, "choose_splits", lambda *_: splits)
    case = Case((3, 18, 17, 32, 64, 5, 2), precision)
    x, w, dy = map(cuda.to_device, (case.x, case.w, case.dy))
    bias = np.linspace(-2, 2, 64, dtype=np.float32)
    y = ga.conv2d(x, w, 2, cuda.to_device(bias), activation, True, case.tf32)
    case.check_activations(cuda, y, reference.activation(case.y() + bias, activation))
    bias = np.linspace(-2, 2, 32, dtype=np.float32)
    dx = ga.conv2d_input_grad(dy, w, 2, case.size, cuda.to_device(bias), activation, True, case.tf32)
    case.check_activations(cuda, dx, reference.activation(case.dx() + bias, activation))
    assert set(BOTH) <= set(launched)


@every_precision
@pytest.mark.parametrize("pixel", [(0, 0, 0), (1, 7, 8), (1, 16, 15)], ids=str)
def test_a_pixel_touches_what_sees_it_and_no_more(cuda, precision, pixel):
    """NaN in one pixel, in corners and inside: wherever zeros are only filled in, a product would show it."""
    case = Case((2, 17, 16, 32, 32, 5, 2), precision)
    everywhere, seen_x, seen_dy = np.ones(case.w.shape), np.zeros(case.x.shape), np.zeros(case.dy.shape)
    n, h, width = pixel
    case.x[pixel] = case.dy[n, h // 2, width // 2] = np.nan
    seen_x[pixel] = seen_dy[n, h // 2, width // 2] = 1
    x, w, dy = map(cuda.to_device, (case.x, case.w, case.dy))
    for result, seen in ((ga.conv2d(x, w, 2, tf32=case.tf32), plain_conv(seen_x, everywhere, 2)),
                         (ga.conv2d_input_grad(dy, w, 2, case.size, tf32=case.tf32),
                          plain_input_grad(seen_dy, everywhere, 2, case.size))):
        np.testing.assert_array_equal(np.isnan(cuda.to_host(result).astype(np.float64)), seen > 0)


@pytest.mark.parametrize("changed, sees", [
    ({}, True), (dict(channels=24), False), (dict(channels=16), True), (dict(side=1), False),
    (dict(side=1, stride=1), False), (dict(side=2, stride=2), False), (dict(side=7, stride=1), False),
    (dict(side=11), False), (dict(pixels=(8, 7)), False), (dict(vectorised=False), False),
    (dict(itemsize=2), True), (dict(itemsize=2, channels=16), False),
    (dict(side=13, stride=6), False)], ids=str)
def test_which_convolutions_see_patches(changed, sees):
    layer = dict(channels=64, itemsize=4, side=5, stride=2, pixels=(8, 8), vectorised=True)
    assert patches.sees_patches(**(layer | changed)) == sees


@every_precision
def test_fewer_stages_where_shared_memory_is_small(cuda, monkeypatch, launched, precision):
    monkeypatch.setitem(tiles._SHARED, (9, 0), 60 if precision == "FP32" else 72)
    check_all_three(cuda, (4, 16, 16, 32, 64, 5, 2), precision)
    assert set(BOTH) <= set(launched)


def every_plan(precision, capability):
    """Plans of all windows, in the widest patches that there are."""
    for images, pixels in (64, (8, 8)), (64, (16, 16)), (64, (32, 8)), (1, (100, 8)):
        for cols in 32, 256:
            for side, stride in (5, 1), (5, 2), (9, 2), (3, 2):
                for along_depth in False, True:
                    b = tiles.Operand(2 if precision == "BF16" else 4, along_depth)
                    phases = stride ** 2 if along_depth else 1
                    yield patches.plan_patches(precision, b, images, pixels, cols, 64, side, stride,
                                               capability, phases)


@pytest.mark.parametrize("capability", CARDS, ids=str)
@pytest.mark.parametrize("wgmma_cards", [(), ((9, 0),)], ids=["mma", "wgmma"])
@every_precision
def test_tiles_fit_every_card(monkeypatch, precision, wgmma_cards, capability):
    monkeypatch.setattr(patches, "WGMMA_CARDS", wgmma_cards)
    for plan in every_plan(precision, capability):
        fitted = plan.tile.fitting(capability, plan.a, plan.b)
        if precision == "FP32" or capability >= (8, 0):
            of_all, _ = CARDS[capability]
            assert fitted.shared_bytes(plan.a, plan.b) + fitted.beside <= of_all * 1024, plan
        assert fitted.least_taps * (fitted.patches - 1) >= fitted.stages - 1 - fitted.wgmma >= 1


@pytest.mark.parametrize("precision, images, pixels, window", [
    ("BF16", 64, (32, 32), (16, 16)), ("BF16", 64, (8, 8), (8, 8)), ("BF16", 1, (64, 8), (32, 8)),
    ("TF32", 2, (16, 16), (16, 16)), ("FP32", 64, (32, 32), (8, 16))], ids=str)
def test_windows_by_shape(precision, images, pixels, window):
    b = tiles.Operand(2 if precision == "BF16" else 4, along_depth=False)
    tile = patches.plan_patches(precision, b, images, pixels, 128, 64, 5, 2, (8, 0)).tile
    assert (tile.height, tile.width) == window
