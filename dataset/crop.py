"""From a picture file's bytes to pixels that are kept: decode, crop, blur, sample, keep a margin.

The crop is what the released code makes of CelebA and LFW: cut out a square, blur it (not LFW's) with a
Gaussian of sigma sqrt(side / size) / 2, take cubic samples at `size` points. Both steps are linear and
separable, so each axis is one matrix and a picture is two products.

Pictures that augmentation will move are kept before the samples are taken, with a margin: gpuarray.augment
takes them where it has moved them to. So a picture is resampled once, moved or not, and stays as sharp.
"""
import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dataset.decode import decode
from dataset.errors import DataError

CROP_VERSION = 3               # counts up when the pixels change, so that caches are made again
FINEST = 150 / 64              # pixels that become one, at most: as in the released LFW (CelebA: 148 / 64)
ALIGNED = 178, 218             # CelebA's aligned images: width, height
PHOTO = 256                    # a picture is never decoded so small that its shorter side has less


class Frame(NamedTuple):
    """How the pictures of a set are cut and kept, as squares of side + 2 margin pixels.

    crop    how they are cut: a name in CROPS
    size    side S of the images that they are for
    side    pixels across the crop: S, or more where images are sampled from them
    margin  pixels around the crop
    """
    crop: str
    size: int
    side: int
    margin: int = 0


def frame_for(crop, size, augmentation=None):
    """The Frame of pictures for images of `size` that this Augmentation, if any, will vary."""
    if augmentation is None or not augmentation.moves:
        return Frame(crop, size, size)
    side = min(CROPS[crop].side, _finest(size))
    return Frame(crop, size, side, math.ceil(augmentation.reach * side) + 2)       # 2: the cubic's own reach


def _finest(size):
    """The most pixels across a crop, of a picture or kept, from which images of `size` are sampled."""
    return round(FINEST * size)


def centre_square(picture, where):
    """(top, left, side) of the largest square in the middle of a picture (H, W, C)."""
    height, width = picture.shape[:2]
    side = min(height, width)
    return (height - side) // 2, (width - side) // 2, side


def celeba_square(picture, where):
    """Rows 40 to 188, columns 15 to 163 of an aligned image (released code); of a smaller or larger one in
    proportion. A square one counts as cut already. DataError for others.
    """
    height, width = picture.shape[:2]
    if height == width:
        return 0, 0, width
    scale = width / ALIGNED[0]
    if abs(height - ALIGNED[1] * scale) > 1 + scale / 2:          # the rounding of whoever resized it
        raise DataError(f"{where}: is {width} x {height}, not 178 x 218 as CelebA's aligned images: use "
                        "those, or cut from the centre (--crop centre, or a folder without CelebA's names)")
    side = min(round(148 * scale), width, height)
    return min(round(40 * scale), height - side), min(round(15 * scale), width - side), side


def lfw_square(picture, where):
    """The 150 x 150 in the middle of an image of LFW; a smaller one counts as cropped already."""
    height, width = picture.shape[:2]
    if min(height, width) <= 150:
        return centre_square(picture, where)
    return (height - 150) // 2, (width - 150) // 2, 150


class Crop(NamedTuple):
    """A way to cut pictures.

    square   (picture, its place) -> (top, left, side)
    blurred  whether what shrinks is blurred first, as in the released code's CelebA, or not, as in its LFW
    side     that of the square in most pictures; infinite where it is any
    """
    square: Callable
    blurred: bool
    side: float = math.inf


CROPS = {"celeba": Crop(celeba_square, True, 148), "lfw": Crop(lfw_square, False, 150),
         "stl10": Crop(centre_square, False, 96), "centre": Crop(centre_square, True)}


def crop_picture(picture, frame, where):
    """Cuts a picture (H, W, C) uint8 as the Frame says: (P, P, C) uint8, P = side + 2 margin.

    `where` is the picture's place, for messages. DataError for a picture that cannot be cut so.
    """
    return cut(picture, *CROPS[frame.crop].square(picture, where), frame)


