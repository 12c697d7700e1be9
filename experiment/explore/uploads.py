"""From the bytes of an uploaded picture to a square of it, cut as the images of the run's data are."""
import numpy as np
from PIL import Image

from dataset import DataError
from dataset.crop import cut, frame_for
from dataset.decode import decode, quiet_decoders
from dataset.grey import with_channels

MOST_BYTES = 1 << 24     # of an uploaded file
_LOOKED_AT = 320         # pixels of the shorter side, at most, that a face is looked for in
_AROUND = 1.5            # sides of the square, in sides of the box around a face that was found
_DETAIL = 1024           # a picture is not decoded so small that its shorter side has less
_FEWEST = 8              # pixels of a square's side
_NAME = "the picture"


def square(content, x, y, side, crop, size, channels=3):
    """The images (1, S, S, C) in [-1, 1] of a square of a picture file's bytes. channels: C; 1: grey.

    x, y: of its left upper corner, as shares of the upright picture's width and height; side: as a share of
    the shorter of both. crop: a name in dataset.CROPS, which says how to blur. Raises DataError for what is
    no picture, and for no square in it.
    """
    picture = _decoded(content)
    height, width = picture.shape[:2]
    pixels = round(side * min(height, width))
    if not (_FEWEST <= pixels <= min(height, width)):
        raise DataError(f"a square of {pixels} pixels in a picture of {width} x {height}: choose one of at "
                        f"least {_FEWEST} inside of it")
    top, left = (min(max(round(share * whole), 0), whole - pixels) for share, whole in
                 ((y, height), (x, width)))
    image = with_channels(cut(picture, top, left, pixels, frame_for(crop, size)), channels)
    return image[None].astype(np.float32) / np.float32(127.5) - np.float32(1)


def face(content):
    """{"x", "y", "side"} of the square around the largest face in a picture file's bytes, see `square`; None
    where none is found. Raises DataError for what is no picture."""
    picture = Image.fromarray(_decoded(content))
    shrunk = max(1, min(picture.size) // _LOOKED_AT)
    pixels = np.asarray(picture.reduce(shrunk).convert("L"))
    boxes = _detector().detect_multi_scale(img=pixels, scale_factor=1.2, step_ratio=1, min_size=(40, 40),
                                           max_size=(min(pixels.shape),) * 2)
    if not boxes:
        return None
    box = max(boxes, key=lambda box: box["width"])
    height, width = pixels.shape
    side = min(_AROUND * box["width"], width, height)
    x, y = (min(max(start + (length - side) / 2, 0), whole - side) for start, length, whole in
            ((box["c"], box["width"], width), (box["r"], box["height"], height)))
    return {"x": x / width, "y": y / height, "side": side / min(width, height)}


def _detector():
    """The cascade of local binary patterns that comes with scikit-image."""
    from skimage.data import lbp_frontal_face_cascade_filename     # here: it takes a second
    from skimage.feature import Cascade

    return Cascade(lbp_frontal_face_cascade_filename())


def _decoded(content):
    with quiet_decoders():
        return decode(content, _NAME, _DETAIL)
