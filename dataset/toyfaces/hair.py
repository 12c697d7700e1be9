"""Hair on the head, beards, and hats."""
import numpy as np

from dataset.toyfaces.canvas import blob, box, ellipse
from dataset.toyfaces.face import outline
from dataset.toyfaces.person import between
from dataset.toyfaces.scene import colour

CROWN = -0.12                                   # y of the widest part of the hair


class Hair:
    """One haircut: what hangs behind the neck, and what frames the face."""

    def __init__(self, person):
        rng, has = person.rng, person.has
        self.person, self.bald = person, has["Bald"]
        wavy = has["Wavy_Hair"]
        if person.male:
            self.length = between(rng, 0.35, 0.6) if rng.random() < 0.12 else between(rng, -0.05, 0.12)
        else:
            self.length = between(rng, 0.9, 1.6) if rng.random() < 0.7 else between(rng, 0.4, 0.75)
        self.volume = between(rng, 0.09, 0.2) if wavy else between(rng, 0.05, 0.12)
        self.top = self.volume + between(rng, 0.0, 0.08)
        self.flare = between(rng, 0.05, 0.3) if wavy else between(rng, -0.04, 0.08)
        self.wave = between(rng, 0.03, 0.05) if wavy else 0.0
        self.phase = rng.random(3) * 6.3
        self.part = between(rng, -0.35, 0.35)
        self.hairline = between(rng, -0.50, -0.36) - (0.05 if not person.young and person.male else 0)
        self.sweep = between(rng, -0.35, 0.35)
        self.notch = between(rng, 0.0, 0.18)
        self.bangs = has["Bangs"]
        self.fringe = between(rng, -0.24, -0.17)
        self.strands = between(rng, 7, 13)

    def _silhouette(self, c):
        """Signed distance to all of the hair, seen from the front."""
        p = self.person
        x, y = c.x - p.skull_x * 1.1, c.y
        x = x + self.wave * np.sin(9 * y + self.phase[0] + 1.5 * np.sign(x)) * np.clip(y + 0.6, 0, 1)
        half = p.half_width + self.volume
        top = ellipse(x, y, 0, CROWN, half, 0.66 + self.top)
        side = half * (1 + self.flare * (y - CROWN) - 0.10 * np.maximum(y - CROWN, 0) ** 2)
        bottom = y - self.length - self.wave * np.sin(12 * x + self.phase[1])
        return np.where(y < CROWN, top, np.maximum(np.abs(x) - side, bottom))

    def _colour(self, c):
        """Hair lit from above and along its strands: (3, H, W)."""
        p = self.person
        x, y = c.x - p.skull_x, c.y
        across = (x - self.part * 0.5) / (0.45 + 0.5 * np.clip(y + 0.9, 0, 1))
        bend = (0.9 if self.wave else 0.15) * np.sin(8 * y + self.phase[2])
        strands = np.sin(self.strands * 2.2 * across + bend)
        shine = blob(x, y, 0.35 * p.light[0], -0.62, 0.5, 0.24) - 0.25 * np.clip(y, 0, 1)
        t = 0.85 + 0.16 * strands + 0.35 * shine + 0.15 * p.light[0] * x
        base = p.hair.astype(np.float32)[:, None, None]
        return base * t + 0.08 * shine

    def paint_back(self, canvas):
        """The hair behind the head and neck, in its own shadow."""
        if self.bald:
            return
        c = canvas.window(-1.1, 1.1, -1.2, self.length + 0.1)
        inside = c.inside(self._silhouette(c))
        c.paint(inside, self._colour(c))
        c.shade(inside * c.soft(np.abs(c.x - self.person.skull_x) - 0.42, 0.3) * (c.y > 0), 0.5)

    def paint_front(self, canvas):
        """The hair over the forehead and down the sides of the face."""
        if self.bald:
            return
        p = self.person
        c = canvas.window(-1.1, 1.1, -1.2, max(self.length, 0.1) + 0.1)
        x, y = c.x - p.skull_x, c.y
        long = self.length > 0.3
        rx = p.half_width - (0.05 if long else -0.02)
        # The face looks out of an opening whose upper edge is the hairline.
        edge = self.hairline + self.sweep * x * 0.5 - self.notch / (1 + ((x - self.part) / 0.12) ** 2)
        edge = edge + 0.55 * x * x
        if self.bangs:
            edge = self.fringe + 0.25 * x * x + 0.02 * np.sin(14 * x + self.phase[1])
        opening = np.maximum(edge - y, np.abs(x) - rx - (0.08 * np.sin(3 * y) if long else 0))
        shape = np.maximum(self._silhouette(c), -opening)
        c.shade(0.35 * c.soft(opening - 0.0, 0.16) * c.soft(-opening - 0.05, 0.1), 0.7)
        c.paint(c.inside(shape), self._colour(c))


