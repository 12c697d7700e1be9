"""Toyfaces: repeatable, the same at any size and margin, with attributes that can be seen."""
import numpy as np
import pytest

from dataset.toyfaces import ATTRIBUTES, attributes, can_get, render
from dataset.toyfaces.canvas import Canvas, ellipse


@pytest.fixture(scope="module")
def many():
    """Attributes of 20,000 images: {name: (20000,) bool}."""
    return dict(zip(ATTRIBUTES, attributes(range(20_000), seed=5).T > 0))


def test_shapes_and_types():
    images, has = render([7], 24, seed=1, margin=2), attributes([7], seed=1)
    assert images.shape == (1, 28, 28, 3) and images.dtype == np.uint8
    assert has.shape == (1, len(ATTRIBUTES)) and has.dtype == np.float32
    assert set(np.unique(attributes(range(50)))) == {0, 1}
    assert len(set(ATTRIBUTES)) == len(ATTRIBUTES) >= 15
    assert render([], 16).shape == (0, 16, 16, 3) and attributes([]).shape == (0, len(ATTRIBUTES))


@pytest.mark.parametrize("size", [16, 32, 45])
def test_an_image_does_not_depend_on_the_images_beside_it(size):
    together = render(range(100, 180), size, seed=3)
    alone = np.concatenate([render([index], size, seed=3) for index in range(100, 180)])
    assert np.array_equal(together, alone)
    assert np.array_equal(render(range(179, 99, -1), size, seed=3)[::-1], together)
    assert np.array_equal(attributes(range(100, 180), 3)[40:], attributes(range(140, 180), 3))


def test_images_and_seeds_differ():
    images = np.concatenate([render(range(40), 16, seed=0), render(range(40), 16, seed=1)]).astype(float)
    apart = np.abs(images[:, None] - images[None]).mean(axis=(2, 3, 4))
    assert apart[~np.eye(len(images), dtype=bool)].min() > 5    # of 255


@pytest.mark.parametrize("small, times", [(64, 2), (32, 2), (32, 4)])
def test_the_same_picture_at_any_size(small, times):
    """A large picture, averaged down, is the small one but for how its edges are smoothed."""
    fine, coarse = render(range(40), small * times, seed=2), render(range(40), small, seed=2).astype(float)
    reduced = fine.reshape(40, small, times, small, times, 3).mean(axis=(2, 4))
    same = np.abs(reduced - coarse).mean(axis=(1, 2, 3))
    other = np.abs(reduced - np.roll(coarse, 1, axis=0)).mean(axis=(1, 2, 3))
    assert same.max() < 4.5                                     # measured over 400 images: 3.8 of 255
    assert same.max() < 0.2 * other.min()


@pytest.mark.parametrize("size, margin", [(32, 2), (64, 4), (33, 9)])
def test_a_margin_leaves_the_crop_as_it_is(size, margin):
    crop, padded = render(range(40), size, seed=4), render(range(40), size, seed=4, margin=margin)
    inner = slice(margin, margin + size)
    assert np.array_equal(padded[:, inner, inner], crop)
    beyond, edge = padded[:, :margin].astype(float), padded[:, margin:margin + 1].astype(float)
    assert 0 < np.abs(beyond - edge).mean() < 25                # more picture, not black


@pytest.mark.parametrize("size", [16, 64])
def test_edges_are_as_wide_as_a_pixel_and_lines_keep_their_area(size):
    canvas = Canvas.blank(1, size, margin=0).frame(0.1, -0.05, 0.4, 1.5)
    circle = ellipse(canvas.x, canvas.y, 0.0, 0.0, 0.5, 0.5)
    disc, pixel = canvas.inside(circle), float(canvas.px.item())
    partly = np.abs(circle)[(disc > 0) & (disc < 1)]
    assert partly.max() < 0.5 * pixel and len(partly) > 0.8 * np.pi / pixel
    assert disc.sum() * pixel**2 == pytest.approx(np.pi / 4, rel=0.01)
    thin = 0.2 * pixel
    assert canvas.stroke(circle, thin).sum() * pixel**2 == pytest.approx(np.pi * thin, rel=0.02)


@pytest.mark.parametrize("name, low, high", [
    ("Male", 0.43, 0.47), ("Young", 0.70, 0.80), ("Bald", 0.04, 0.12), ("Eyeglasses", 0.15, 0.25),
    ("Wearing_Hat", 0.08, 0.16), ("Black_Hair", 0.25, 0.45), ("Brown_Hair", 0.2, 0.4),
    ("Blond_Hair", 0.1, 0.25), ("Gray_Hair", 0.05, 0.16), ("Bangs", 0.12, 0.28), ("Smiling", 0.45, 0.55),
    ("Mustache", 0.1, 0.25), ("No_Beard", 0.78, 0.9), ("Goatee", 0.03, 0.1), ("Pale_Skin", 0.08, 0.22),
    ("Wavy_Hair", 0.25, 0.45)])
