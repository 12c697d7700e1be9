"""Winograd's algorithm in the NumPy backend: when it is used, and how closely it agrees with patches."""
import numpy as np
import pytest

import gpuarray as ga
from gpuarray.cpu import winograd
from tests.gpuarray.check import relative_error

# N, H, C, K of the paper's layers, fewer images. Largest root mean square error of float32, measured: 1.8e-6
# (patches 4e-7).
LAYERS = [(2, 64, 32, 128), (2, 32, 128, 256), (3, 16, 256, 256), (5, 8, 128, 64)]
ERROR = {"float32": 2.5e-6, "float64": 1e-13}


def operations(x, w, dy):
    dw = np.zeros_like(w)
    ga.conv2d_weight_grad(x, dy, dw, 2)
    return ga.conv2d(x, w, 2), ga.conv2d_input_grad(dy, w, 2, x.shape[1:3]), dw


def draw(n, h, c, k, dtype):
    rng = np.random.default_rng([n, h, c, k])
    shapes = (n, h, h, c), (5, 5, c, k), (n, h // 2, h // 2, k)
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


@pytest.mark.parametrize("dtype", ERROR)
@pytest.mark.parametrize("n, h, c, k", LAYERS)
def test_agrees_with_patches(n, h, c, k, dtype, monkeypatch):
    arrays = draw(n, h, c, k, dtype)
    assert winograd.applies(arrays[0].shape, arrays[1].shape, 2)
    got = operations(*arrays)
    monkeypatch.setattr(winograd, "applies", lambda *shapes: False)
    for name, g, wanted in zip(("y", "dx", "dw"), got,
                               operations(*[array.astype(np.float64) for array in arrays])):
        error = relative_error(g, wanted)
        assert error < ERROR[dtype], f"{name}: {error:.1e}"


@pytest.mark.parametrize("x_shape, w_shape, stride", [
    ((1, 64, 64, 32), (5, 5, 32, 128), 1), ((1, 64, 64, 32), (3, 3, 32, 128), 2),
    ((1, 60, 64, 32), (5, 5, 32, 128), 2),
    ((1, 64, 60, 32), (5, 5, 32, 128), 2), ((1, 64, 64, 3), (5, 5, 3, 64), 2),
    ((1, 64, 64, 64), (5, 5, 64, 3), 2)])
def test_leaves_to_patches_what_it_cannot_do_or_is_slow_at(x_shape, w_shape, stride):
    assert not winograd.applies(x_shape, w_shape, stride)


def test_products_left_out_are_zero():
    w = draw(1, 8, 16, 16, "float64")[1]
    points = winograd._weight_points(w)
    kept = np.zeros(points.shape, bool)
    for at, phases in winograd._PRODUCTS:
        kept[at, :phases * 16] = True
    assert not points[~kept].any() and kept.sum() == 126 * 16 * 16
    assert sorted(winograd._ORDER) == list(range(36))


@pytest.mark.parametrize("tiles", [4, 100])
def test_chunks_do_not_change_what_is_computed(tiles, monkeypatch):
    arrays = draw(7, 16, 16, 16, "float64")
    whole = operations(*arrays)
    monkeypatch.setattr(winograd, "_FEWEST_TILES", tiles)
    monkeypatch.setattr(winograd, "_GROUP_TILES", tiles)
    monkeypatch.setattr(winograd, "_STRIP_BYTES", 1)
    monkeypatch.setattr(winograd, "_COLUMNS", 100)
    for first, again in zip(whole, operations(*arrays)):
        np.testing.assert_allclose(again, first, rtol=1e-9, atol=1e-9)
