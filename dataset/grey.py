"""Colour pictures as grey ones, and grey ones as colour pictures."""
import contextlib

import numpy as np

from dataset.errors import BrokenPicture

LUMA = np.float32([0.299, 0.587, 0.114])       # of red, green, blue: ITU-R BT.601, as Pillow has it


def with_channels(picture, channels):
    """A picture (H, W, C) uint8 with this many channels: 1, grey, or 3."""
    if picture.shape[-1] == channels:
        return picture
    if channels == 1:
        return np.rint(picture.astype(np.float32) @ LUMA[:, None]).astype(np.uint8)
    return np.repeat(picture, channels, axis=-1)


def in_channels(made, channels):
    """What `rows` of pixels yields (dataset.readers), each picture with this many channels."""
    with contextlib.closing(made):
        for numbers, rows, enlarged in made:
            if not isinstance(rows, BrokenPicture):
                rows = [with_channels(row, channels) for row in rows]
            yield numbers, rows, enlarged
