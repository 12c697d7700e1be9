"""Decoding and cropping."""
import math

import numpy as np
import pytest
from scipy import ndimage

from dataset import DataError
from dataset.crop import blur_sigma, cut, decode, margin_of
from tests.dataset.make import encoded, picture


def plain_crop(pixels, top, left, side, size):
    """Cut, blur with SciPy, then cubic samples point by point (Keys 1981, a = -1/2), edges repeated."""
    square = pixels[top:top + side, left:left + side].astype(float)
    sigma = blur_sigma(side / size)
    if sigma:
        square = ndimage.gaussian_filter(square, (sigma, sigma, 0), mode="nearest")
    places = (np.arange(size) + 0.5) * side / size - 0.5
    for axis in (0, 1):
        base = np.floor(places).astype(int)
        t = (places - base).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        before, here, after, beyond = (np.take(square, np.clip(base + k, 0, side - 1), axis)
                                       for k in (-1, 0, 1, 2))
        square = here + t / 2 * (after - before + t * (2 * before - 5 * here + 4 * after - beyond
                                                       + t * (3 * (here - after) + beyond - before)))
    return np.clip(square, 0, 255)


@pytest.mark.parametrize("size", [16, 31, 64, 128, 256])
@pytest.mark.parametrize("top, left, side", [(40, 15, 148), (0, 0, 37), (20, 3, 151)])
def test_crop_is_cut_blur_and_cubic(top, left, side, size):
    pixels = np.random.default_rng(size).integers(0, 256, (218, 178, 3), np.uint8)
    margin = margin_of(size)
    result = cut(pixels, top, left, side, size, margin)
    assert result.shape == (size + 2 * margin,) * 2 + (3,) and result.dtype == np.uint8
    inner = result[margin:-margin, margin:-margin]
    assert np.abs(inner - plain_crop(pixels, top, left, side, size)).max() < 0.51    # half a level: rounding


def test_crop_ignores_what_lies_outside_and_the_margin_shows_it():
    inside = np.zeros((218, 178, 3), np.uint8)
    inside[40:188, 15:163] = 200
    result = cut(inside, 40, 15, 148, 64, 4)
    assert (result[4:-4, 4:-4] == 200).all()
    assert (result[:3] == 0).all() and (result[:, -3:] == 0).all()


def test_margin_repeats_the_edge_where_the_picture_ends():
    pixels = np.full((64, 64, 3), 7, np.uint8)
    pixels[0] = 250
    result = cut(pixels, 0, 0, 64, 64, 4)
    assert (result[:5, 4:-4] == 250).all() and (result[5:] == 7).all()


def test_a_picture_of_the_right_size_is_left_as_it_is():
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    np.testing.assert_array_equal(cut(pixels, 0, 0, 64, 64, 4)[4:-4, 4:-4], pixels)


def test_released_blur_at_the_released_size_and_no_more_aliasing_below():
    assert blur_sigma(148 / 64) == math.sqrt(148 / 64) / 2
    assert blur_sigma(148 / 128) == math.sqrt(148 / 128) / 2
    assert blur_sigma(148 / 32) / (148 / 32) == pytest.approx(blur_sigma(148 / 64) / (148 / 64))
    assert blur_sigma(1.0) == 0


@pytest.mark.parametrize("side", [16, 32, 64, 100, 128, 256])
def test_margin_covers_four_sigma_of_the_released_shifts(side):
    assert 4 * 2 / 148 * side <= margin_of(side) < side / 8 + 1


def test_decode_makes_three_channels_of_whatever_there_is():
    grey = picture(1)[..., 0]
    np.testing.assert_array_equal(decode(encoded(grey), "x"), np.repeat(grey[..., None], 3, axis=2))
    rgba = np.dstack([picture(2), np.full((218, 178), 9, np.uint8)])
    np.testing.assert_array_equal(decode(encoded(rgba), "x"), picture(2))


@pytest.mark.parametrize("content", [
    b"", b"no image", encoded(picture(0))[:300], encoded(picture(0), "JPEG")[:2000]])
def test_decode_refuses_what_is_no_whole_image(content):
    with pytest.raises(DataError, match="some/place.png: not an image that can be read"):
        decode(content, "some/place.png")


def test_decode_refuses_deep_pixels():
    with pytest.raises(DataError, match="more than 8 bits"):
        decode(encoded(np.full((9, 9), 4000, np.uint16)), "x")
