"""What a person wears on the head: glasses, earrings, hats."""
import numpy as np

from dataset.toyfaces.canvas import blob, box, ellipse, segment
from dataset.toyfaces.face import EYE_X
from dataset.toyfaces.person import hue_colour

FRAMES = np.array([(0.05, 0.05, 0.06), (0.16, 0.07, 0.04), (0.08, 0.09, 0.16)])


def paint_glasses(canvas, person):
    """Dark frames, round or angular; now and then with tinted lenses."""
    if not person.has["Eyeglasses"]:
        return
    rng = person.rng
    rx, ry = rng.uniform(0.20, 0.225), rng.uniform(0.145, 0.19)
    corner, width = rng.uniform(0.05, 0.145), rng.uniform(0.05, 0.07)
    frame = FRAMES[rng.integers(3)]
    tint = rng.uniform(0.5, 0.8) if rng.random() < 0.15 else 0.06
    for side in (-1, 1):
        c = canvas.window(side * 0.4, 0.0, 0.4, 0.25)
        x = side * (EYE_X + 0.01)
        lens = box(c.x, c.y, x, 0.015, rx * (1 - 0.1 * max(side * person.yaw, 0)), ry, corner)
        c.paint(tint * c.inside(lens), frame)
        c.paint(0.12 * c.inside(lens) * c.soft(c.y + 0.5 * (c.x - x), 0.1), (1, 1, 1))     # a reflection
        c.paint(0.96 * c.stroke(lens, width), frame)
        ear = person.skull_x + side * (person.half_width + 0.02)
        c.paint(0.9 * c.inside(segment(c.x, c.y, x + side * rx, -0.03, ear, -0.01) - 0.022), frame)
    c = canvas.window(0, -0.02, 0.1, 0.06)
    c.paint(0.95 * c.inside(np.maximum(np.abs(c.y + 0.03 - 0.5 * c.x * c.x) - 0.024, np.abs(c.x) - EYE_X + rx)), frame)


def paint_earrings(canvas, person):
    """A drop of gold or silver under each ear."""
    if not person.has["Wearing_Earrings"]:
        return
    metal = (0.95, 0.80, 0.40) if person.rng.random() < 0.6 else (0.88, 0.90, 0.94)
    y = 0.34 - 0.06 * person.pitch
    for side in (-1, 1):
        x = person.skull_x + side * (person.half_width + 0.02) - 0.05 * person.yaw
        c = canvas.window(x, y, 0.06, 0.08)
        c.paint(c.inside(ellipse(c.x, c.y, x, y, 0.05, 0.07)), metal)


def paint_hat(canvas, person, hair):
    """A beanie, a cap or a brimmed hat, over the hair and down to the forehead."""
    if not person.has["Wearing_Hat"]:
        return
    rng = person.rng
    kind = rng.choice(("beanie", "cap", "brimmed"))
    cloth = hue_colour(rng, rng.uniform(0.3, 0.95), rng.uniform(0.25, 0.95)).astype(np.float32)[:, None, None]
    c = canvas.window(person.skull_x, -0.7, 1.1, 0.6)
    x, y = c.x - person.skull_x, c.y - 0.03 * person.pitch
    half = person.half_width + hair.volume + 0.04
    edge = y + 0.34 - 0.12 * x * x
    dome = np.maximum(ellipse(x, y, 0, -0.30, half, 0.68 if kind == "brimmed" else 0.60), edge)
    light = 0.82 + 0.3 * blob(x, y, 0.4 * person.light[0], -0.65, 0.6, 0.45) + 0.2 * person.light[0] * x
    canvas.darken_spot(0, -0.26, 0.55, 0.18, 0.3)                           # its shadow on the forehead
    c.paint(c.inside(dome), cloth * light)
    if kind == "beanie":
        c.paint(c.inside(np.maximum(box(x, y, 0, -0.38, half + 0.03, 0.11, 0.08), edge - 0.07)), cloth * light * 0.78)
    elif kind == "cap":
        c.paint(c.inside(ellipse(x - 0.15 * person.yaw, y, 0, -0.36, 0.55, 0.13)), cloth * 0.6)
    else:
        c.paint(c.inside(np.maximum(dome, -0.56 - y)), cloth * 0.45)        # a ribbon
        c.paint(c.inside(ellipse(x, y, 0, -0.38, half + 0.26, 0.12)), cloth * light)
