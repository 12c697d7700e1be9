"""Toyfaces: an endless set of painted faces with CelebA's attribute names, made from nothing but a seed.

Image i of a seed is always the same picture, whatever its size, its margin, or the images beside it.
"""
import functools

import numpy as np

from dataset.toyfaces.canvas import Canvas
from dataset.toyfaces.change import can_get, with_attribute
from dataset.toyfaces.draws import Draws
from dataset.toyfaces.face import (paint_brows, paint_ears, paint_eyes, paint_head, paint_mouth, paint_nose,
                                   paint_wrinkles)
from dataset.toyfaces.hair import paint_beard, paint_bun, paint_hair, paint_hair_behind
from dataset.toyfaces.people import ATTRIBUTES, People, draw_attributes
from dataset.toyfaces.scene import paint_background, paint_clothes, paint_neck
from dataset.toyfaces.worn import paint_earrings, paint_glasses, paint_hat

__all__ = ["ATTRIBUTES", "attributes", "can_get", "render"]
PIXELS_AT_A_TIME = 1 << 16      # of one plane: many share the cost of a call, yet they stay in the cache


def attributes(indices, seed=0):
    """The attributes of these images: (n, len(ATTRIBUTES)) float32, 1 where a face has one, else 0."""
    has = draw_attributes(Draws(indices, seed).part("person"))[0]
    return np.stack([has[name].ravel() for name in ATTRIBUTES], axis=1).astype(np.float32)


def render(indices, size, seed=0, margin=0, also=None):
    """Paints these images: (n, size + 2 margin, size + 2 margin, 3) uint8.

    The margin is more picture around the crop; the crop itself does not depend on it. also: the name of an
    attribute that all faces get, while all else of each stays; see can_get.
    """
    change = functools.partial(with_attribute, also) if also else None
    side = size + 2 * margin
    images = np.empty((len(indices), side, side, 3), np.uint8)
    step = max(1, PIXELS_AT_A_TIME // side**2)
    for start in range(0, len(indices), step):
        some = indices[start:start + step]
        canvas = Canvas.blank(len(some), size, margin)
        images[start:start + step] = _paint(People(Draws(some, seed), change), canvas)
    return images


def _paint(people, canvas):
    """Paints people from back to front; returns (n, H, W, 3) uint8."""
    has, cut = people.has, people.haircut
    head = canvas.frame(*people.place, people.tilt, people.scale)
    body = canvas.frame(*people.place, 0.3 * people.tilt, people.scale)
    paint_background(canvas, people)
    paint_clothes(body, people)
    _paint_some(paint_bun, head, people, cut.bun & ~has["Bald"])
    _paint_some(paint_hair_behind, head, people, ~cut.short & ~has["Bald"])
    paint_neck(body, people)
    paint_ears(head, people)
    paint_head(head, people)
    _paint_some(paint_wrinkles, head, people, ~has["Young"])
    paint_eyes(head, people)
    paint_brows(head, people)
    paint_nose(head, people)
    _paint_some(paint_beard, head, people, has["Mustache"] | ~has["No_Beard"])
    paint_mouth(head, people)
    _paint_some(paint_hair, head, people, cut.short & ~has["Bald"])
    _paint_some(paint_hair, head, people, ~cut.short & ~has["Bald"])    # apart: its window is larger
    _paint_some(paint_earrings, head, people, has["Wearing_Earrings"])
    _paint_some(paint_glasses, head, people, has["Eyeglasses"])
    _paint_some(paint_hat, head, people, has["Wearing_Hat"])
    canvas.planes *= people.exposure
    return np.clip(canvas.planes * 255 + 0.5, 0, 255).astype(np.uint8).transpose(0, 2, 3, 1)


def _paint_some(paint, canvas, people, which):
    """Paints a part that only some people have."""
    rows = np.flatnonzero(which)
    if len(rows):
        some = canvas.of(rows)
        paint(some, people.of(rows))
        canvas.planes[rows] = some.planes