def crop_file(content, frame, where):
    """crop_picture of a picture file's bytes, and whether it had to be enlarged to the images' size.

    Photos are decoded at a reduced scale, of at least four times that size.
    """
    picture = decode(content, where, max(4 * frame.size, PHOTO))
    top, left, side = CROPS[frame.crop].square(picture, where)
    return cut(picture, top, left, side, frame), side < frame.size


def cut(picture, top, left, side, frame):
    """A square of a picture (H, W, C) uint8, kept as the Frame says: (P, P, C) uint8.

    Without a margin nothing outside of the square is looked at. The margin, and what is blurred or sampled
    beside it, has the pixels beyond; where the picture ends, its edge is repeated.
    """
    reach = math.ceil((frame.margin / frame.side + 4 / frame.size) * side) if frame.margin else 0
    above, before = max(0, top - reach), max(0, left - reach)
    picture = picture[above:top + side + reach, before:left + side + reach]
    return _apply(axis_matrix(picture.shape[0], top - above, side, frame),
                  axis_matrix(picture.shape[1], left - before, side, frame), picture)


@functools.lru_cache(maxsize=64)
def axis_matrix(length, start, side, frame):
    """(P, length) float32: what `cut` does along one axis of `length` pixels, `side` of them from `start` on.

    The released code shrinks by no more than FINEST. A larger square is first reduced to that, and blurred in
    proportion (or averaged, where the crop has no blur), so that smaller images alias no more than its own.
    """
    reduced = min(side, _finest(frame.size))
    times, margin = side / reduced, math.ceil(frame.margin * reduced / frame.side)
    sigma = times * blur_sigma(reduced / frame.size) if CROPS[frame.crop].blurred else averaging_sigma(times)
    first = sampling_matrix(length, start + _centres(reduced, side, margin), sigma)
    then = sampling_matrix(len(first), margin + _centres(frame.side, reduced, frame.margin), 0.0)
    return (then @ first).astype(np.float32)


def _centres(count, side, margin):
    """Where, among `side` pixels, `count` that span them, and `margin` more each way, have their centres."""
    return (np.arange(-margin, count + margin) + 0.5) * (side / count) - 0.5


def blur_sigma(scale):
    """The released code's Gaussian, in source pixels, before it shrinks by `scale`; 0 where nothing does."""
    return math.sqrt(scale) / 2 if scale > 1 else 0.0


def averaging_sigma(times):
    """The Gaussian as wide as what makes averages over `times` pixels of averages over one; 0 up to 1."""
    return math.sqrt(max(0.0, times**2 - 1) / 12)


def sampling_matrix(length, centres, sigma):
    """(len(centres), length): blur, then cubic samples at these places, along an axis of `length` pixels.

    Cubic convolution with a = -1/2 (Keys, 1981), not widened. Beyond its ends the axis is repeated.
    """
    radius = int(4 * sigma + 0.5)
    shifts = np.arange(-radius, radius + 1)
    gauss = np.exp(-0.5 * (shifts / sigma) ** 2) if radius else np.ones(1)
    gauss /= gauss.sum()
    matrix = np.zeros((len(centres), length))
    for row, centre in zip(matrix, centres):
        for tap in range(math.floor(centre) - 1, math.floor(centre) + 3):
            pixels = np.clip(min(max(tap, 0), length - 1) + shifts, 0, length - 1)
            np.add.at(row, pixels, _cubic(abs(centre - tap)) * gauss)
    return matrix


def _cubic(distance):
    if distance < 1:
        return (1.5 * distance - 2.5) * distance ** 2 + 1
    return ((-0.5 * distance + 2.5) * distance - 4) * distance + 2 if distance < 2 else 0.0


def blur(pictures, sigma):
    """Square pictures (n, P, P, C) uint8 under a Gaussian of this sigma in pixels."""
    side = pictures.shape[1]
    matrix = sampling_matrix(side, np.arange(side), sigma).astype(np.float32)
    return np.stack([_apply(matrix, matrix, picture) for picture in pictures])


def _apply(down, across, picture):
    """A matrix for each axis of a picture (H, W, C) uint8 -> (P, P, C) uint8."""
    height, width, channels = picture.shape
    rows = down @ picture.reshape(height, -1).astype(np.float32)                     # (P, W * C)
    pixels = across @ rows.reshape(-1, width, channels)                              # (P, P, C)
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
