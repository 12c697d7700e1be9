"""Bars on what a step moves, so that no change makes it more unnoticed."""
import pytest

from benchmarks.gpu import traffic
from tests.cuda_compile.recorder import Launch


@pytest.mark.parametrize("precision, gigabytes, launches, cast_megabytes, other_megabytes", [
    ("fp32", 20.5, 212, 0, 4_330), ("tf32", 14.6, 215, 0, 4_460), ("bf16", 7.31, 232, 88, 2_760)])
def test_a_step_moves_no_more_than_it_did(precision, gigabytes, launches, cast_megabytes, other_megabytes):
    found = traffic.summary(traffic.launches_of_step(precision))
    assert sum(found["operands"].values()) <= gigabytes * 1e9
    assert found["launches"] <= launches
    assert found["casts"][1] <= cast_megabytes * 1e6
    assert found["memory passes"] <= other_megabytes * 1e6


# 2 images of 16 x 16 with 32 channels to 8 x 8 with 64, 5 x 5, stride 2: two tiles of 64 x 64
SIZES = 2, 16, 16, 32, 8, 8, 64, 5, 2
TILE = {"TILE_ROWS": 64, "TILE_COLS": 64, "TILE_DEPTH": 16, "PRECISION": "TF32"}
PATCH = TILE | {"TILE_HEIGHT": 8, "TILE_WIDTH": 8, "TAPS": 3}
WINDOW = TILE | {"TILE_ROWS": 400, "TILE_DEPTH": 32, "SIDE": 5, "STRIDE": 2}


@pytest.mark.parametrize("kernel, tile, grid, sizes, lines", [
    ("conv_forward", TILE, (2, 1, 1), SIZES, 2 * 25 * 2 * (64 + 64)),                  # two steps a tap
    ("conv_input_grad", TILE, (2, 4, 1), SIZES, 2 * (9 + 6 + 6 + 4) * 4 * (64 + 64)),
    ("conv_weight_grad", TILE, (13, 1, 1), (*SIZES, 2), 13 * (2 * 64 // 16) * (64 + 64)),
    ("conv_forward_patch", PATCH, (2, 1, 1), SIZES, 2 * (25 * 2 * 64 + 4 * 2 * 100)),    # patches: 10 x 10
    ("conv_forward_patch", PATCH, (2, 1, 2), SIZES, 2 * (25 * 2 * 64 + 4 * 2 * 100 + 100)),
    ("conv_input_grad_patch", PATCH, (2, 4, 1), SIZES, 2 * ((9 + 6 + 6 + 4) * 4 * 64 + 4 * 4 * 100)),
    ("conv_input_grad_patch", PATCH, (2, 1, 1), SIZES, 2 * (25 * 4 * 64 + 4 * 100)),      # all four phases
    # lines of 16: 2 images of two windows of 8 x 4, each a patch of 19 x 11 pixels and 32 times 64 columns
    ("conv_weight_grad_patch", WINDOW, (2, 1, 3), (*SIZES[:7], 2), 2 * 2 * 2 * (19 * 11 + 8 * 4 * 4))])
def test_operands_counted_by_hand(kernel, tile, grid, sizes, lines):
    assert traffic.operand_bytes(Launch(kernel, grid, tile, sizes, 0)) == lines * 16 * 4
