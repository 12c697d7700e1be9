"""What people wear on their heads: glasses, earrings, hats."""
import numpy as np

from dataset.toyfaces.canvas import blob, box, ellipse, segment
from dataset.toyfaces.draws import pick, rows_of
from dataset.toyfaces.face import EYE_X, THIRDS

FRAMES = ((0.05, 0.05, 0.06), (0.16, 0.07, 0.04), (0.08, 0.09, 0.16))
METALS = ((0.95, 0.80, 0.40), (0.88, 0.90, 0.94))
BEANIE, CAP, BRIMMED = 0, 1, 2


def paint_glasses(canvas, people):
    """Dark frames, round or angular; now and then with tinted lenses."""
    draws = people.draws.part("glasses")
    rx, ry = draws.uniform(0.20, 0.225), draws.uniform(0.145, 0.19)
    corner, width = draws.uniform(0.05, 0.145), draws.uniform(0.05, 0.07)
    frame = rows_of(FRAMES, draws.choice(THIRDS))
    tint = pick(draws.chance(0.15), draws.uniform(0.5, 0.8), 0.06)
    for side in (-1, 1):
        c = canvas.window(side * 0.42, 0.0, 0.42, 0.25)
        x = side * (EYE_X + 0.01)
        lens = box(c.x, c.y, x, 0.015, rx * (1 - 0.1 * np.maximum(side * people.yaw, 0)), ry, corner)
        glass = c.inside(lens)
        c.paint(tint * glass, frame)
        c.paint(0.12 * glass * c.soft(c.y + 0.5 * (c.x - x), 0.1), (1, 1, 1))      # a reflection
        c.paint(0.96 * c.stroke(lens, width), frame)
        ear = people.skull_x + side * (people.half_width + 0.02)
        c.paint(0.9 * c.inside(segment(c.x, c.y, x + side * rx, -0.03, ear, -0.01) - 0.022), frame)
    c = canvas.window(0, -0.02, 0.1, 0.06)
    bridge = np.maximum(np.abs(c.y + 0.03 - 0.5 * c.x * c.x) - 0.024, np.abs(c.x) - EYE_X + rx)
    c.paint(0.95 * c.inside(bridge), frame)


def paint_earrings(canvas, people):
    """A drop of gold or silver under each ear."""
    metal = rows_of(METALS, people.draws.part("earrings").choice((0.6, 0.4)))
    y = 0.34 - 0.06 * people.pitch
    for side in (-1, 1):
        x = people.skull_x + side * (people.half_width + 0.02) - 0.05 * people.yaw
        c = canvas.window(x, y, 0.06, 0.08)
        c.paint(c.inside(ellipse(c.x, c.y, x, y, 0.045, 0.065)), metal)


def paint_hat(canvas, people):
    """A beanie, a cap or a brimmed hat, over the hair and down to the forehead."""
    draws = people.draws.part("hat")
    kind = draws.choice(THIRDS)
    beanie, cap, brimmed = kind == BEANIE, kind == CAP, kind == BRIMMED
    cloth = draws.any_hue(draws.uniform(0.3, 0.95), draws.uniform(0.25, 0.95))
    canvas.darken_spot(0, -0.26, 0.55, 0.18, 0.3)                # its shadow on the forehead
    c = canvas.window(people.skull_x, -0.7, 1.1, 0.6)
    x, y = c.x - people.skull_x, c.y - 0.03 * people.pitch
    half = people.half_width + people.haircut.volume + 0.04
    edge = y + 0.34 - 0.12 * x * x
    dome = np.maximum(ellipse(x, y, 0, -0.30, half, pick(brimmed, 0.68, 0.60)), edge)
    light = 0.82 + 0.3 * blob(x, y, 0.4 * people.light[0], -0.65, 0.6, 0.45) + 0.2 * people.light[0] * x
    lit = cloth * light[:, None]
    c.paint(c.inside(dome), lit)
    band = np.maximum(box(x, y, 0, -0.38, half + 0.03, 0.11, 0.08), edge - 0.07)
    c.paint(beanie * c.inside(band), 0.78 * lit)
    visor = np.maximum(ellipse(x - 0.2 * people.yaw, y, 0, -0.27, 0.60, 0.20), edge - 0.08)
    c.paint(cap * c.inside(visor), cloth * (0.11 - 0.8 * y)[:, None])
    c.paint(brimmed * c.inside(np.maximum(dome, -0.56 - y)), 0.45 * cloth)  # a ribbon
    c.paint(brimmed * c.inside(ellipse(x, y, 0, -0.38, half + 0.26, 0.12)), lit)
