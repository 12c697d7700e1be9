"""Bars on what a step moves, so that no change makes it more unnoticed."""
import numpy as np
import pytest

import gpuarray as ga
from benchmarks.gpu import traffic
from tests.cuda_compile.recorder import Launch, recording


MOST = {"fp32": dict(gigabytes=15.4, multiplications=151, launches=323, casts=0, points=8_190, others=3_340),
        "tf32": dict(gigabytes=12.6, multiplications=465, launches=233, casts=0, points=0, others=3_840),
        "bf16": dict(gigabytes=6.31, multiplications=465, launches=223, casts=88, points=0, others=2_340)}


@pytest.mark.parametrize("precision", MOST)
def test_a_step_moves_no_more_than_it_did(precision):
    """gigabytes: of operands; multiplications: billions; casts, points and others: megabytes. launches: those
    of CuPy's own kernels, too."""
    found, most = traffic.summary(traffic.launches_of_step(precision)), MOST[precision]
    assert sum(found["operands"].values()) <= most["gigabytes"] * 1e9
    assert found["multiplications"] <= most["multiplications"] * 1e9
    assert found["launches"] <= most["launches"]
    assert found["casts"][1] <= most["casts"] * 1e6
    assert found["points"] <= most["points"] * 1e6
    assert found["memory passes"] <= most["others"] * 1e6


@pytest.mark.parametrize("precision, gigabytes", [("tf32", 14.6), ("bf16", 7.31)])
def test_cards_without_wgmma_move_no_more_than_they_did(precision, gigabytes):
    launches = traffic.launches_of_step(precision, capability=(8, 0))
    assert not any(launch.defines.get("WGMMA") for launch in launches)
    assert sum(traffic.summary(launches)["operands"].values()) <= gigabytes * 1e9


def test_what_cupy_launches_is_counted():
    with recording(traffic.CAPABILITY) as device:
        x = ga.to_device(np.ones((2, 3), np.float32), "cuda")
        y = ga.zeros(x.shape, x.dtype, x)
        y += x * 2
        y[1:] = x[0]
        y[2:] = 0                             # nothing
        y.astype(np.float64)
    assert [(launch.kernel, launch.nbytes) for launch in device.launches] == [
        ("CuPy's zeros", 24), ("CuPy's multiply", 48), ("CuPy's add", 72), ("CuPy's copy", 24),
        ("CuPy's copy", 72)]


# 2 images of 16 x 16 with 32 channels to 8 x 8 with 64, 5 x 5, stride 2: two tiles of 64 x 64
SIZES = 2, 16, 16, 32, 8, 8, 64, 5, 2
TILE = {"TILE_ROWS": 64, "TILE_COLS": 64, "TILE_DEPTH": 16, "PRECISION": "TF32"}
FORWARD, INPUT, WEIGHT = (TILE | {"PHASED": side} for side in ("DEPTH", "COLS", "ROWS"))
PATCH = TILE | {"TILE_HEIGHT": 8, "TILE_WIDTH": 8, "TAPS": 3}
WINDOW = TILE | {"TILE_ROWS": 400, "TILE_DEPTH": 32, "SIDE": 5, "STRIDE": 2}


@pytest.mark.parametrize("kernel, tile, grid, sizes, lines", [
    ("conv_forward", TILE, (2, 1, 1), SIZES, 2 * 25 * 2 * (64 + 64)),                  # two steps a tap
    ("conv_input_grad", TILE, (2, 4, 1), SIZES, 2 * (9 + 6 + 6 + 4) * 4 * (64 + 64)),
    ("conv_weight_grad", TILE, (13, 1, 1), (*SIZES, 2), 13 * (2 * 64 // 16) * (64 + 64)),
    ("conv_forward_patch", PATCH, (2, 1, 1), SIZES, 2 * (25 * 2 * 64 + 4 * 2 * 100)),    # patches: 10 x 10
    ("conv_forward_patch", PATCH, (2, 1, 2), SIZES, 2 * (25 * 2 * 64 + 4 * 2 * 100 + 100)),
    # At Winograd's points, 100 tiles with 32 and 64 channels. 25 of them have 4 phases, 10 have 2, one has 1.
    ("winograd_product", FORWARD, (2, 36, 1), (100, 64, 32), 2 * (25 * 8 + 10 * 4 + 2) * (64 + 64)),
    ("winograd_product", INPUT, (4, 36, 1), (100, 32, 64), 2 * (25 * 2 + 10 + 1) * 4 * (64 + 64)),
    ("winograd_product", WEIGHT, (2, 36, 1), (32, 64, 100), (25 * 2 + 10 + 1) * 7 * (64 + 64)),
    ("conv_input_grad_patch", PATCH, (2, 4, 1), SIZES, 2 * ((9 + 6 + 6 + 4) * 4 * 64 + 4 * 4 * 100)),
    ("conv_input_grad_patch", PATCH, (2, 1, 1), SIZES, 2 * (25 * 4 * 64 + 4 * 100)),      # all four phases
    # lines of 16: 2 images of two windows of 8 x 4, each a patch of 19 x 11 pixels and 32 times 64 columns
    ("conv_weight_grad_patch", WINDOW, (2, 1, 3), (*SIZES[:7], 2), 2 * 2 * 2 * (19 * 11 + 8 * 4 * 4))])
def test_operands_counted_by_hand(kernel, tile, grid, sizes, lines):
    assert traffic.operand_bytes(Launch(kernel, grid, tile, sizes, 0)) == lines * 16 * 4


@pytest.mark.parametrize("kernel, tile, sizes, count", [
    ("conv_forward", TILE, SIZES, 2 * 8 * 8 * 25 * 32 * 64),
    ("conv_weight_grad_patch", WINDOW, (*SIZES[:7], 2), 2 * 8 * 8 * 25 * 32 * 64),
    ("winograd_product", FORWARD, (8, 64, 32), 8 * 121 * 32 * 64)])         # 8 tiles of 16 results
def test_multiplications_counted_by_hand(kernel, tile, sizes, count):
    assert traffic.multiplications(Launch(kernel, (1, 1, 1), tile, sizes, 0)) == count


@pytest.mark.parametrize("kernel, tile, grid, sizes, count", [
    ("conv_forward", TILE, (2, 1, 1), SIZES, 2 * 25 * 2),
    ("conv_input_grad_patch", PATCH, (2, 4, 3), SIZES, 2 * (9 + 6 + 6 + 4) * 4),
    ("conv_weight_grad_patch", WINDOW, (2, 1, 3), (*SIZES[:7], 2), 2 * 2 * 2),
    ("winograd_product", FORWARD, (2, 36, 1), (100, 64, 32), 2 * (25 * 8 + 10 * 4 + 2))])
def test_steps_counted_by_hand(kernel, tile, grid, sizes, count):
    assert traffic.steps(Launch(kernel, grid, tile, sizes, 0)) == count
