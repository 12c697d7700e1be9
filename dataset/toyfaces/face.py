"""The face itself: head, ears, eyes, brows, nose, mouth, glasses, earrings. Each function draws its own details."""
import numpy as np

from dataset.toyfaces.canvas import blob, box, ellipse, segment
from dataset.toyfaces.person import between

EYE_X = 0.27
IRISES = np.array([(0.16, 0.09, 0.06), (0.27, 0.16, 0.08), (0.25, 0.33, 0.45), (0.27, 0.36, 0.24)])


def outline(x, y, person):
    """Signed distance to the outline of the head without ears: an egg whose lower half is squared by the jaw."""
    v = np.where(y < 0.03, (y - 0.03) / 0.76, (y - 0.03) / (person.chin - 0.03))
    half = person.half_width * (1 - person.taper * np.maximum(v, 0) ** 2)
    u = (x - person.skull_x) / half
    uu, vv = u * u, v * v
    level = uu + vv - person.square * uu * vv * (v > 0) - 1
    return level / (2 * np.sqrt(uu / half**2 + vv / 0.6) + 1e-3)


def paint_head(canvas, person):
    """Skin, lit as an ellipsoid that carries the bumps and hollows of a face."""
    rng, has = person.rng, person.has
    c = canvas.window(-0.8, 0.8, -0.85, 0.95)
    nx = (c.x - person.skull_x) / (person.half_width + 0.08)
    ny = (c.y - 0.03) / 0.9
    nz = np.sqrt(np.maximum(1 - nx * nx - ny * ny, 0.04))
    nx, ny = nx + 0 * c.y, ny + 0 * c.x

    nose, mouth = person.nose_x, person.mouth_x
    big = 1.3 if has["Big_Nose"] else between(rng, 0.8, 1.05)
    cheek = 0.06 if has["High_Cheekbones"] else 0.03
    bumps = [                                   # x, y, radii, height
        (0.55 * nose, 0.12, 0.10 * big, 0.30, 0.030 * big),                 # ridge
        (nose, 0.25, 0.14 * big, 0.13, 0.045 * big),                        # tip
        (nose - 0.10 * big, 0.28, 0.09, 0.09, 0.014), (nose + 0.10 * big, 0.28, 0.09, 0.09, 0.014),
        (-0.31, 0.24, 0.24, 0.20, cheek), (0.31, 0.24, 0.24, 0.20, cheek),
        (-EYE_X, -0.01, 0.22, 0.14, -0.035), (EYE_X, -0.01, 0.22, 0.14, -0.035),
        (0.0, -0.16, 0.45, 0.13, 0.018),                                    # brow
        (mouth, 0.50, 0.32, 0.20, 0.035), (mouth, person.chin - 0.11, 0.20, 0.13, 0.03)]
    for x, y, rx, ry, height in bumps:
        w = c.window(x - rx, x + rx, y - ry, y + ry)
        u, v = (w.x - x) / rx, (w.y - y) / ry
        k = 4 * height * np.maximum(1 - u * u - v * v, 0)
        nx_part, ny_part = (n[w.rows, w.columns] for n in (nx, ny))
        nx_part += k * u / rx
        ny_part += k * v / ry

    lx, ly, lz = person.light
    t = 0.5 + person.contrast * (nx * lx + ny * ly + nz * lz - 0.45)
    c.paint(c.inside(outline(c.x, c.y, person)), person.skin_colour(np.clip(t, 0, 1.15)))
    if has["Rosy_Cheeks"]:
        rose = np.clip(person.skin * (1.02, 0.62, 0.62), 0, 1)
        for x in (-0.33, 0.33):
            c.paint(0.75 * blob(c.x, c.y, x, 0.27, 0.26, 0.20), rose)
    if not person.young:                        # lines beside the nose, under the eyes, on the forehead
        for side in (-1, 1):
            c.shade(0.3 * c.soft(segment(c.x, c.y, nose + side * 0.15, 0.30, mouth + side * 0.27, 0.48), 0.06), 0.6)
            c.shade(0.35 * blob(c.x, c.y, side * EYE_X, 0.13, 0.16, 0.06), 0.62)
        for y in (-0.32, -0.40):
            c.shade(0.2 * c.soft(np.abs(c.y - y - 0.15 * c.x**2) + 0.3 * np.maximum(np.abs(c.x) - 0.25, 0), 0.05), 0.6)


