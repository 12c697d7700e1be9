"""Decoding and cropping."""
import math

import numpy as np
import pytest
from scipy import ndimage

import gpuarray
from dataset import CELEBA, FLIPS, LFW, Augmentation
from dataset.augment import unmoved
from dataset.crop import (
    CROPS, FINEST, Frame, averaging_sigma, blur_sigma, crop_picture, cut, frame_for)


def plain_crop(pixels, top, left, side, size, blurred=True):
    """Cut, blur with SciPy, then cubic samples point by point (Keys 1981, a = -1/2), edges repeated."""
    square = pixels[top:top + side, left:left + side].astype(float)
    if blurred and side > size:
        sigma = math.sqrt(side / size) / 2
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


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize("crop", ["centre", "lfw"])
@pytest.mark.parametrize("top, left, side, size", [
    (*square, size) for square in ((40, 15, 148), (0, 0, 37), (20, 3, 151))
    for size in (16, 31, 64, 65, 128, 256) if square[2] <= FINEST * size])      # larger ones: see below
def test_crop_is_cut_blur_and_cubic(top, left, side, size, crop):
    pixels = noise(218, 178, size)
    result = cut(pixels, top, left, side, frame_for(crop, size))
    assert result.shape == (size, size, 3) and result.dtype == np.uint8
    plain = plain_crop(pixels, top, left, side, size, CROPS[crop].blurred)
    assert np.abs(result - plain).max() < 0.51                              # half a level: rounding


def test_a_crop_ignores_what_lies_outside_and_a_margin_shows_it():
    inside = np.zeros((218, 178, 3), np.uint8)
    inside[40:188, 15:163] = 200
    assert (cut(inside, 40, 15, 148, frame_for("celeba", 64)) == 200).all()
    kept = cut(inside, 40, 15, 148, Frame("lfw", 64, 148, 10))
    np.testing.assert_array_equal(kept, inside[30:198, 5:173])
    assert cut(inside, 40, 15, 148, Frame("celeba", 64, 148, 10))[9, 80, 0] not in (0, 200)         # blurred


def test_a_margin_repeats_the_edge_where_the_picture_ends():
    pixels = noise(64, 64)
    kept = cut(pixels, 0, 0, 64, Frame("centre", 64, 64, 4))
    np.testing.assert_array_equal(kept, np.pad(pixels, ((4, 4), (4, 4), (0, 0)), "edge"))


def test_a_picture_of_the_right_size_is_left_as_it_is():
    pixels = noise(64, 64)
    np.testing.assert_array_equal(cut(pixels, 0, 0, 64, frame_for("centre", 64)), pixels)


def test_released_blur_and_no_more_aliasing_below():
    assert blur_sigma(148 / 64) == math.sqrt(148 / 64) / 2
    assert blur_sigma(148 / 128) == math.sqrt(148 / 128) / 2
    assert blur_sigma(1.0) == averaging_sigma(1.0) == averaging_sigma(0.5) == 0
    stripes = np.zeros((300, 300, 3), np.uint8)
    stripes[::2] = 255                                             # as fine as can be: grey from afar
    for crop, most in (("centre", 5), ("lfw", 80)):
        small = [cut(stripes, 0, 0, 300, frame_for(crop, size))[3:-3].astype(float) for size in (64, 32, 16)]
        assert max(np.ptp(picture) for picture in small) < most, crop


@pytest.mark.parametrize("crop, size, augmentation, frame", [
    ("celeba", 64, None, ("celeba", 64, 64, 0)), ("celeba", 64, FLIPS, ("celeba", 64, 64, 0)),
    ("celeba", 64, CELEBA, ("celeba", 64, 148, 12)), ("celeba", 32, CELEBA, ("celeba", 32, 75, 7)),
    ("celeba", 256, CELEBA, ("celeba", 256, 148, 12)), ("lfw", 64, LFW, ("lfw", 64, 150, 8)),
    ("lfw", 128, LFW, ("lfw", 128, 150, 8)), ("centre", 32, CELEBA, ("centre", 32, 75, 7)),
    ("celeba", 64, Augmentation(shift=.1), ("celeba", 64, 148, 62))])
def test_what_is_moved_is_kept_as_it_is_or_at_the_finest_scale(crop, size, augmentation, frame):
    assert frame_for(crop, size, augmentation) == frame


@pytest.mark.parametrize("crop, augmentation", [("celeba", CELEBA), ("lfw", LFW), ("centre", CELEBA)])
@pytest.mark.parametrize("size", [16, 32, 64, 128, 200])
def test_images_sampled_from_what_is_kept_are_the_crops(crop, augmentation, size):
    """But for the rounding of what is kept; a blur sees what lies beside the crop."""
    smooth = ndimage.gaussian_filter(noise(250, 250).astype(float), (1.5, 1.5, 0))
    pixels = np.uint8(np.clip(128 + 8 * (smooth - 128), 0, 255))
    pixels = pixels[:218, :178] if crop == "celeba" else pixels
    frame = frame_for(crop, size, augmentation)
    kept = crop_picture(pixels, frame, "x")
    assert kept.shape == (frame.side + 2 * frame.margin,) * 2 + (3,)
    sampled = 127.5 * (gpuarray.augment(kept[None], unmoved(1, frame.side / size), size)[0] + 1)
    apart = np.abs(sampled - crop_picture(pixels, frame_for(crop, size), "x"))
    edge, enlarged = math.ceil(3 * size / 64), frame.side > 250
    assert apart[edge:-edge, edge:-edge].max() < (6 if enlarged else 2) and apart.max() < 40
