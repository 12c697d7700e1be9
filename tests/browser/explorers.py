"""What the explorer's pages show, and what they should."""
import base64
import io

import numpy as np
from PIL import Image

from experiment.compute import compute
from experiment.pictures import to_bytes

FACE = "#face"


def seen(page, canvas=FACE):
    """The pixels (S, S, 3) of a canvas."""
    address = page.locator(canvas).evaluate("canvas => canvas.toDataURL()")
    file = io.BytesIO(base64.b64decode(address.split(",")[1]))
    return np.asarray(Image.open(file).convert("RGB")).astype(int)


def decoded(explored, z, where_from="posterior"):
    model = explored[0].model
    function = model.decode if where_from == "posterior" else model.sample
    return to_bytes(compute(function, np.float32(z)[None], "cpu"))[0].astype(int)


def shows(page, expected, off=0, canvas=FACE):
    """Whether a canvas comes to show a picture, to within so many grey levels."""
    for _ in range(100):
        difference = np.abs(seen(page, canvas) - expected).max()
        if difference <= off:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{difference} grey levels off")


def numbers(about, kind):
    """The vectors (n, Z) of a kind."""
    group = about["directions"] if kind == "vectors" else about["attributes"]
    return vector(group[kind]).reshape(-1, about["z_size"])


def vector(text):
    return np.frombuffer(base64.b64decode(text), "<f4")


def first(about, face=0):
    return vector(about["faces"][face]["z"])