def paint_beard(canvas, person):
    """Full beard, goatee, mustache."""
    has, rng = person.has, person.rng
    dark = person.hair * 0.75
    c = canvas.window(-0.75, 0.75, 0.0, 1.0)
    strength = between(rng, 0.8, 0.95)
    x = c.x - person.mouth_x
    if not has["No_Beard"] and not has["Goatee"]:
        cheeks = ellipse(c.x, c.y, 0.5 * person.skull_x, 0.06, 0.49, 0.40)
        area = np.maximum(outline(c.x, c.y, person) - 0.02, -cheeks)
        c.paint(strength * c.soft(area, 0.08), dark)
    if has["Goatee"]:
        chin = ellipse(x, c.y, 0, person.chin - 0.09, 0.20, 0.15)
        c.paint(strength * c.soft(chin, 0.07), dark)
    if has["Mustache"]:
        u = np.abs(x)
        middle = 0.415 + 0.35 * u * u
        half = 0.05 * (1 - 0.5 * u / 0.26)
        c.paint(strength * c.soft(np.maximum(np.abs(c.y - middle) - half, u - 0.27), 0.05), dark)


def paint_hat(canvas, person, hair):
    """A beanie, a cap or a brimmed hat, over the hair and down to the forehead."""
    if not person.has["Wearing_Hat"]:
        return
    rng = person.rng
    kind = rng.choice(("beanie", "cap", "brim"))
    cloth = colour(rng, between(rng, 0.4, 0.95), between(rng, 0.3, 0.95))
    c = canvas.window(-1.3, 1.3, -1.3, 0.0)
    x, y = c.x - person.skull_x * 0.9, c.y
    half = person.half_width + hair.volume + 0.05
    edge = -0.34 + 0.12 * x * x
    dome = np.maximum(ellipse(x, y, 0, -0.30, half, 0.62 if kind != "brim" else 0.70), y - edge)
    light = 0.82 + 0.3 * blob(x, y, 0.4 * person.light[0], -0.65, 0.6, 0.45) + 0.2 * person.light[0] * x
    tone = cloth.astype(np.float32)[:, None, None]
    c.paint(c.inside(dome), tone * light)
    if kind == "beanie":
        band = np.maximum(box(x, y + 0.0, 0, -0.38, half + 0.03, 0.11, 0.08), y - edge - 0.07)
        c.paint(c.inside(band), tone * light * 0.78)
    elif kind == "cap":
        visor = ellipse(x + 0.1 * person.yaw, y, 0, -0.36 - 0.0, 0.55, 0.13)
        c.paint(c.inside(visor), tone * 0.6)
        c.shade(0.4 * blob(c.x, c.y, 0, -0.2, 0.6, 0.2), 0.6)
    else:
        brim = ellipse(x, y, 0, -0.38, half + 0.32, 0.13)
        ribbon = np.maximum(dome, -0.56 - y)
        c.paint(c.inside(ribbon), tone * 0.45)
        c.paint(c.inside(brim), tone * (light * 0.9))
