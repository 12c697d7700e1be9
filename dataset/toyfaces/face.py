"""The face itself: head, ears, eyes, brows, nose, mouth."""
import numpy as np

from dataset.toyfaces.canvas import ellipse, segment
from dataset.toyfaces.draws import pick, rows_of
from dataset.toyfaces.people import tinted

EYE_X = 0.27                    # the eyes lie at (-EYE_X, 0) and (EYE_X, 0)
IRISES = ((0.16, 0.09, 0.06), (0.27, 0.16, 0.08), (0.25, 0.33, 0.45), (0.27, 0.36, 0.24))
EYESHADOWS = ((0.45, 0.30, 0.42), (0.35, 0.36, 0.50), (0.45, 0.33, 0.25))
LIPSTICKS = ((0.78, 0.12, 0.20), (0.68, 0.10, 0.26), (0.85, 0.30, 0.34))
THIRDS, QUARTERS = (1, 1, 1), (1, 1, 1, 1)


def outline(x, y, people):
    """Signed distance to the head without ears: an egg whose lower half the jaw makes squarer."""
    below = y > 0.03
    v = (y - 0.03) * np.where(below, 1 / (people.chin - 0.03), np.float32(1 / 0.76))
    vv = v * v
    below = np.minimum(vv, 1) * below               # at most 1, so that nothing turns over under the chin
    half = people.half_width * (1 - people.taper * below)
    u = (x - people.skull_x) / half
    uu = u * u
    level = uu + vv - people.square * uu * below - 1
    return level / (2 * np.sqrt(uu * (1 / 0.3) + vv * (1 / 0.58)) + 1e-3)


def paint_head(canvas, people):
    """Skin, lit as an ellipsoid that carries the bumps and hollows of a face."""
    has, draws = people.has, people.draws.part("head")
    (nose_x, nose_y), (mouth_x, mouth_y) = people.nose, people.mouth
    c = canvas.window(people.skull_x, 0.03, 0.65, 0.85)
    nx = (c.x - people.skull_x) / (people.half_width + 0.08)
    ny = (c.y - 0.03) * (1 / 0.9)
    nz = np.sqrt(np.maximum(1 - nx * nx - ny * ny, 0.04))       # the ellipsoid's normal

    big = pick(has["Big_Nose"], 1.3, draws.uniform(0.8, 1.05))
    cheek = pick(has["High_Cheekbones"], 0.065, 0.03)
    bumps = [                                                   # x, y, radii, height
        (0.55 * nose_x, 0.12, 0.10 * big, 0.30, 0.044 * big),                       # ridge of the nose
        (nose_x, nose_y - 0.01, 0.14 * big, 0.13, 0.045 * big),                     # its tip
        (nose_x - 0.1 * big, nose_y + 0.02, 0.09, 0.09, 0.014),                     # its wings
        (nose_x + 0.1 * big, nose_y + 0.02, 0.09, 0.09, 0.014),
        (-0.31, 0.24, 0.24, 0.20, cheek), (0.31, 0.24, 0.24, 0.20, cheek),
        (-EYE_X, -0.01, 0.22, 0.14, -0.035), (EYE_X, -0.01, 0.22, 0.14, -0.035),    # sockets
        (0.0, -0.16, 0.45, 0.13, 0.018),                                            # brow
        (mouth_x, mouth_y, 0.32, 0.20, 0.035), (mouth_x, people.chin - 0.11, 0.20, 0.13, 0.03)]
    for x, y, rx, ry, height in bumps:
        w = c.window(x, y, rx, ry)
        u, v = (w.x - x) * (1 / rx), (w.y - y) * (1 / ry)
        k = (4 * height) * np.maximum(1 - u * u - v * v, 0)     # -d(height * blob)/dx is k u / rx
        nx[:, w.rows, w.columns] += k * u * (1 / rx)
        ny[:, w.rows, w.columns] += k * v * (1 / ry)

    lx, ly, lz = people.light
    t = 0.5 + people.contrast * (nx * lx + ny * ly + nz * lz - 0.45)
    c.paint(c.inside(outline(c.x, c.y, people)), people.lit_skin(np.clip(t, 0, 1.15)))
    blush, rosy = tinted(people.skin, (1.02, 0.66, 0.66)), pick(has["Rosy_Cheeks"], 0.7, 0.15)
    for x in (-0.33, 0.33):
        c.paint_spot(x, 0.27, 0.27, 0.20, rosy, blush)


