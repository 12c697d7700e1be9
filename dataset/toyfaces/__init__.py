"""Toyfaces: an endless set of painted faces with CelebA's attribute names, made from nothing but a seed.

Image i of a seed is always the same picture, whatever its size, its margin, or the images beside it.
"""
import numpy as np

from dataset.toyfaces.canvas import Canvas
from dataset.toyfaces.face import paint_ears, paint_eyes, paint_head, paint_mouth, paint_nose
from dataset.toyfaces.hair import Hair, paint_beard
from dataset.toyfaces.person import ATTRIBUTES, Person, draw_attributes
from dataset.toyfaces.scene import paint_background, paint_clothes, paint_neck
from dataset.toyfaces.worn import paint_earrings, paint_glasses, paint_hat


def attributes(indices, seed=0):
    """The attributes of these images: (n, len(ATTRIBUTES)) float32, 1 where a face has one, else 0."""
    drawn = [draw_attributes(np.random.default_rng((seed, int(i))))[0] for i in indices]
    return np.array([[a[name] for name in ATTRIBUTES] for a in drawn], np.float32).reshape(-1, len(ATTRIBUTES))


def render(indices, size, seed=0, margin=0):
    """Paints these images: (n, size + 2 margin, size + 2 margin, 3) uint8.

    The margin is more picture around the crop; the crop itself does not depend on it.
    """
    side = size + 2 * margin
    images = np.empty((len(indices), side, side, 3), np.uint8)
    for image, index in zip(images, indices):
        image[:] = _paint(Person(int(index), seed), Canvas.blank(size, margin))
    return images


def _paint(person, canvas):
    """Paints one person from back to front; returns (H, W, 3) uint8."""
    head = canvas.frame(*person.place, person.tilt, person.scale)
    body = canvas.frame(*person.place, 0.3 * person.tilt, person.scale)
    hair = Hair(person)
    paint_background(canvas, person)
    paint_clothes(body, person)
    hair.paint_back(head)
    paint_neck(body, person)
    paint_ears(head, person)
    paint_head(head, person)
    paint_eyes(head, person)
    paint_nose(head, person)
    paint_beard(head, person)
    paint_mouth(head, person)
    hair.paint_front(head)
    paint_earrings(head, person)
    paint_glasses(head, person)
    paint_hat(head, person, hair)
    canvas.planes *= person.exposure.astype(np.float32)[:, None, None]
    return np.clip(canvas.planes * 255 + 0.5, 0, 255).astype(np.uint8).transpose(1, 2, 0)
