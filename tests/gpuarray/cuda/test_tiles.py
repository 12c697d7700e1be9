"""How products are cut into tiles, splits and stages, for every card."""
import dataclasses

import pytest

from gpuarray.cuda import conv, patches, tiles
from tests.gpuarray.cuda.test_conv import every_precision


def test_tiles_and_splits_by_shape():
    def shape(precision, rows, cols):
        tile = tiles.choose_tile(precision, rows, cols)
        return tile.rows, tile.cols
    assert shape("TF32", 65536, 128) == shape("TF32", 65536, 2048) == shape("BF16", 65, 100) == (128, 128)
    assert shape("TF32", 64, 1024) == (64, 128) and shape("FP32", 64, 1024) == (64, 64)
    assert shape("TF32", 10 ** 6, 32) == (128, 32) and shape("FP32", 10 ** 6, 256) == (128, 64)

    def splits(rows, cols, depth, precision="TF32"):
        operand = tiles.Operand(4, along_depth=True)
        return tiles.plan_product(precision, operand, operand, rows, cols, depth).splits
    assert splits(65536, 128, 800) == 1                     # 512 tiles: enough
    assert 2 <= splits(4096, 256, 6400) <= 8                # 64 tiles, 200 steps
    assert 16 <= splits(64, 1024, 16384) <= 64              # a dense layer's 8 tiles, 512 steps
    assert splits(8, 8, 8) == 1                             # one step cannot be split
    assert 192 <= splits(100, 32, 2 ** 18) <= 256           # three channels: steps that issue more than most
    assert splits(144 * 128, 64, 1024, "FP32") > 1          # 144 tiles, 64 steps of dear multiplications


@pytest.mark.parametrize("precision", ["TF32", "BF16"])
@pytest.mark.parametrize("cols, phases", [(128, 1), (128, 4), (256, 1)])
def test_splits_are_the_same_where_wgmma_multiplies(precision, cols, phases):
    """So that all cards add up in the same order."""
    b, found = tiles.Operand(2 if precision == "BF16" else 4, along_depth=True), set()
    for images in (1, 3, 16, 32, 33, 64, 128):
        wgmma, mma = (patches.plan_patches(precision, b, images, (16, 16), cols, 128, 5, 2, card, phases)
                      for card in ((9, 0), (8, 0)))
        assert wgmma.tile.wgmma > mma.tile.wgmma and wgmma.splits == mma.splits
        found.add(mma.splits)
    assert len(found) > 2


# KiB of shared memory of a multiprocessor and, at most, of a block (CUDA C++ Programming Guide).
CARDS = {(7, 5): (64, 64), (8, 0): (164, 163), (8, 6): (100, 99), (8, 9): (100, 99), (9, 0): (228, 227),
         (12, 0): (100, 99)}


@pytest.mark.parametrize("capability", CARDS, ids=str)
@every_precision
def test_two_blocks_fit_a_multiprocessor_wherever_two_stages_let_them(precision, capability):
    """And then, or else, no stage is given away."""
    if precision != "FP32" and capability < (8, 0):
        return                                                # such cards have no product of this precision
    whole, most = (kib * 1024 for kib in CARDS[capability])
    itemsize = 2 if precision == "BF16" else 4
    for tile in tiles.TILES[precision]:
        for along_depth in conv.ALONG_DEPTH.values():
            operands = [tiles.Operand(itemsize, along) for along in along_depth]
            sizes = {stages: dataclasses.replace(tile, stages=stages).shared_bytes(*operands) + 3 * 1024
                     for stages in (2, 3)}
            resident = {stages: min(whole // size, 2) for stages, size in sizes.items()
                        if size - 1024 <= most}
            wanted = max(stages for stages in resident if resident[stages] == max(resident.values()))
            assert tile.fitting(capability, *operands).stages == wanted, (tile, along_depth)


@pytest.mark.parametrize("capability, precision, kernel, number, stages, blocks", [
    ((8, 0), "TF32", "conv_forward", -1, 2, 2), ((8, 0), "BF16", "conv_input_grad", -1, 2, 2),    # 128x128
    ((9, 0), "TF32", "conv_forward", -1, 3, 2), ((8, 6), "BF16", "conv_forward", -1, 2, 1),
    ((8, 6), "TF32", "conv_forward", 1, 2, 2),                                                    # 64x64
    ((7, 5), "FP32", "conv_forward", 0, 2, 2)])                                                   # 128x32
def test_stages_and_blocks_of_a_multiprocessor(capability, precision, kernel, number, stages, blocks):
    itemsize = 2 if precision == "BF16" else 4
    operands = [tiles.Operand(itemsize, along) for along in conv.ALONG_DEPTH[kernel]]
    tile = tiles.TILES[precision][number].fitting(capability, *operands)
    assert tile.stages == stages
    assert CARDS[capability][0] * 1024 // (tile.shared_bytes(*operands) + 3 * 1024) == blocks
