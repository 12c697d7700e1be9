import io

import numpy as np
import pytest
from PIL import Image

from experiment.pictures import grid, png, to_bytes


def test_levels_round_and_clip():
    levels = np.array([-2, -1, -1 + 0.9 / 255, -1 + 1.1 / 255, 0.999, 1, 7])
    assert to_bytes(levels).tolist() == [0, 0, 0, 1, 255, 255, 255]


@pytest.mark.parametrize("count, shape", [
    (1, (5, 4)), (3, (5, 16)), (8, (5, 46)), (9, (12, 46)), (64, (54, 46))])
def test_eight_a_row_two_pixels_apart(count, shape):
    assert grid(np.zeros((count, 5, 4, 3))).shape == (*shape, 3)


def test_images_lie_in_reading_order_on_white():
    images = np.linspace(-1, 0.5, 11)[:, None, None, None] * np.ones((11, 5, 4, 3))
    picture = grid(images)
    assert (picture[7:12, 12:16] == to_bytes(images[10])).all()
    assert (picture[5:7] == 255).all() and (picture[:, 4:6] == 255).all() and (picture[7:, 16:] == 255).all()


def test_png_keeps_every_pixel():
    picture = np.random.default_rng(0).integers(0, 256, (7, 9, 3), np.uint8)
    assert (np.asarray(Image.open(io.BytesIO(png(picture)))) == picture).all()
