"""Behind and below the face: background, neck and clothes."""
import numpy as np

from dataset.toyfaces.canvas import blob, box, ellipse
from dataset.toyfaces.person import between


def colour(rng, saturation, value):
    """A colour of random hue, RGB in [0, 1]; saturation and value in [0, 1]."""
    hue = rng.random() * 6 + np.array([0, 4, 2])
    return value * (1 - saturation * np.clip(2 - np.abs(hue % 6 - 3), 0, 1))


def paint_background(canvas, person):
    """A gradient between two colours under a few large soft spots, at times with a horizon or a window."""
    rng, x, y = person.rng, canvas.x, canvas.y
    value = between(rng, 0.25, 0.95)
    near = colour(rng, between(rng, 0, 0.6), value)
    far = np.clip(near * between(rng, 0.5, 1.1) + rng.normal(0, 0.09, 3), 0, 1)
    angle = rng.random() * 2 * np.pi
    canvas.paint(1, near)
    canvas.paint(np.clip(0.5 + 0.4 * (np.cos(angle) * x + np.sin(angle) * y), 0, 1).astype(np.float32), far)
    for _ in range(rng.integers(1, 5)):
        (cx, cy), (rx, ry) = rng.uniform(-1.1, 1.1, 2), rng.uniform(0.3, 0.9, 2)
        spot = np.clip(near + rng.normal(0, 0.22, 3), 0, 1)
        strength = between(rng, 0.3, 0.9)
        canvas.paint(strength * blob(x, y, cx, cy, rx, ry), spot)
    if rng.random() < 0.4:                                                  # a wall's edge or a door, out of focus
        edge, side, wall = rng.uniform(-1, 1), rng.choice((-1, 1)), np.clip(near + rng.normal(0, 0.15, 3), 0, 1)
        canvas.paint(0.8 * canvas.soft(side * (x - edge + 0.1 * y), between(rng, 0.05, 0.3)), wall)


def paint_clothes(canvas, person):
    """Shoulders in a cloth of one colour."""
    rng = person.rng
    width, top = (1.02, 0.93) if person.male else (0.86, 0.95)
    cloth = colour(rng, between(rng, 0.1, 0.85), between(rng, 0.12, 0.95))
    c = canvas.window(-1.7, 1.7, 0.5, 1.7)
    x, y = c.x - 0.5 * person.skull_x, c.y
    shoulders = box(x, y, 0, top + 0.8, width, 0.8, 0.3) - 0.12 * blob(x, y, 0, top, 0.7, 0.4)
    light = 0.8 + 0.3 * person.light[0] * x + 0.2 * np.clip(1.25 - y, 0, 1)
    c.paint(c.inside(shoulders), cloth.astype(np.float32)[:, None, None] * light)


def paint_neck(canvas, person):
    """The neck with the chin's shadow on it, down to the neckline of the clothes."""
    rng = person.rng
    half = 0.34 if person.male else 0.26
    deep, pointed = between(rng, 0.16, 0.34), rng.random() < 0.4
    c = canvas.window(-0.7, 0.7, 0.45, 1.5)
    x, y = c.x - 0.5 * person.skull_x, c.y
    if pointed:
        opening = 0.7 * (y - 0.86 - 1.4 * deep + 0.8 * np.abs(x))
    else:
        opening = ellipse(x, y, 0, 0.84, half + 0.09, deep)
    opening = np.where(y < 0.84, np.abs(x) - half, opening)
    neck = np.maximum(np.abs(x) - half - 0.6 * np.maximum(y - 0.8, 0) ** 2, opening)
    t = 0.42 + 0.3 * person.light[0] * x / half + 0.35 * np.clip((y - person.chin) / 0.25, 0, 1)
    c.paint(c.inside(neck), person.skin_colour(t))
    c.shade(0.5 * c.soft(np.abs(neck - 0.02) - 0.01, 0.06) * (y > 0.84), 0.6)