def paint_ears(canvas, person):
    """Ears, the far one hidden by the yaw, and earrings."""
    for side in (-1, 1):
        x = person.skull_x + side * (person.half_width + 0.015) - 0.05 * person.yaw
        c = canvas.window(x - 0.2, x + 0.2, -0.2, 0.6)
        t = 0.45 + 0.3 * side * person.light[0]
        c.paint(c.inside(ellipse(c.x, c.y, x, 0.12, 0.085, 0.165)), person.skin_colour(t))
        c.shade(0.5 * blob(c.x, c.y, x, 0.12, 0.06, 0.12), 0.7)
        if person.has["Wearing_Earrings"]:
            c.paint(c.inside(ellipse(c.x, c.y, x + side * 0.01, 0.34, 0.045, 0.06)), (0.95, 0.82, 0.45))


def paint_eyes(canvas, person):
    """Brows, lids, whites, irises with their pupils and a spark, lashes, and eyeshadow."""
    rng, has = person.rng, person.has
    height = 0.052 if has["Narrow_Eyes"] else between(rng, 0.078, 0.095)
    iris = IRISES[rng.choice(2 if person.tone > 0.5 else 4)] * between(rng, 0.8, 1.2)
    gaze, slant = float(np.clip(rng.normal(0, 0.25), -0.6, 0.6)) * 0.06, between(rng, -0.12, 0.2)
    brow_y, arch = between(rng, -0.21, -0.18), between(rng, 0.02, 0.06)
    thick = 0.058 if has["Bushy_Eyebrows"] else 0.036 if person.male else 0.027
    brow = np.minimum(person.hair * 0.62, (0.45, 0.38, 0.32))
    shadow = np.array([(0.45, 0.30, 0.42), (0.35, 0.36, 0.50), (0.45, 0.33, 0.25)])[rng.integers(3)]
    for side in (-1, 1):
        width = 0.145 * (1 - 0.2 * side * person.yaw * (1 if side * person.yaw > 0 else 0.3))
        c = canvas.window(side * EYE_X - 0.25, side * EYE_X + 0.25, -0.36, 0.18)
        x = side * (c.x - side * EYE_X)                                     # from the nose outwards
        y = c.y + slant * x * 0.5
        u = np.minimum((x / width) ** 2, 1.6)
        upper, lower = -height * (1 - u), 0.72 * height * (1 - u)           # y of the two lids
        opening = np.maximum(upper - y, y - lower)
        if has["Heavy_Makeup"]:
            c.paint(0.7 * blob(x, y, 0.02, -0.07, 0.22, 0.13), shadow * (0.5 + person.skin * 0.5))
        c.shade(0.45 * c.soft(np.abs(y - upper + 0.055) + 0.5 * np.maximum(np.abs(x) - 0.14, 0), 0.05), 0.62)  # crease
        white = c.inside(opening)
        c.paint(white, np.array((0.95, 0.94, 0.92)) * (0.82 + 0.15 * person.exposure))
        c.shade(white * np.clip(1 - (y - upper) / 0.07, 0, 1) * 0.5, 0.6)   # the lid's shadow
        ix = side * (gaze + 0.02 * person.yaw)
        radius = 0.072
        c.paint(white * c.inside(ellipse(x, y, ix, -0.005, radius, radius)), iris)
        c.paint(white * c.inside(ellipse(x, y, ix, -0.005, 0.036, 0.036)), (0.03, 0.02, 0.02))
        c.paint(0.9 * c.inside(ellipse(c.x, c.y, side * EYE_X + side * ix + 0.03 * np.sign(person.light[0]), -0.035, 0.017, 0.017)), (1, 1, 1))
        lash = 0.036 if has["Heavy_Makeup"] else 0.018 if person.male else 0.026
        line = np.abs(y - upper + 0.3 * lash) + 0.6 * np.maximum(np.abs(x) - width - 0.01, 0)
        c.paint(0.9 * c.inside(line - lash / 2), (0.10, 0.06, 0.05))
        # brow: a curve that thins outwards
        bx = (x + 0.02) / 0.19
        middle = brow_y + arch * (bx - 0.25) ** 2 * 1.2 - 0.03 * bx
        half = thick * (1 - 0.35 * np.clip(bx, -1, 1.3))
        shape = np.maximum(np.abs(c.y - middle) - half, np.abs(x - 0.01) - 0.185)
        c.paint(0.88 * c.soft(shape, 0.035), brow)


def paint_nose(canvas, person):
    """What shading alone does not show: nostrils and the shadow under the tip."""
    wide = 0.105 if person.has["Big_Nose"] else 0.075
    x = person.nose_x
    c = canvas.window(x - 0.3, x + 0.3, -0.1, 0.5)
    c.shade(0.55 * blob(c.x, c.y, x - 0.10 * person.light[0], 0.35, 0.17 + wide * 0.4, 0.065), 0.55)
    for side in (-1, 1):
        c.shade(0.85 * blob(c.x, c.y, x + side * wide, 0.318, 0.055, 0.036), 0.3)
        c.shade(0.4 * blob(c.x, c.y, x + side * (wide + 0.075), 0.28, 0.035, 0.075), 0.6)
    c.paint(0.35 * blob(c.x, c.y, x + 0.03 * person.light[0], 0.215, 0.05, 0.06), (1, 0.97, 0.94))


