"""Grey pictures as colour pictures, and the other way round."""
import numpy as np
import pytest
from PIL import Image

from dataset import Batches, open_all, open_dataset, read_pictures
from dataset.grey import with_channels
from tests.dataset.make import encoded, mnist, picture, write_files


def luma(pixels):
    return np.asarray(Image.fromarray(pixels).convert("L")).astype(int)


def test_grey_is_pillows_but_for_its_rounding():
    pixels = picture(1, 20, 30)
    grey = with_channels(pixels, 1)
    assert grey.shape == (20, 30, 1) and grey.dtype == np.uint8
    assert np.abs(grey[..., 0] - luma(pixels)).max() <= 1


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_that_have_them_keep_their_channels(channels):
    pixels = picture(1, 8, 8)[..., :channels]
    assert with_channels(pixels, channels) is pixels


def test_white_stays_white_and_colour_of_grey_is_grey():
    white = np.full((2, 2, 3), 255, np.uint8)
    assert (with_channels(white, 1) == 255).all()
    grey = picture(1, 8, 8)[..., :1]
    assert (with_channels(grey, 3) == grey).all() and with_channels(grey, 3).shape == (8, 8, 3)


def test_a_whole_set_in_grey_and_in_colour(tmp_path):
    colour = write_files(tmp_path / "colour", {f"{i}.png": encoded(picture(i, 16, 16)) for i in range(6)})
    images = open_dataset(colour, 16, cache=tmp_path / "cache", channels=1)
    assert images.train.images.shape == (5, 16, 16, 1)
    plain = open_dataset(colour, 16, cache=tmp_path / "cache")               # another file in the cache
    for grey, rgb in zip(images.train.images, plain.train.images):
        assert np.abs(grey[..., 0] - luma(rgb)).max() <= 1
    (batch,) = Batches(images.train, 3, 16, images.augmentation, np.random.default_rng(0)).next()
    assert batch.shape == (3, 16, 16, 1)
    digits = write_files(tmp_path / "digits", mnist(3, 2)[0])
    _, split = open_all(digits, 28, cache=tmp_path / "cache", channels=3)
    assert split.images.shape == (5, 28, 28, 3) and (split.images == split.images[..., :1]).all()


def test_single_pictures_in_grey(tmp_path):
    write_files(tmp_path, {"0.png": encoded(picture(0, 16, 16))})
    pictures = read_pictures([tmp_path / "0.png"], 16, channels=1)
    assert pictures.shape == (1, 16, 16, 1)
    assert np.abs((pictures[0, ..., 0] + 1) * 127.5 - luma(picture(0, 16, 16))).max() < 1.01