def test_how_frequent_an_attribute_is(many, name, low, high):
    assert low < many[name].mean() < high


def test_no_attribute_is_constant(many):
    for name, has in many.items():
        assert 0.02 < has.mean() < 0.98, name


@pytest.mark.parametrize("given, name, low, high", [
    ("Male", "Mustache", 0.3, 0.5), ("Male", "Bald", 0.1, 0.25), ("Male", "Wearing_Lipstick", 0, 0.02),
    ("Male", "Heavy_Makeup", 0, 0), ("Mustache", "Male", 1, 1), ("Goatee", "Male", 1, 1),
    ("Bald", "Male", 0.9, 1),
    ("Young", "Gray_Hair", 0, 0.05), ("Gray_Hair", "Young", 0, 0.25), ("Pale_Skin", "Blond_Hair", 0.2, 0.5),
    ("Smiling", "High_Cheekbones", 0.55, 0.8), ("Smiling", "Mouth_Slightly_Open", 0.6, 0.8),
    ("Heavy_Makeup", "Wearing_Lipstick", 0.85, 1), ("Bald", "Bangs", 0, 0), ("Bald", "Wearing_Hat", 0, 0),
    ("Wearing_Hat", "Bangs", 0, 0), ("Goatee", "No_Beard", 0, 0)])
def test_how_attributes_go_together(many, given, name, low, high):
    assert low <= many[name][many[given]].mean() <= high


def test_hair_has_one_colour_and_one_form_unless_bald(many):
    colours = sum(many[name].astype(int) for name in ("Black_Hair", "Brown_Hair", "Blond_Hair", "Gray_Hair"))
    forms = many["Straight_Hair"].astype(int) + many["Wavy_Hair"]
    assert np.array_equal(colours, ~many["Bald"]) and np.array_equal(forms, ~many["Bald"])


@pytest.fixture(scope="module")
def ridge_scores():
    """What a ridge regression on the 32x32 pixels of 1,500 images says of 800 others, and what these have."""
    count = 1500
    pixels = render(range(count + 800), 32, seed=6).reshape(count + 800, -1).astype(np.float64) / 255
    has = attributes(range(count + 800), seed=6)
    pixels -= pixels[:count].mean(axis=0)
    train, test = pixels[:count], pixels[count:]
    weights = np.linalg.solve(train @ train.T + 30 * np.eye(count), has[:count] - has[:count].mean(axis=0))
    return test @ train.T @ weights, has[count:] > 0


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_a_face_painted_with_an_attribute_that_it_has_is_the_same_and_another_is_not(name):
    has = attributes(range(60), seed=6) > 0
    pictures, again = render(range(60), 48, seed=6), render(range(60), 48, seed=6, also=name)
    changed = (pictures != again).any((1, 2, 3))
    assert not changed[has[:, ATTRIBUTES.index(name)]].any() and changed[can_get(name, has)].all()


def test_what_an_attribute_excludes_goes_and_the_rest_stays(many):
    has = np.stack(list(many.values()), axis=1)[:4000]
    bald, hat = many["Bald"][:4000], many["Wearing_Hat"][:4000]
    assert np.array_equal(can_get("Blond_Hair", has), ~many["Blond_Hair"][:4000] & ~bald)
    assert np.array_equal(can_get("Bald", has), ~bald)
    with_hat = np.flatnonzero(can_get("Bangs", has) & hat)[:20]
    without = render(with_hat, 32, seed=5, also="Bangs").astype(int)
    assert (without != render(with_hat, 32, seed=5)).any((1, 2, 3)).all()       # the hat is off
    faces, again = render(range(40), 32, seed=6), render(range(40), 32, seed=6, also="Eyeglasses")
    change = np.abs(again.astype(int) - faces)
    assert change.max() > 50 and change[:, 24:].max() == 0                      # nothing but glasses


@pytest.mark.parametrize("name", [
    "Eyeglasses", "Bald", "Wearing_Hat", "Black_Hair", "Brown_Hair", "Blond_Hair", "Gray_Hair", "Male",
    "Smiling", "Bangs", "Wearing_Lipstick", "No_Beard"])
def test_an_attribute_can_be_read_from_the_pixels(ridge_scores, name):
    scores, has = (array[:, ATTRIBUTES.index(name)] for array in ridge_scores)
    above = scores[has][:, None] > scores[~has][None]
    assert above.mean() > 0.9                                   # area under the ROC curve
