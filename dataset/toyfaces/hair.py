"""Hair on the head and in the face."""
import numpy as np

from dataset.toyfaces.canvas import blob, ellipse
from dataset.toyfaces.face import outline

CROWN = -0.12                   # y where the hair on the head is widest


def paint_bun(canvas, people):
    """A bun on top of the head."""
    c = canvas.window(people.skull_x, -0.82, 0.3, 0.25)
    c.paint(c.inside(ellipse(c.x, c.y, people.skull_x, -0.82, 0.27, 0.2)), _strands(c, people))


def paint_hair_behind(canvas, people):
    """The hair behind head and neck, which lies in shadow."""
    c = _window(canvas, people)
    c.paint(c.inside(_silhouette(c, people)), people.hair * 0.55)


def paint_hair(canvas, people):
    """The hair on top of the head and down the sides of the face, and its shadow on the forehead."""
    cut = people.haircut
    c = _window(canvas, people)
    x, y = c.x - people.skull_x, c.y
    head = outline(c.x, c.y, people)
    # The face looks out of an opening: below the hairline, between long hair or what stands beside the head.
    fringe = cut.fringe + 0.25 * x * x + 0.02 * np.sin(14 * x + cut.phase[1]) + 0.01 * np.sin(37 * x)
    parting = cut.notch / (1 + ((x - cut.part) * (1 / 0.12)) ** 2)
    edge = np.where(people.has["Bangs"], fringe, cut.hairline + cut.sweep * x + 0.5 * x * x - parting)
    beside = np.abs(x) - (people.half_width - 0.05) - 0.08 * np.clip(3 * y, 0, 1)
    opening = np.maximum(edge - y, np.where(cut.short, head + 0.03, beside))
    c.darken(0.25 * np.clip(1 + (edge - y) * (1 / 0.12), 0, 1) * c.inside(head))
    c.paint(c.inside(np.maximum(_silhouette(c, people), -opening)), _strands(c, people))


def _window(canvas, people):
    length = people.haircut.length
    return canvas.window(people.skull_x, (length - 1.05) / 2, 1.0, (length + 1.25) / 2)


def _silhouette(c, people):
    """Signed distance to all of the hair, seen from the front."""
    cut = people.haircut
    x, y = c.x - 1.1 * people.skull_x, c.y
    x = x + cut.wave * np.sin(9 * y + cut.phase[0]) * np.clip(y + 0.6, 0, 1)
    half = people.half_width + cut.volume
    top = ellipse(x, y, 0, CROWN, half, 0.64 + cut.top)
    top -= 0.5 * cut.wave * np.sin(13 * x + cut.phase[1]) * np.sin(11 * y + cut.phase[2])
    below = y - CROWN
    side = half * (1 + cut.flare * below - 0.10 * below * below)
    bottom = y - cut.length - cut.wave * np.sin(12 * x + cut.phase[1])
    return np.where(y < CROWN, top, np.maximum(np.abs(x) - side, bottom))


def _strands(c, people):
    """The colour of hair that is lit from above and falls in strands from its parting: (n, 3, H, W)."""
    cut, light = people.haircut, people.light[0]
    x, y = c.x - people.skull_x, c.y
    across = cut.strands * (x - 0.5 * cut.part) / (0.45 + 0.5 * np.clip(y + 0.9, 0, 1))
    bend = cut.bend * np.sin(8 * y + cut.phase[2])
    strands = np.sin(across + bend) + 0.6 * np.sin(0.57 * across - bend)
    shine = blob(x, y, 0.35 * light, -0.62, 0.55, 0.26)
    t = 0.86 + 0.07 * strands + 0.30 * shine - 0.1 * np.clip(y, 0, 1) + 0.2 * light * x
    return people.hair * t[:, None] + 0.06 * shine[:, None]


def paint_beard(canvas, people):
    """Full beard, goatee, mustache, in any mixture."""
    has = people.has
    strength, colour = people.draws.part("beard").uniform(0.8, 0.95), people.hair * 0.75
    mouth_x, mouth_y = people.mouth
    c = canvas.window(0.5 * people.skull_x, 0.55, 0.65, 0.42)
    full = ~has["No_Beard"] & ~has["Goatee"]
    cheeks = ellipse(c.x, c.y, 0.5 * people.skull_x, 0.06, 0.49, 0.40)
    area = c.soft(np.maximum(outline(c.x, c.y, people) - 0.02, -cheeks), 0.08)
    c.paint(full * strength * area * np.clip((c.y - 0.12) * 4, 0, 1), colour)      # thinner towards the ears
    c = canvas.window(mouth_x, 0.65, 0.32, 0.33)
    x = np.abs(c.x - mouth_x)
    goatee = c.soft(ellipse(x, c.y, 0, people.chin - 0.09, 0.20, 0.15), 0.07)
    c.paint(has["Goatee"] * strength * goatee, colour)
    line = np.abs(c.y - (mouth_y - 0.10) - 0.35 * x * x) - 0.05 * (1 - 1.9 * x)
    c.paint(has["Mustache"] * strength * c.soft(np.maximum(line, x - 0.27), 0.05), colour)
