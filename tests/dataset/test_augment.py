"""The draws of augmentation parameters, and what gpuarray.augment makes of them."""
import numpy as np
import pytest

import gpuarray
from dataset.augment import CELEBA, FLIPS, LFW, Augmentation, unmoved

MANY = 20_000


def drawn(augmentation, size=64, count=MANY):
    return augmentation.draw(np.random.default_rng(0), count, size).astype(float)


def test_nothing_is_the_identity():
    np.testing.assert_array_equal(drawn(Augmentation(flip=False)), unmoved(MANY))


def test_flips_mirror_half_of_the_images_and_do_nothing_else():
    p = drawn(FLIPS)
    assert abs(np.mean(p[:, 0] == -1) - 0.5) < 0.02
    np.testing.assert_array_equal(np.abs(p), unmoved(MANY))
    images = np.random.default_rng(1).integers(0, 256, (8, 18, 18, 3), np.uint8)
    crops = images[:, 1:-1, 1:-1] / 127.5 - 1
    result = gpuarray.augment(images, p[:8].astype(np.float32), 16)
    for crop, seen, mirrored in zip(crops, result, p[:8, 0] == -1):
        np.testing.assert_allclose(seen, crop[:, ::-1] if mirrored else crop, atol=1e-5)
    assert 0 < np.sum(p[:8, 0] == -1) < 8


@pytest.mark.parametrize("augmentation, side, shift, colour", [(CELEBA, 148, 2, .05), (LFW, 150, 1, .07)])
@pytest.mark.parametrize("size", [32, 64])
def test_released_spreads(augmentation, side, shift, colour, size):
    p = drawn(augmentation, size)
    close = dict(rel=0.03)
    source_pixels = p[:, [2, 5]] * side / size          # the released shifts are in pixels of the source
    assert source_pixels.std(axis=0) == pytest.approx([shift, shift], **close)
    assert np.abs(source_pixels.mean(axis=0)).max() < 0.05
    zoom, angle = np.hypot(p[:, 1], p[:, 4]), np.arctan2(-p[:, 1], p[:, 4])
    assert (zoom.mean(), zoom.std()) == (pytest.approx(1, abs=1e-3), pytest.approx(.01, **close))
    assert angle.std() == pytest.approx(.01, **close)
    for column in (6, 7):
        exponent = np.log(p[:, column]) * np.log(2)
        assert exponent.std() == pytest.approx(colour, **close)
        assert exponent.mean() == pytest.approx(colour ** 2, abs=0.002)
    assert p[:, 8].std() == pytest.approx(augmentation.hue, **close)


def test_larger_pictures_are_read_in_larger_steps():
    p, larger = (CELEBA.draw(np.random.default_rng(0), 100, 64, scale) for scale in (1, 2.5))
    np.testing.assert_allclose(larger[:, :6], 2.5 * p[:, :6], rtol=1e-6)
    np.testing.assert_array_equal(larger[:, 6:], p[:, 6:])
    pictures = np.random.default_rng(1).integers(0, 256, (1, 16, 16, 3), np.uint8)
    every_second = gpuarray.augment(pictures, unmoved(1, 2), 7)[0]          # between four pixels each
    assert every_second.shape == (7, 7, 3)
    constant = gpuarray.augment(np.full_like(pictures, 50), unmoved(1, 2.3), 6)
    np.testing.assert_allclose(constant, 50 / 127.5 - 1, atol=1e-6)


@pytest.mark.parametrize("augmentation, moves", [
    (FLIPS, False), (Augmentation(gamma=.1, contrast=.1, hue=.1), False), (CELEBA, True), (LFW, True),
    (Augmentation(shift=.01), True), (Augmentation(scale=.01), True), (Augmentation(rotation=.01), True)])
def test_what_moves_reaches_four_sigma_beyond_the_crop(augmentation, moves):
    assert augmentation.moves is moves and (augmentation.reach > 0) is moves
    p, size = drawn(augmentation), 64
    corner = np.array([size, size]) / 2
    where = np.einsum("nij,j->ni", p[:, [0, 1, 3, 4]].reshape(-1, 2, 2), corner) + p[:, [2, 5]]
    spread = (np.abs(where) - corner)[np.all(where > 0, axis=1)].std()             # of those not mirrored
    assert 4 * spread == pytest.approx(augmentation.reach * size, rel=0.05)


def test_each_image_is_turned_and_zoomed_without_shear():
    p = drawn(CELEBA, count=100)
    across, down = p[:, [0, 3]], p[:, [1, 4]]           # where one step to the right, and one down, lead
    np.testing.assert_allclose(np.sum(across * down, axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(across, axis=1), np.linalg.norm(down, axis=1), rtol=1e-6)


def test_draws_of_an_image_are_independent():
    p = drawn(CELEBA)
    values = np.column_stack([p[:, 0] < 0, p[:, 2], p[:, 5], np.hypot(p[:, 1], p[:, 4]), p[:, 1], p[:, 6:]])
    correlations = np.corrcoef(values, rowvar=False) - np.eye(values.shape[1])
    assert np.abs(correlations).max() < 0.04


def test_a_shift_moves_the_picture():
    images = np.zeros((1, 40, 40, 3), np.uint8)
    images[0, 20, 20] = 255
    for column, axis in ((2, 1), (5, 0)):
        p = unmoved(1)
        p[0, column] = 3
        spot = np.argwhere(gpuarray.augment(images, p, 32)[0, ..., 0] > 0.9)[0]
        expected = [16, 16]
        expected[axis] -= 3            # the crop moves right or down, so the picture left or up
        np.testing.assert_array_equal(spot, expected)