def paint_mouth(canvas, person):
    """Lips around a line that a smile bends, open on teeth or not."""
    rng, has = person.rng, person.has
    smile = between(rng, 0.75, 1.1) if has["Smiling"] else between(rng, -0.15, 0.15)
    half = 0.20 + 0.055 * smile + rng.normal(0, 0.008)
    gap = (between(rng, 0.035, 0.055) * (1 + 0.4 * max(smile, 0))) if has["Mouth_Slightly_Open"] else 0.004
    full = between(rng, 0.034, 0.05) if person.male else between(rng, 0.045, 0.066)
    red = np.array([(0.78, 0.12, 0.20), (0.68, 0.10, 0.26), (0.85, 0.30, 0.34)])[rng.integers(3)]
    natural = person.skin * (0.86, 0.60, 0.60)
    lips = 0.2 * natural + 0.8 * red if has["Wearing_Lipstick"] else natural
    c = canvas.window(person.mouth_x - 0.42, person.mouth_x + 0.42, 0.3, 0.75)
    u = (c.x - person.mouth_x) / half
    bow = np.maximum(1 - u * u, 0)
    y = c.y - (0.52 + 0.015 * smile) + 0.085 * smile * (u * u - 0.35)      # 0 on the line between the lips
    upper = -gap * bow - full * 0.8 * np.sqrt(bow) * (1 - 0.35 * np.maximum(1 - 9 * u * u, 0))
    lower = gap * bow + full * 1.15 * np.sqrt(bow)
    shape = np.maximum(upper - y, y - lower)
    end = np.abs(c.x - person.mouth_x) - half
    c.shade(0.4 * blob(c.x, y, person.mouth_x, 0.115 + gap, 0.16, 0.06), 0.7)              # under the lower lip
    c.paint(0.92 * c.inside(np.maximum(shape, end)), lips)
    c.paint(0.3 * blob(c.x, y, person.mouth_x, gap + full * 0.55, 0.12, 0.04), np.minimum(lips * 1.5, 1))
    hole = np.maximum(np.abs(y) - gap * bow - 0.009, end)
    c.paint(0.95 * c.inside(hole), np.array((0.30, 0.09, 0.08)) * (0.7 + 0.3 * person.exposure))
    if has["Mouth_Slightly_Open"]:
        teeth = np.maximum(np.maximum(-gap * bow + 0.004 - y, y - 0.35 * gap * bow), np.abs(u) * half - 0.82 * half)
        c.paint(0.95 * c.inside(teeth), (0.95, 0.93, 0.89))
    if has["Smiling"]:                                                      # folds at the corners
        for side in (-1, 1):
            x = person.mouth_x + side * (half + 0.045)
            c.shade(0.4 * blob(c.x, c.y, x, 0.47, 0.06, 0.12), 0.66)


def paint_glasses(canvas, person):
    """Dark frames, round or angular; now and then with tinted lenses."""
    if not person.has["Eyeglasses"]:
        return
    rng = person.rng
    rx, ry = between(rng, 0.20, 0.225), between(rng, 0.145, 0.19)
    corner, width = between(rng, 0.05, 0.145), between(rng, 0.045, 0.065)
    frame = np.array([(0.05, 0.05, 0.06), (0.16, 0.07, 0.04), (0.08, 0.09, 0.16)])[rng.integers(3)]
    tint = between(rng, 0.5, 0.8) if rng.random() < 0.15 else 0.06
    c = canvas.window(-0.8, 0.8, -0.3, 0.35)
    for side in (-1, 1):
        squeeze = 1 - 0.12 * max(side * person.yaw, 0)
        lens = box(c.x, c.y, side * (EYE_X + 0.01), 0.015, rx * squeeze, ry, corner)
        c.paint(tint * c.inside(lens), frame)
        c.paint(0.12 * c.inside(lens) * c.soft(c.y + 0.5 * c.x - side * 0.15, 0.1), (1, 1, 1))
        c.paint(0.96 * c.stroke(lens, width), frame)
        ear = person.skull_x + side * (person.half_width + 0.02)
        arm = segment(c.x, c.y, side * (EYE_X + rx), -0.03, ear, -0.01)
        c.paint(0.9 * c.inside(arm - 0.022), frame)
    bridge = np.maximum(np.abs(c.y + 0.03 + 0.5 * c.x**2) - 0.024, np.abs(c.x) - EYE_X + rx)
    c.paint(0.95 * c.inside(bridge), frame)