def paint_wrinkles(canvas, people):
    """What age adds: folds beside the nose, bags under the eyes, lines on the forehead."""
    (nose_x, nose_y), (mouth_x, mouth_y) = people.nose, people.mouth
    for side in (-1, 1):
        top, end = nose_x + side * 0.15, mouth_x + side * 0.27
        w = canvas.window((top + end) / 2, 0.39, 0.16, 0.17)
        w.darken(0.14 * w.soft(segment(w.x, w.y, top, nose_y + 0.03, end, mouth_y - 0.03) - 0.01, 0.07))
        canvas.darken_spot(side * EYE_X, 0.13, 0.17, 0.06, 0.16)
    for y in (-0.30, -0.39):
        w = canvas.window(0, y, 0.4, 0.08)
        line = np.abs(w.y - y - 0.15 * w.x * w.x) + 0.3 * np.maximum(np.abs(w.x) - 0.22, 0)
        w.darken(0.11 * w.soft(line - 0.008, 0.05))


def paint_ears(canvas, people):
    """Both ears; a turned head hides much of the far one."""
    y = 0.11 - 0.06 * people.pitch
    for side in (-1, 1):
        x = people.skull_x + side * (people.half_width + 0.01) - 0.05 * people.yaw
        skin = people.lit_skin(0.45 + 0.3 * side * people.light[0])
        c = canvas.window(x, y, 0.1, 0.2)
        c.paint(c.inside(ellipse(c.x, c.y, x, y, 0.085, 0.165)), skin)
        c.darken_spot(x, y, 0.06, 0.12, 0.15)


def paint_eyes(canvas, people):
    """Whites between two lids, irises that look somewhere, lashes, eyeshadow."""
    has, draws = people.has, people.draws.part("eyes")
    height = pick(has["Narrow_Eyes"], 0.05, draws.uniform(0.070, 0.086))
    number = draws.choice(QUARTERS)
    iris = rows_of(IRISES, number % np.where(people.dark, 2, 4)) * draws.uniform(0.8, 1.2)[:, None]
    gaze, slant = 0.02 * people.yaw + draws.normal(0, 0.015), draws.uniform(-0.08, 0.08)
    shadow = rows_of(EYESHADOWS, draws.choice(THIRDS)) * (0.5 + 0.5 * people.skin)
    lash = pick(has["Heavy_Makeup"], 0.036, pick(people.male, 0.018, 0.026))
    for side in (-1, 1):
        width = 0.148 * (1 - 0.18 * np.maximum(side * people.yaw, 0))
        c = canvas.window(side * EYE_X, -0.02, 0.27, 0.17)
        x = side * c.x - EYE_X                                  # outwards from the eye's centre
        y = c.y + slant * x
        u = x / width
        upper = -height * (1 - np.minimum(u * u, 1.6))          # y of the upper lid; the lower: -0.72 upper
        c.paint_spot(side * (EYE_X + 0.02), -0.07, 0.22, 0.13, pick(has["Heavy_Makeup"], 0.7, 0), shadow)
        crease = np.abs(y - upper + 0.055) + 0.5 * np.maximum(np.abs(x) - 0.14, 0)
        c.darken(0.18 * c.soft(crease, 0.05))
        white = c.inside(np.maximum(np.maximum(upper - y, y + 0.72 * upper), np.abs(x) - width))
        c.paint(white, (0.93, 0.92, 0.90))
        c.darken(0.22 * white * np.clip(1 - (y - upper) * (1 / 0.07), 0, 1))    # the lid's shadow
        c.paint(white * c.inside(ellipse(x, y, side * gaze, -0.005, 0.072, 0.072)), iris)
        c.paint(white * c.inside(ellipse(x, y, side * gaze, -0.005, 0.036, 0.036)), (0.03, 0.02, 0.02))
        spark = ellipse(c.x, y, side * EYE_X + gaze + 0.06 * people.light[0], -0.035, 0.018, 0.018)
        c.paint(0.9 * white * c.inside(spark), (1, 1, 1))
        line = np.abs(y - upper + 0.3 * lash) + 0.6 * np.maximum(np.abs(x) - width - 0.01, 0)
        c.paint(0.9 * c.inside(line - lash / 2), (0.10, 0.06, 0.05))


