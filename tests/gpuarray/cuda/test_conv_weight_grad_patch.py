"""Gradients to weights that read from patches on the simulated device, in all three precisions, against
float64."""
import numpy as np
import pytest

import gpuarray as ga
from gpuarray.cuda import tiles, windows
from tests.gpuarray.cuda.check import misaligned
from tests.gpuarray.cuda.conftest import ORDERS
from tests.gpuarray.cuda.test_conv import Case, assert_channels_are_apart, every_precision
from tests.gpuarray.cuda.test_conv_tiles import counting_wavefronts
from tests.gpuarray.cuda.test_tiles import CARDS

KERNEL = "conv_weight_grad_patch"

# The released networks' layers with fewer channels, on images that are no larger than needed: N, H, W, C, K,
# k, stride. Then windows, columns and images that are partly filled, both strides, both sizes of a kernel.
SHAPES = [(1, 16, 16, 32, 64, 5, 2), (2, 16, 16, 16, 128, 5, 2), (3, 17, 19, 16, 40, 5, 2),
          (1, 15, 34, 48, 72, 5, 2), (2, 9, 13, 16, 136, 5, 1), (1, 8, 8, 32, 48, 4, 1),
          (2, 19, 16, 16, 64, 4, 2)]


def check(device, shape, precision, place=None):
    case, place = Case(shape, precision), place or device.to_device
    x, dy, dw = map(place, (case.x, case.dy, case.dw))
    ga.conv2d_weight_grad(x, dy, dw, case.stride, 0.25, case.tf32)
    case.check_gradient(device.to_host(dw), 0.25)


@every_precision
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_shapes(cuda_any_order, launched, shape, precision):
    check(cuda_any_order, shape, precision)
    assert KERNEL in launched


@every_precision
@pytest.mark.parametrize("splits", [1, 2, 5, 40])
def test_split_windows(cuda_any_order, monkeypatch, launched, precision, splits):
    """Splits that end in the middle of an image, and more splits than windows."""
    monkeypatch.setattr(tiles, "choose_splits", lambda *_: splits)
    check(cuda_any_order, (2, 16, 18, 16, 96, 5, 2), precision)
    assert KERNEL in launched


@every_precision
def test_gradients_at_odd_addresses_are_left_to_others(cuda, launched, precision):
    check(cuda, (1, 16, 16, 16, 64, 5, 2), precision, place=lambda array: misaligned(cuda, array))
    assert KERNEL not in launched


@pytest.mark.parametrize("side, stride", [(5, 1), (5, 2), (4, 1), (4, 2)])
@every_precision
def test_no_bank_conflicts(cuda, precision, side, stride):
    with counting_wavefronts(cuda) as launches:
        check(cuda, (1, 17, 18, 16, 64, side, stride), precision)
    for kernel, _, counted in launches:
        if kernel == KERNEL:
            (loads, extra_loads), (copies, extra_copies) = counted.values()
            assert (extra_loads, extra_copies) == (0, 0) and copies > 0
            assert (loads > 0) == (precision == "BF16")


@every_precision
def test_one_channel_does_not_touch_another(cuda, launched, precision):
    assert_channels_are_apart(cuda, Case((1, 9, 10, 16, 40, 5, 1), precision))
    assert KERNEL in launched


@every_precision
def test_same_bits_in_every_order(cuda, launched, precision):
    case, runs = Case((2, 16, 18, 16, 64, 5, 2), precision), []
    for order in ORDERS:
        with cuda.threads_in_order(*order):
            x, dy, dw = map(cuda.to_device, (case.x, case.dy, case.dw))
            ga.conv2d_weight_grad(x, dy, dw, 2, tf32=case.tf32)
            runs.append(cuda.to_host(dw))
    for run in runs[1:]:
        np.testing.assert_array_equal(runs[0], run)
    assert KERNEL in launched


@every_precision
def test_fewer_stages_where_shared_memory_is_small(cuda, monkeypatch, launched, precision):
    monkeypatch.setattr(cuda, "capability", (7, 5) if precision == "FP32" else (8, 6))
    check(cuda, (2, 16, 16, 16, 64, 5, 2), precision)
    assert KERNEL in launched


@pytest.mark.parametrize("changed, sees", [
    ({}, True), (dict(channels=24), False), (dict(channels=16), True), (dict(side=3), False),
    (dict(side=6), False), (dict(stride=3), False), (dict(stride=1), True), (dict(cols=32), False),
    (dict(cols=36), True), (dict(pixels=(8, 7)), False), (dict(vectorised=False), False)], ids=str)
def test_which_gradients_see_windows(changed, sees):
    layer = dict(side=5, stride=2, channels=64, cols=128, pixels=(8, 8), vectorised=True)
    assert windows.sees_windows(**(layer | changed)) == sees


@pytest.mark.parametrize("capability", CARDS, ids=str)
@pytest.mark.parametrize("side, stride", [(5, 1), (5, 2), (4, 1), (4, 2)])
@every_precision
def test_tiles_fit_every_card(precision, side, stride, capability):
    """With at least two stages, and with all three where they fit."""
    if precision != "FP32" and capability < (8, 0):
        return                                                # such cards have no product of this precision
    of_all, of_a_block = (kib * 1024 for kib in CARDS[capability])
    b = tiles.Operand(2 if precision == "BF16" else 4, along_depth=False)
    plan = windows.plan_windows(precision, b, 64, (16, 16), 128, 256, side, stride)
    tile = plan.tile.fitting(capability, plan.a, plan.b)
    stage = tile.shared_bytes(plan.a, plan.b) // tile.stages
    assert tile.stages == min(3, (of_all - 1024) // stage) >= 2 and tile.stages * stage <= of_a_block


def test_splits_fill_a_card_once():
    """132 multiprocessors, of which a block fills one."""
    b = tiles.Operand(4, along_depth=False)
    for channels, cols, pixels in (128, 256, 16), (32, 128, 32), (256, 256, 8):
        plan = windows.plan_windows("TF32", b, 64, (pixels, pixels), channels, cols, 5, 2)
        blocks, _, splits = plan.grid
        assert 100 <= blocks * splits <= 132
