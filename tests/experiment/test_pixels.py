"""Comparing images pixel by pixel, and finding the nearest ones."""
import numpy as np
import pytest

from dataset import Split
from experiment.evaluation import measures, pixels

RNG = np.random.default_rng(1)


def faces(n, rng=RNG):
    """Smooth images (n, 48, 48, 3) uint8: 32 pixels with a margin of 8."""
    coarse = rng.integers(30, 226, (n, 6, 6, 3), np.uint8)
    return coarse.repeat(8, axis=1).repeat(8, axis=2)


@pytest.fixture
def split():
    return Split(faces(200), 8)


def test_psnr_by_hand():
    a = np.zeros((2, 4, 4, 3), np.float32)
    b = a.copy()
    b[0] += 0.2
    assert pixels.psnr(a, b) == pytest.approx([20, 10 * np.log10(4e12)], rel=1e-5)


def test_ssim_is_1_for_the_same_and_sees_lost_contrast():
    board = (np.add.outer(range(32), range(32)) % 2 - 0.5)[None, :, :, None].repeat(3, axis=3)
    assert pixels.ssim(board, board) == pytest.approx([1])
    constant = (0.03 * 2) ** 2                                   # variances 1/4 and 1/16, covariance 1/8
    assert pixels.ssim(board, board / 2) == pytest.approx((2 / 8 + constant) / (5 / 16 + constant), rel=1e-3)


def test_the_difference_of_images_that_are_alike_is_0():
    assert pixels.difference(np.ones((4, 8, 8, 3), np.float32)) == 0
    assert pixels.difference(np.stack([np.zeros((8, 8, 3)), np.ones((8, 8, 3))])) == 1


@pytest.mark.parametrize("size, side", [(28, 14), (64, 16), (16, 16), (8, 8), (100, 14)])
def test_images_of_any_size_are_made_small(size, side):
    images = np.random.default_rng(0).random((2, size, size, 1))
    small, step = pixels._small(images), -(-size // 16)
    assert small.shape == (2, side * side)
    assert small[1, side + 2] == pytest.approx(images[1, step:2 * step, 2 * step:3 * step].mean())


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_copy_is_found_where_it_lies(mirrored, split, monkeypatch):
    monkeypatch.setattr(pixels, "_CHUNK", 30)
    copied = split.pictures([5, 199, 0, 64])
    rows, distance, alone = pixels.nearest(copied[:, :, ::-1] if mirrored else copied, split)
    assert rows.tolist() == [5, 199, 0, 64] and (distance == 0).all() and (alone == 0).all()


def test_the_nearest_is_that_of_plain_search(split, monkeypatch):
    monkeypatch.setattr(pixels, "_CHUNK", 70)
    images = Split(faces(6), 8).pictures(slice(None))
    rows, distance, alone = pixels.nearest(images, split)
    small = [some.reshape(-1, 16, 2, 16, 2, 3).mean((2, 4)) for some in (images, images[:, :, ::-1],
                                                                       split.pictures(slice(None)))]
    apart = np.min([[[np.sqrt(np.square(x - y).mean()) for y in small[2]] for x in some]
                    for some in small[:2]], axis=0)
    assert rows.tolist() == apart.argmin(1).tolist()
    assert distance == pytest.approx(apart.min(1), rel=1e-5)
    around = np.sqrt(np.square(np.sort(apart, axis=1)[:, :50]).mean(1))
    assert alone == pytest.approx(apart.min(1) / around, rel=1e-3)


def test_samples_that_repeat_training_images_are_copies(split):
    new, held_out = (Split(faces(100), 8).pictures(slice(None)) for _ in range(2))
    found, _ = measures.neighbours(new, held_out, split)
    assert found["copies"] < 0.1 and found["held_out_in_training"] == 0
    repeated = split.pictures(slice(40)) + RNG.normal(0, 0.01, (40, 32, 32, 3)).astype(np.float32)
    found, rows = measures.neighbours(np.concatenate([repeated, new[:60]]), held_out, split)
    assert 0.4 <= found["copies"] < 0.5 and rows[:40].tolist() == list(range(40))


def test_held_out_images_among_the_training_images_are_counted(split):
    held_out = Split(faces(20), 8).pictures(slice(None))
    held_out[3], held_out[8] = split.pictures([17, 90])
    found, _ = measures.neighbours(held_out, held_out, split)
    assert found["held_out_in_training"] == 2