def paint_brows(canvas, people):
    """Two arches that thin towards the temples."""
    draws = people.draws.part("brows")
    thick = pick(people.has["Bushy_Eyebrows"], 0.058, pick(people.male, 0.034, 0.025))
    height, arch, slope = draws.uniform(-0.21, -0.18), draws.uniform(0.02, 0.06), draws.uniform(-0.01, 0.02)
    colour = np.minimum(people.hair * 0.62, np.array((0.45, 0.38, 0.32), np.float32).reshape(3, 1, 1))
    for side in (-1, 1):
        c = canvas.window(side * EYE_X, -0.2, 0.24, 0.14)
        u = (side * c.x - EYE_X) * (1 / 0.19)                   # -1 at the nose, 1 at the temple
        middle = height + arch * (u - 0.3) ** 2 * pick(u > 0.3, 1, 0.45) + slope * u
        half = thick * (1 - 0.35 * np.clip(u, -1, 1.3))
        c.paint(0.88 * c.soft(np.maximum(np.abs(c.y - middle) - half, (np.abs(u) - 1) * 0.19), 0.035), colour)


def paint_nose(canvas, people):
    """What shading alone does not show: nostrils, the shadow under the tip, the light on it."""
    wide = pick(people.has["Big_Nose"], 0.105, 0.075)
    x, y = people.nose
    canvas.darken_spot(x - 0.10 * people.light[0], y + 0.09, 0.17 + 0.4 * wide, 0.065, 0.25)
    for side in (-1, 1):
        canvas.darken_spot(x + side * wide, y + 0.055, 0.055, 0.036, 0.6)
        canvas.darken_spot(x + side * (wide + 0.075), y + 0.02, 0.035, 0.075, 0.16)
    canvas.paint_spot(x + 0.03 * people.light[0], y - 0.045, 0.05, 0.06, 0.35, (1, 0.97, 0.94))


def paint_mouth(canvas, people):
    """Lips around a line that a smile bends, open on teeth or closed."""
    has, draws = people.has, people.draws.part("mouth")
    smile = pick(has["Smiling"], draws.uniform(0.75, 1.1), draws.uniform(-0.05, 0.25))
    half = draws.normal(0.20 + 0.055 * smile, 0.008)
    wide = draws.uniform(0.035, 0.055) * (1 + 0.4 * np.maximum(smile, 0))
    gap = pick(has["Mouth_Slightly_Open"], wide, 0.004)
    full = pick(people.male, draws.uniform(0.034, 0.05), draws.uniform(0.045, 0.066))
    lips, lipstick = tinted(people.skin, (0.86, 0.60, 0.60)), rows_of(LIPSTICKS, draws.choice(THIRDS))
    lips = lips + pick(has["Wearing_Lipstick"], 0.8, 0)[:, None] * (lipstick - lips)
    mouth_x, mouth_y = people.mouth
    c = canvas.window(mouth_x, mouth_y + 0.03, 0.34, 0.2)
    x = c.x - mouth_x
    u = x / half
    bow = np.maximum(1 - u * u, 0)
    root = np.sqrt(bow)
    y = c.y - mouth_y + 0.085 * smile * (u * u - 0.45)          # 0 along the line between the lips
    upper = -gap * bow - (0.8 * full) * root * (1 - 0.35 * np.maximum(1 - 9 * u * u, 0))
    lower = gap * bow + (1.15 * full) * root
    end = np.abs(x) - half
    c.darken(0.15 * np.maximum(1 - (x * (1 / 0.16)) ** 2 - ((y - gap - 0.115) * (1 / 0.06)) ** 2, 0))
    c.paint(0.92 * c.inside(np.maximum(np.maximum(upper - y, y - lower), end)), lips)
    shine = np.maximum(1 - (x * (1 / 0.12)) ** 2 - ((y - gap - 0.55 * full) * (1 / 0.03)) ** 2, 0)
    c.paint(0.25 * shine, np.minimum(lips * 1.5, 1))
    c.paint(0.95 * c.inside(np.maximum(np.abs(y) - gap * bow - 0.009, end)), (0.30, 0.09, 0.08))
    teeth = np.maximum(np.maximum(-gap * bow + 0.004 - y, y - 0.35 * gap * bow), np.abs(x) - 0.82 * half)
    c.paint(has["Mouth_Slightly_Open"] * c.inside(teeth), (0.95, 0.93, 0.89))
    fold = pick(has["Smiling"], 0.15, 0)                        # at the corners of a smile
    for side in (-1, 1):
        canvas.darken_spot(mouth_x + side * (half + 0.045), mouth_y - 0.05, 0.06, 0.12, fold)
