"""Hair on the head and in the face."""
import numpy as np

from dataset.toyfaces.canvas import blob, ellipse
from dataset.toyfaces.face import outline

CROWN = -0.12                                   # y where the hair on the head is widest


class Hair:
    """One haircut: what hangs behind the neck, and what frames the face. The bald have none."""

    def __init__(self, person):
        rng, wavy = person.rng, person.has["Wavy_Hair"]
        self.person = person
        cut = rng.random()
        self.bun = not person.male and cut > 0.86
        self.short = person.male and cut < 0.86 or self.bun
        if self.short:                                                      # y where it ends
            self.length = rng.uniform(-0.06, 0.10)
        elif person.male or cut < 0.25:
            self.length = rng.uniform(0.40, 0.75)
        else:
            self.length = rng.uniform(0.9, 1.6)
        self.volume = rng.uniform(0.05, 0.10) if self.short else rng.uniform(0.07, 0.14)
        self.volume += rng.uniform(0.03, 0.08) if wavy else 0               # beyond the skull, at the sides
        self.top = self.volume + rng.uniform(0.0, 0.07)                     # and on top
        self.flare = -0.5 if self.short else rng.uniform(0.05, 0.3) if wavy else rng.uniform(-0.04, 0.08)
        self.wave = rng.uniform(0.03, 0.05) if wavy else 0.0
        self.phase = [float(phase) for phase in rng.uniform(0, 6.3, 3)]

        self.hairline = rng.uniform(-0.50, -0.38) + 0.05 * person.pitch
        if person.male and not person.young:
            self.hairline -= 0.06
        self.part, self.notch = rng.uniform(-0.35, 0.35), rng.uniform(0.0, 0.18)
        self.sweep = rng.uniform(-0.2, 0.2)
        self.fringe = rng.uniform(-0.25, -0.19) + 0.03 * person.pitch       # y of the lower edge of bangs
        self.strands = rng.uniform(15, 26)                                  # radians of their pattern per unit

    def paint_back(self, canvas):
        """The hair behind head and neck, which lies in shadow, and a bun."""
        p = self.person
        if p.has["Bald"]:
            return
        if self.bun:
            c = canvas.window(p.skull_x, -0.82, 0.3, 0.25)
            c.paint(c.inside(ellipse(c.x, c.y, p.skull_x, -0.82, 0.27, 0.2)), self._colour(c))
        if not self.short:
            c = self._window(canvas)
            c.paint(c.inside(self._silhouette(c)), p.hair * 0.55)

    def paint_front(self, canvas):
        """The hair on top of the head, over the forehead and down the sides of the face, and its shadow."""
        p = self.person
        if p.has["Bald"]:
            return
        c = self._window(canvas)
        x, y = c.x - p.skull_x, c.y
        # The face looks out of an opening whose upper edge is the hairline.
        if p.has["Bangs"]:
            edge = self.fringe + 0.25 * x * x + 0.02 * np.sin(14 * x + self.phase[1])
        else:
            parting = self.notch / (1 + ((x - self.part) * (1 / 0.12)) ** 2)
            edge = self.hairline + self.sweep * x + 0.5 * x * x - parting
        side = p.half_width + (0.02 if self.short else -0.05)
        opening = np.maximum(edge - y, np.abs(x) - side - (0 if self.short else 0.08 * np.clip(3 * y, 0, 1)))
        c.darken(0.25 * np.clip(1 + (edge - y) * (1 / 0.12), 0, 1) * c.inside(outline(c.x, c.y, p)))
        c.paint(c.inside(np.maximum(self._silhouette(c), -opening)), self._colour(c))

    def _window(self, canvas):
        bottom = max(self.length, 0.1) + 0.1
        return canvas.window(self.person.skull_x, (bottom - 1.15) / 2, 1.0, (bottom + 1.15) / 2)

    def _silhouette(self, c):
        """Signed distance to all of the hair, seen from the front."""
        p = self.person
        x, y = c.x - 1.1 * p.skull_x, c.y
        if self.wave:
            x = x + self.wave * np.sin(9 * y + self.phase[0]) * np.clip(y + 0.6, 0, 1)
        half = p.half_width + self.volume
        top = ellipse(x, y, 0, CROWN, half, 0.64 + self.top)
        if self.wave:
            top = top - 0.5 * self.wave * np.sin(13 * x + self.phase[1]) * np.sin(11 * y + self.phase[2])
        below = y - CROWN
        side = half * (1 + self.flare * below - 0.10 * below * below)
        bottom = y - self.length - self.wave * np.sin(12 * x + self.phase[1])
        return np.where(y < CROWN, top, np.maximum(np.abs(x) - side, bottom))

    def _colour(self, c):
        """Hair lit from above, with strands that fall from the parting: (3, H, W)."""
        p = self.person
        x, y = c.x - p.skull_x, c.y
        across = (x - 0.5 * self.part) / (0.45 + 0.5 * np.clip(y + 0.9, 0, 1))
        bend = (1.2 if self.wave else 0.2) * np.sin(8 * y + self.phase[2])
        strands = np.sin(self.strands * across + bend) + 0.6 * np.sin(0.57 * self.strands * across - bend)
        shine = blob(x, y, 0.35 * p.light[0], -0.62, 0.55, 0.26)
        t = 0.86 + 0.07 * strands + 0.30 * shine - 0.1 * np.clip(y, 0, 1) + 0.2 * p.light[0] * x
        return p.hair.astype(np.float32)[:, None, None] * t + 0.06 * shine


def paint_beard(canvas, person):
    """Full beard, goatee, mustache, or nothing."""
    has, rng = person.has, person.rng
    strength, colour = rng.uniform(0.8, 0.95), person.hair * 0.75
    mouth_x, mouth_y = person.mouth
    c = canvas.window(0.5 * person.skull_x, 0.55, 0.65, 0.42)
    x = c.x - mouth_x
    if not has["No_Beard"] and not has["Goatee"]:
        cheeks = ellipse(c.x, c.y, 0.5 * person.skull_x, 0.06, 0.49, 0.40)
        c.paint(strength * c.soft(np.maximum(outline(c.x, c.y, person) - 0.02, -cheeks), 0.08), colour)
    if has["Goatee"]:
        c.paint(strength * c.soft(ellipse(x, c.y, 0, person.chin - 0.09, 0.20, 0.15), 0.07), colour)
    if has["Mustache"]:
        u = np.abs(x)
        line = np.abs(c.y - (mouth_y - 0.10) - 0.35 * u * u) - 0.05 * (1 - 1.9 * u)
        c.paint(strength * c.soft(np.maximum(line, u - 0.27), 0.05), colour)
