"""Every tile that the products may take, on the simulated device: results, and bank conflicts."""
from contextlib import nullcontext
from fractions import Fraction

import pytest

from gpuarray.cuda import tiles
from tests.gpuarray.cuda.test_conv import PRECISIONS, check_all_three

EVERY_TILE = [(precision, tile) for precision in PRECISIONS for tile in tiles.TILES[precision]]
# Wavefronts that bank conflicts add to those of the copies, as a part of these: where lines are 64 bytes
# long, neighbouring threads copy two at once, which lie in different banks only if a thread has four.
CONFLICTS = {("conv_forward", "FP32", "64x64"): Fraction(1, 2),
             ("conv_input_grad", "FP32", "64x64"): Fraction(1),
             ("conv_input_grad", "FP32", "128x64"): Fraction(1, 3),
             ("conv_input_grad", "FP32", "128x32"): Fraction(1, 5),
             ("conv_forward", "BF16", "128x32"): Fraction(1, 5),
             ("conv_weight_grad", "BF16", "128x32"): Fraction(1, 5)}


@pytest.mark.parametrize("precision, tile", EVERY_TILE, ids=str)
def test_every_tile(cuda_any_order, monkeypatch, precision, tile):
    """More than one tile in each direction, the last one partly filled."""
    monkeypatch.setitem(tiles.TILES, precision, (tile,))
    with counting_wavefronts(cuda_any_order) as launches:
        check_all_three(cuda_any_order, (2, 11, 9, 40, 136, 3, 1), precision)
    for kernel, defines, counted in launches:
        if dict(defines).get("PRECISION") == precision:
            (loads, extra_loads), (copies, extra_copies) = counted.values()
            assert extra_loads == 0 and (loads > 0 or precision != "BF16")
            allowed = CONFLICTS.get((kernel, precision, str(tile)), 0)
            assert extra_copies == allowed * (copies - extra_copies) and copies > 0, kernel


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_images_are_copied_by_whole_pixels(cuda, precision, channels):
    with counting_wavefronts(cuda) as launches:
        check_all_three(cuda, (2, 9, 10, channels, 32, 5, 2), precision)
    read_images = [dict(defines) for kernel, defines, _ in launches
                   if kernel in ("conv_forward", "conv_weight_grad")]
    assert cuda.is_gpu or len(read_images) == 2
    for defines in read_images:
        assert (defines["A_VECTORISED"], defines["A_PIECE"]) == (1, 4)


def counting_wavefronts(cuda):
    """Of a GPU, none are counted."""
    return nullcontext([]) if cuda.is_gpu else cuda.counting_wavefronts()
