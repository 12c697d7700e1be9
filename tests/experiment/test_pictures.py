import io

import numpy as np
import pytest
from PIL import Image

from experiment.pictures import curves, grid, png, to_bytes

REPORTS = [{"step": step, "images_per_s": 400.0, "kl": 1000.0 / step, "d_real": 0.5} for step in (1, 25, 50)]


def test_levels_round_and_clip():
    levels = np.array([-2, -1, -1 + 0.9 / 255, -1 + 1.1 / 255, 0.999, 1, 7])
    assert to_bytes(levels).tolist() == [0, 0, 0, 1, 255, 255, 255]


@pytest.mark.parametrize("count, shape", [
    (1, (5, 4)), (3, (5, 16)), (8, (5, 46)), (9, (12, 46)), (64, (54, 46))])
def test_eight_a_row_two_pixels_apart(count, shape):
    assert grid(np.zeros((count, 5, 4, 3))).shape == (*shape, 3)


def test_grey_images_are_shown_as_grey():
    images = np.random.default_rng(0).uniform(-1, 1, (3, 5, 4, 1))
    picture = grid(images)
    assert (picture == grid(images.repeat(3, axis=-1))).all()


def test_images_lie_in_reading_order_on_white():
    images = np.linspace(-1, 0.5, 11)[:, None, None, None] * np.ones((11, 5, 4, 3))
    picture = grid(images)
    assert (picture[7:12, 12:16] == to_bytes(images[10])).all()
    assert (picture[5:7] == 255).all() and (picture[:, 4:6] == 255).all() and (picture[7:, 16:] == 255).all()


def test_png_keeps_every_pixel():
    picture = np.random.default_rng(0).integers(0, 256, (7, 9, 3), np.uint8)
    assert (np.asarray(Image.open(io.BytesIO(png(picture)))) == picture).all()


def test_curves_have_a_panel_for_each_group_of_metrics():
    sizes = {}
    for names in (["images_per_s"], ["images_per_s", "kl", "d_real"]):
        reports = [{name: report[name] for name in ("step", *names)} for report in REPORTS]
        picture = Image.open(io.BytesIO(curves(reports)))
        sizes[len(names)] = picture.size
        assert picture.convert("L").getextrema()[0] < 100                # something dark is drawn
    assert sizes[3][1] == 2 * sizes[1][1]


def test_curves_take_a_loss_of_zero_and_a_single_report():
    assert curves([{"step": 1, "kl": 0.0, "images_per_s": 1.0}])[:4] == b"\x89PNG"
