"""How the released code makes a training image, written anew with scikit-image.

Its own version of scikit-image (0.11) resized by transform.warp, whose order 3 is cubic convolution with
a = -1/2; today's transform.resize takes splines, so resize stands here as a warp. One difference is left out:
that version's resize took what lies beyond the picture for black.
"""
import numpy as np
from skimage import color, filters, transform


def test_image(picture, square, size, blurred):
    """The square (top, left, side) of a picture (H, W, 3) in [0, 1], without augmentation: (S, S, 3)."""
    top, left, side = square
    crop = picture[top:top + side, left:left + side]
    if blurred:
        crop = filters.gaussian(crop, sigma=np.sqrt(side / size) / 2, mode="nearest", channel_axis=2)
    step = side / size
    places = transform.AffineTransform(scale=step, translation=2 * [(step - 1) / 2])
    return transform.warp(crop, places, output_shape=(size, size), order=3, mode="edge")


def training_image(picture, square, size, blurred, parameters):
    """The same, augmented by the parameters that gpuarray.augment takes for images of this size.

    The full picture is moved about the middle of the square (there: of the picture), then coloured.
    """
    top, left, side = square
    a, b, right, c, d, down, gamma, contrast, hue = (float(p) for p in parameters)
    middle = np.array([left, top]) + (side - 1) / 2
    places = np.array([[a, b, right * side / size], [c, d, down * side / size], [0, 0, 1]])
    places[:2, 2] += middle - places[:2, :2] @ middle
    moved = transform.warp(picture, transform.AffineTransform(places), order=3, mode="edge")
    hsv = color.rgb2hsv(moved ** gamma)
    hsv[..., 1:] **= contrast
    hsv[..., 0] = (hsv[..., 0] + hue) % 1
    return test_image(color.hsv2rgb(hsv), square, size, blurred)
