"""Grids of images as PNG files."""
import io

import numpy as np
from PIL import Image

COLUMNS, GAP = 8, 2        # images a row; pixels of white between them


def grid(images):
    """Images (n, H, W, 3) in [-1, 1] -> a picture (rows, columns, 3) uint8, 8 a row, 2 px apart on white."""
    count, height, width, channels = images.shape
    columns = min(COLUMNS, count)
    rows = -(-count // columns)
    picture = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, channels), 255, np.uint8)
    for i, image in enumerate(to_bytes(images)):
        top, left = i // columns * (height + GAP), i % columns * (width + GAP)
        picture[top:top + height, left:left + width] = image
    return picture


def to_bytes(images):
    """[-1, 1] -> uint8, rounded and clipped."""
    return np.clip(np.rint((images.astype(np.float32) + 1) * np.float32(127.5)), 0, 255).astype(np.uint8)


def png(picture):
    """A picture (H, W, 3) uint8 as the bytes of a PNG file."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()
