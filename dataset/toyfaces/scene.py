"""Behind and below the face: background, clothes, neck."""
import math

import numpy as np

from dataset.toyfaces.canvas import box, ellipse
from dataset.toyfaces.draws import pick


def paint_background(canvas, people):
    """A gradient between two colours under a few large soft spots; at times a wall's edge, out of focus."""
    draws = people.draws.part("background")
    near = draws.any_hue(draws.uniform(0, 0.4), draws.uniform(0.2, 0.95))
    far = draws.colour_near(near * draws.uniform(0.5, 1.15)[:, None], 0.08)
    angle = draws.uniform(0, 2 * math.pi)
    slope = 0.5 + 0.4 * (np.cos(angle) * canvas.x + np.sin(angle) * canvas.y)
    canvas.planes += near
    canvas.paint(np.clip(slope, 0, 1), far)
    for share in (1.0, 0.75, 0.5, 0.25):                        # of the images that have another spot
        x, y, rx, ry = (draws.uniform(*ends) for ends in ((-1.1, 1.1), (-1.1, 1.1), (0.3, 0.9), (0.3, 0.9)))
        alpha = draws.uniform(0.3, 0.9) * draws.chance(share)
        canvas.paint_spot(x, y, rx, ry, alpha, draws.colour_near(near, 0.16))
    side, edge, lean = pick(draws.chance(0.5), 1, -1), draws.uniform(-1, 1), draws.uniform(-0.2, 0.2)
    wall = canvas.soft(side * (canvas.x - edge + lean * canvas.y), draws.uniform(0.05, 0.3))
    canvas.paint(pick(draws.chance(0.4), 0.8, 0) * wall, draws.colour_near(near, 0.13))


def paint_clothes(canvas, people):
    """Shoulders in a cloth of one colour."""
    draws = people.draws.part("clothes")
    width, top = pick(people.male, 1.02, 0.86), pick(people.male, 0.90, 0.93)
    cloth = draws.any_hue(draws.uniform(0.1, 0.8), draws.uniform(0.12, 0.95))
    c = canvas.window(0, 1.2, 1.7, 0.7)
    x, y = c.x - 0.5 * people.skull_x, c.y
    light = 0.8 + 0.3 * people.light[0] * x + 0.2 * np.clip(1.25 - y, 0, 1)
    c.paint(c.inside(box(x, y, 0, top + 0.8, width, 0.8, 0.35)), cloth * light[:, None])


def paint_neck(canvas, people):
    """The neck, the chin's shadow on it, down to a round or pointed neckline."""
    draws = people.draws.part("neck")
    half, deep = pick(people.male, 0.34, 0.26), draws.uniform(0.12, 0.3)
    c = canvas.window(0.5 * people.skull_x, 0.95, 0.75, 0.5)
    x, y = c.x - 0.5 * people.skull_x, c.y
    pointed = 0.7 * (y - 0.86 - 1.4 * deep + 0.8 * np.abs(x))
    opening = np.where(draws.chance(0.4), pointed, ellipse(x, y, 0, 0.84, half + 0.09, deep))
    opening = np.where(y < 0.84, 0.5 - y, opening)                      # it begins behind the jaw
    neck = np.maximum(np.abs(x) - half - 0.6 * np.maximum(y - 0.8, 0) ** 2, opening)
    t = 0.42 + 0.3 * people.light[0] * x / half + 0.35 * np.clip((y - people.chin) / 0.25, 0, 1)
    c.darken(0.25 * c.soft(neck - 0.02, 0.08) * (y > 0.84))         # the neckline's edge on the cloth
    c.paint(c.inside(neck), people.lit_skin(t))
