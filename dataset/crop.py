"""From a picture file's bytes to the pixels a network sees: decode, crop, blur, shrink, keep a margin.

The crop is what the released code makes of CelebA: cut out a square of `side` pixels, blur it with a Gaussian
of sigma sqrt(side / size) / 2, take cubic samples at `size` points. Both steps are linear and separable, so
each axis is one matrix and a picture is two products. The margin around the crop, for random shifts, is made
the same way from the pixels beyond it; where the picture ends, its edge is repeated.
"""
import contextlib
import functools
import io
import math
import warnings

import numpy as np
from PIL import Image, ImageOps

from dataset.errors import DataError

CROP_VERSION = 1               # counts up when the pixels change, so that caches are made again
RELEASED_SCALE = 148 / 64      # how much the released code shrinks CelebA
EIGHT_BIT_MODES = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "LAB"}


def margin_of(size):
    """Pixels kept around a crop of `size`: 4 at 64, over 4 sigma of the released shifts."""
    return math.ceil(size / 16)


def decode(data, where):
    """The picture in `data`, a file's bytes, as (H, W, 3) uint8. DataError names `where` if it is none."""
    try:
        image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
        if image.mode not in EIGHT_BIT_MODES:
            raise DataError(f"{where}: {image.mode} pixels have more than 8 bits a channel: save it with 8")
        return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{where}: not an image that can be read: replace or remove it") from error


@contextlib.contextmanager
def large_pictures():
    """Without Pillow's warning about large pictures in this block; it still refuses those of twice that size.

    Not for a thread's own work: all threads share one list of warning filters.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        yield


def centre_square(picture, where):
    """(top, left, side) of the largest square in the middle of a picture (H, W, C)."""
    height, width = picture.shape[:2]
    side = min(height, width)
    return (height - side) // 2, (width - side) // 2, side


def celeba_square(picture, where):
    """Rows 40 to 188, columns 15 to 163 of an aligned image (released code). DataError for others."""
    height, width = picture.shape[:2]
    if (height, width) != (218, 178):
        raise DataError(f"{where}: is {width} x {height}, not 178 x 218 as CelebA's aligned images: "
                        "use those, or cut from the centre (as a plain folder, or with --crop centre)")
    return 40, 15, 148


def lfw_square(picture, where):
    """The 150 x 150 in the middle of an image of LFW; a smaller one counts as cropped already."""
    height, width = picture.shape[:2]
    if min(height, width) <= 150:
        return centre_square(picture, where)
    return (height - 150) // 2, (width - 150) // 2, 150


CROPS = {"celeba": celeba_square, "lfw": lfw_square, "centre": centre_square}


def crop_picture(picture, crop, size, margin, where):
    """Cuts a picture (H, W, C) uint8 as `crop`, a name in CROPS, says: (P, P, C) uint8, P = size + 2 margin.

    `where` is the picture's place, for messages. DataError for a picture that cannot be cut so.
    """
    return cut(picture, *CROPS[crop](picture, where), size, margin)


def blur_sigma(scale):
    """Gaussian sigma, in source pixels, before shrinking by `scale`.

    sqrt(scale) / 2 as in the released code up to the scale it uses, 148 / 64; beyond that in proportion to
    the scale, so that smaller pictures alias no more than the released ones. 0 where nothing shrinks.
    """
    if scale <= 1:
        return 0.0
    return math.sqrt(min(scale, RELEASED_SCALE)) / 2 * max(1.0, scale / RELEASED_SCALE)


@functools.lru_cache(maxsize=64)
def sampling_matrix(length, start, side, size, margin):
    """(size + 2 margin, length) float32: blur, then cubic samples, along one axis of `length` pixels.

    The rows of the crop read pixels start .. start + side - 1 alone, as if the picture were cut first; the
    rows of the margin read whatever the picture has. Cubic convolution with a = -1/2 (Keys 1981), not
    widened.
    """
    scale = side / size
    sigma = blur_sigma(scale)
    radius = int(4 * sigma + 0.5)
    shifts = np.arange(-radius, radius + 1)
    gauss = np.exp(-0.5 * (shifts / sigma) ** 2) if radius else np.ones(1)
    gauss /= gauss.sum()
    matrix = np.zeros((size + 2 * margin, length))
    for row in range(size + 2 * margin):
        inside = margin <= row < margin + size
        first, last = (start, start + side - 1) if inside else (0, length - 1)
        centre = start + (row - margin + 0.5) * scale - 0.5
        for tap in range(math.floor(centre) - 1, math.floor(centre) + 3):
            pixels = np.clip(min(max(tap, first), last) + shifts, first, last)
            np.add.at(matrix[row], pixels, _cubic(abs(centre - tap)) * gauss)
    return matrix.astype(np.float32)


def _cubic(distance):
    if distance < 1:
        return (1.5 * distance - 2.5) * distance ** 2 + 1
    return ((-0.5 * distance + 2.5) * distance - 4) * distance + 2 if distance < 2 else 0.0


def cut(picture, top, left, side, size, margin):
    """A square of a picture (H, W, C) uint8 -> (size + 2 margin, size + 2 margin, C) uint8."""
    reach = math.ceil((margin + 2) * side / size + 4 * blur_sigma(side / size))    # nothing farther matters
    top_edge, left_edge = max(0, top - reach), max(0, left - reach)
    picture = picture[top_edge:top + side + reach, left_edge:left + side + reach]
    height, width, channels = picture.shape
    down = sampling_matrix(height, top - top_edge, side, size, margin)
    across = sampling_matrix(width, left - left_edge, side, size, margin)
    rows = down @ picture.reshape(height, -1).astype(np.float32)                     # (P, W * C)
    pixels = across @ rows.reshape(-1, width, channels)                              # (P, P, C)
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
