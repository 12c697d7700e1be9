"""From a picture file's bytes to RGB pixels, whatever the file holds."""
import contextlib
import io
import logging
import warnings

import numpy as np
from PIL import Image

from dataset.errors import BrokenPicture, one_line
from dataset.kinds import HEAD, why_no_picture
from dataset.parallel import Allowance

# The only decoders that a file can reach. Pillow knows many more: that of PostScript would start Ghostscript.
FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG2000", "AVIF"]
EIGHT_BIT_MODES = {"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV",
                   "LAB"}
MOST_PIXELS = 1 << 26           # that are decoded of one picture: 8192 x 8192
_TOO_MANY = f"more than the {MOST_PIXELS >> 20} million that are decoded: make it smaller"
BACKGROUND = "white"            # what transparent pictures are laid on: what a web page would show
_ORIENTATION = 0x112            # the EXIF tag
_TURNS = dict(enumerate([
    Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180, Image.Transpose.FLIP_TOP_BOTTOM,
    Image.Transpose.TRANSPOSE, Image.Transpose.ROTATE_270, Image.Transpose.TRANSVERSE,
    Image.Transpose.ROTATE_90], start=2))
_decoding = Allowance(1 << 28)  # bytes that Pillow holds at a time; it takes four a pixel


def decode(data, where, least=None):
    """The picture in `data`, a file's bytes, as (H, W, 3) uint8: upright, on white where it is transparent.

    least  a picture whose shorter side is at least twice as long is decoded at a reduced scale, at which
           that side still has this many pixels: much faster for photos, most of all for JPEG
    Of several frames the first is taken. Raises BrokenPicture, which names `where`, for what is no picture,
    and for one of more than MOST_PIXELS or more than 8 bits a channel.
    """
    if why := why_no_picture(str(where), data[:HEAD]):
        raise BrokenPicture(where, why)
    with one_line(lambda why: BrokenPicture(where, f"not an image that can be read ({why})")):
        image = _open(data, where)
        width, height = image.size
        if least and min(image.size) >= 2 * least:
            image.draft(None, (least, least))                    # JPEG alone: at 1/2, 1/4 or 1/8
        pixels = image.width * image.height
        if image.info.get("progressive"):                        # holds all coefficients, whatever the scale
            pixels = width * height
        if pixels > MOST_PIXELS:
            raise BrokenPicture(where, f"{width} x {height} pixels are {_TOO_MANY}")
        with _decoding.of(4 * pixels):
            image.load()
            image = _plain(image, max(1, min(image.size) // least) if least else 1)
        return np.asarray(image)


def picture_size(data):
    """(width, height) of the picture in a file's bytes, from its header; None where it has none."""
    with contextlib.suppress(Exception):                         # decoding finds out whether it is whole
        return Image.open(io.BytesIO(data), formats=FORMATS).size
    return None


@contextlib.contextmanager
def quiet_decoders():
    """Without Pillow's warnings in this block: what is wrong with a picture is raised, or does not matter.

    Not for a thread's own work: all threads share one list of warning filters.
    """
    silent, logger = logging.NullHandler(), logging.getLogger("PIL")
    logger.addHandler(silent)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"(PIL|dataset)\.")
            yield
    finally:
        logger.removeHandler(silent)


def _open(data, where):
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.UnidentifiedImageError:                         # its message names an address in memory
        raise BrokenPicture(where, "not an image that can be read (damaged or cut short)") from None
    except Image.DecompressionBombError:
        raise BrokenPicture(where, f"its pixels are {_TOO_MANY}") from None
    if image.mode not in EIGHT_BIT_MODES:
        raise BrokenPicture(where, f"{image.mode} pixels have more than 8 bits a channel: save it with 8")
    return image


def _plain(image, factor):
    """The image in RGB, `factor` times smaller, laid on the background where it is transparent."""
    turn = _turn(image)
    if image.mode == "La":
        image = image.convert("LA")
    transparent = image.mode in ("LA", "PA", "RGBA", "RGBa") or "transparency" in image.info
    wanted = "RGBA" if transparent else "RGB"
    if image.mode != wanted:
        image = image.convert(wanted)
    if factor > 1:
        image = image.reduce(factor)
    if transparent:
        image = Image.alpha_composite(Image.new("RGBA", image.size, BACKGROUND), image).convert("RGB")
    return image.transpose(turn) if turn is not None else image


def _turn(image):
    """What turns the image upright, or None. Where the EXIF is damaged, that alone is lost."""
    with contextlib.suppress(Exception):
        return _TURNS.get(image.getexif().get(_ORIENTATION))
