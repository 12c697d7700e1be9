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
HELD = 4                        # bytes that decoders take for a pixel
# Some take more (measured), so that they get fewer pixels.
COSTLY = {"WEBP": (16, 1 << 25), "AVIF": (12, 1 << 25), "JPEG2000": (24, 1 << 24)}
BACKGROUND = "white"            # what transparent pictures are laid on: what a web page would show
_ORIENTATION = 0x112            # the EXIF tag
_TURNS = dict(enumerate([
    Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180, Image.Transpose.FLIP_TOP_BOTTOM,
    Image.Transpose.TRANSPOSE, Image.Transpose.ROTATE_270, Image.Transpose.TRANSVERSE,
    Image.Transpose.ROTATE_90], start=2))
STRIP = 1 << 18                 # pixels that are converted at a time: few enough for the processor's cache
_decoding = Allowance(5 << 27)  # bytes that are held at a time


def decode(data, where, least=None):
    """The picture in `data`, a file's bytes, as (H, W, 3) uint8: upright, on white where it is transparent.

    least  a picture whose shorter side is at least twice as long is decoded at a reduced scale, at which
           that side still has this many pixels: much faster for photos, most of all for JPEG
    Of several frames the first is taken. Raises BrokenPicture, which names `where`, for what is no picture,
    and for one of more than MOST_PIXELS (fewer where decoding is COSTLY) or more than 8 bits a channel.
    """
    if why := why_no_picture(str(where), data[:HEAD]):
        raise BrokenPicture(where, why)
    with one_line(lambda why: BrokenPicture(where, f"not an image that can be read ({why})")):
        image = _open(data, where)
        width, height = image.size
        if least and min(image.size) >= 2 * least:
            image.draft(None, (least, least))                    # JPEG alone: at 1/2, 1/4 or 1/8
        pixels, (held, most) = image.width * image.height, COSTLY.get(image.format, (HELD, MOST_PIXELS))
        if image.info.get("progressive"):                        # holds all coefficients, whatever the scale
            pixels = width * height
        if pixels > most:
            raise BrokenPicture(where, f"{width} x {height} pixels are {_more_than(most)}")
        factor = max(1, min(image.size) // least) if least else 1
        with _decoding.of(held * pixels + 7 * pixels // factor**2):         # the image in RGB, and its pixels
            image.load()
            image = _plain(image, factor)
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
        raise BrokenPicture(where, f"its pixels are {_more_than(MOST_PIXELS)}") from None
    if image.mode not in EIGHT_BIT_MODES:
        raise BrokenPicture(where, f"{image.mode} pixels have more than 8 bits a channel: save it with 8")
    return image


def _more_than(most):
    return f"more than the {most >> 20} million that are decoded: make it smaller"


def _plain(image, factor):
    """The image in RGB, upright, `factor` times smaller, laid on the background where it is transparent.

    It is made strip by strip, so that little more is held than the image and what it becomes.
    """
    width, height = image.size
    turn, plain = _turn(image), Image.new("RGB", (-(-width // factor), -(-height // factor)))
    rows = max(1, STRIP // (width * factor)) * factor
    for top in range(0, height, rows):
        strip = image.crop((0, top, width, min(top + rows, height)))
        plain.paste(_rgb(strip, factor), (0, top // factor))
    return plain.transpose(turn) if turn is not None else plain


def _rgb(image, factor):
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
    return image


def _turn(image):
    """What turns the image upright, or None. Where the EXIF is damaged, that alone is lost."""
    with contextlib.suppress(Exception):
        return _TURNS.get(image.getexif().get(_ORIENTATION))
