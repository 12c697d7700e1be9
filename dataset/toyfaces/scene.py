"""Behind and below the face: background, clothes, neck."""
import math

import numpy as np

from dataset.toyfaces.canvas import box, ellipse
from dataset.toyfaces.person import hue_colour


def paint_background(canvas, person):
    """A gradient between two colours under a few large soft spots; at times a wall's edge, out of focus."""
    rng = person.rng
    near = hue_colour(rng, rng.uniform(0, 0.5), rng.uniform(0.2, 0.95))
    far = np.clip(near * rng.uniform(0.5, 1.15) + rng.normal(0, 0.08, 3), 0, 1)
    angle = rng.uniform(0, 2 * math.pi)
    slope = 0.5 + 0.4 * (math.cos(angle) * canvas.x + math.sin(angle) * canvas.y)
    canvas.paint(1, near)
    canvas.paint(np.clip(slope, 0, 1), far)
    for _ in range(rng.integers(1, 5)):
        cx, cy = (float(at) for at in rng.uniform(-1.1, 1.1, 2))
        rx, ry = (float(radius) for radius in rng.uniform(0.3, 0.9, 2))
        canvas.paint_spot(cx, cy, rx, ry, rng.uniform(0.3, 0.9), np.clip(near + rng.normal(0, 0.2, 3), 0, 1))
    if rng.random() < 0.4:
        side, edge, lean = rng.choice((-1.0, 1.0)).item(), rng.uniform(-1, 1), rng.uniform(-0.2, 0.2)
        shade = np.clip(near + rng.normal(0, 0.15, 3), 0, 1)
        canvas.paint(0.8 * canvas.soft(side * (canvas.x - edge + lean * canvas.y), rng.uniform(0.05, 0.3)), shade)


def paint_clothes(canvas, person):
    """Shoulders in a cloth of one colour."""
    rng = person.rng
    width, top = (1.02, 0.90) if person.male else (0.86, 0.93)
    cloth = hue_colour(rng, rng.uniform(0.1, 0.8), rng.uniform(0.12, 0.95))
    c = canvas.window(0, 1.2, 1.7, 0.7)
    x, y = c.x - 0.5 * person.skull_x, c.y
    shoulders = box(x, y, 0, top + 0.8, width, 0.8, 0.35)
    light = 0.8 + 0.3 * person.light[0] * x + 0.2 * np.clip(1.25 - y, 0, 1)
    c.paint(c.inside(shoulders), cloth.astype(np.float32)[:, None, None] * light)


def paint_neck(canvas, person):
    """The neck, the chin's shadow on it, down to a round or pointed neckline."""
    rng = person.rng
    half = 0.34 if person.male else 0.26
    deep, pointed = rng.uniform(0.12, 0.3), rng.random() < 0.4
    c = canvas.window(0.5 * person.skull_x, 0.95, 0.75, 0.5)
    x, y = c.x - 0.5 * person.skull_x, c.y
    if pointed:
        opening = 0.7 * (y - 0.86 - 1.4 * deep + 0.8 * np.abs(x))
    else:
        opening = ellipse(x, y, 0, 0.84, half + 0.09, deep)
    opening = np.where(y < 0.84, np.abs(x) - half, opening)
    neck = np.maximum(np.abs(x) - half - 0.6 * np.maximum(y - 0.8, 0) ** 2, opening)
    t = 0.42 + 0.3 * person.light[0] * x / half + 0.35 * np.clip((y - person.chin) / 0.25, 0, 1)
    c.darken(0.25 * c.soft(neck - 0.02, 0.08) * (y > 0.84))                 # the neckline's edge on the cloth
    c.paint(c.inside(neck), person.lit_skin(t))
