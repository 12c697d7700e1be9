"""Who is in the picture: attributes with the correlations faces have, and what several parts of a face share.

Distances are in head units: the eyes lie at (+-0.27, 0), x points right, y down, the chin is near y = 0.8.
"""
import math

import numpy as np

ATTRIBUTES = (
    "Bald", "Bangs", "Big_Nose", "Black_Hair", "Blond_Hair", "Brown_Hair", "Bushy_Eyebrows", "Eyeglasses", "Goatee",
    "Gray_Hair", "Heavy_Makeup", "High_Cheekbones", "Male", "Mouth_Slightly_Open", "Mustache", "Narrow_Eyes",
    "No_Beard", "Pale_Skin", "Rosy_Cheeks", "Smiling", "Straight_Hair", "Wavy_Hair", "Wearing_Earrings",
    "Wearing_Hat", "Wearing_Lipstick", "Young")

HAIR = {                                        # the two ends of the range each colour is drawn from, RGB in [0, 1]
    "Black_Hair": np.array([(0.05, 0.045, 0.05), (0.13, 0.10, 0.09)]),
    "Brown_Hair": np.array([(0.30, 0.17, 0.09), (0.50, 0.29, 0.15)]),
    "Blond_Hair": np.array([(0.78, 0.60, 0.32), (0.93, 0.81, 0.53)]),
    "Gray_Hair": np.array([(0.52, 0.53, 0.55), (0.80, 0.80, 0.81)]),
}
SKIN = np.array([(0.98, 0.87, 0.80), (0.93, 0.76, 0.64), (0.83, 0.62, 0.47), (0.65, 0.44, 0.31), (0.43, 0.27, 0.19)])
PALE = 0.13                                     # a skin tone (0 palest, 1 darkest) below this is Pale_Skin


def hue_colour(rng, saturation, value):
    """A colour of random hue: RGB in [0, 1]; saturation and value in [0, 1]."""
    hue = 6 * rng.random() + np.array([0, 4, 2])
    return value * (1 - saturation * np.clip(2 - np.abs(hue % 6 - 3), 0, 1))


def draw_attributes(rng):
    """Draws one face's attributes, a dict of bools, and its skin tone in [0, 1].

    The chances are ours: roughly CelebA's, with rare attributes made less rare.
    """
    def chance(p):
        return bool(rng.random() < p)

    a = dict.fromkeys(ATTRIBUTES, False)
    tone = float(rng.beta(1.2, 1.7))
    a["Pale_Skin"] = tone < PALE
    male = a["Male"] = chance(0.45)
    young = a["Young"] = chance(0.68 if male else 0.8)

    a["Bald"] = chance((0.11 if young else 0.3) if male else 0.004)
    black, blond, gray = 0.2 + 0.6 * tone, (0.22 if male else 0.34) * (tone < 0.6), 0.02 if young else 0.5
    weights = np.array([black, max(0.8 - black, 0.1), blond, gray])         # in the order of HAIR
    colour = list(HAIR)[rng.choice(4, p=weights / weights.sum())]
    hat, bangs, wavy = chance(0.13), chance(0.15 if male else 0.32), chance(0.28 if male else 0.45)
    if not a["Bald"]:
        a[colour] = True
        a["Wearing_Hat"], a["Bangs"] = hat, bangs and not hat
        a["Wavy_Hair"], a["Straight_Hair"] = wavy, not wavy

    beard, goatee, mustache = chance(0.34), chance(0.4), chance(0.16)
    if male:
        a["Goatee"] = beard and goatee
        a["Mustache"] = beard or mustache
    a["No_Beard"] = not (male and beard)

    makeup = a["Heavy_Makeup"] = chance(0 if male else 0.6 if young else 0.35)
    a["Wearing_Lipstick"] = chance(0.005 if male else 0.92 if makeup else 0.35)
    a["Rosy_Cheeks"] = chance(0.35 if makeup else 0.04)
    a["Wearing_Earrings"] = chance(0.03 if male else 0.35)
    smiling = a["Smiling"] = chance(0.45 if male else 0.55)
    a["Mouth_Slightly_Open"] = chance(0.7 if smiling else 0.2)
    a["High_Cheekbones"] = chance((0.7 if smiling else 0.2) - 0.1 * male)
    a["Narrow_Eyes"] = chance(0.2 if smiling else 0.1)
    a["Big_Nose"] = chance(0.38 if male else 0.1)
    a["Bushy_Eyebrows"] = chance(0.35 if male else 0.07)
    a["Eyeglasses"] = chance(0.16 if young else 0.32)
    return a, tone


class Person:
    """Everything that more than one part of the picture needs; `rng` goes on to draw what a single part needs."""

    def __init__(self, index, seed):
        rng = self.rng = np.random.default_rng((seed, index))
        self.has, self.tone = draw_attributes(rng)
        self.male, self.young = self.has["Male"], self.has["Young"]

        # Pose. The eyes stay where they are; what lies nearer to us than they do moves with a turn of the head, what
        # lies further back moves against it.
        self.yaw = _clipped_normal(rng, 0.45, 1)                            # 1: some 35 degrees to our right
        self.pitch = _clipped_normal(rng, 0.4, 1)                           # 1: some 20 degrees down
        self.tilt = _clipped_normal(rng, 0.07, 0.17)                        # radians
        self.place = rng.normal(0, 0.02), rng.normal(-0.03, 0.02)           # of the eyes, in the crop's [-1, 1]
        self.scale = rng.uniform(0.98, 1.06)
        self.skull_x = -0.13 * self.yaw
        self.nose = 0.08 * self.yaw, 0.26 + 0.03 * self.pitch
        self.mouth = 0.02 * self.yaw, 0.51 + 0.02 * self.pitch

        # Head: half its width, y of the chin, how square and how tapered the jaw is.
        self.half_width = (0.565 if self.male else 0.535) + rng.normal(0, 0.015)
        self.chin = (0.81 if self.male else 0.77) - 0.02 * self.pitch + rng.normal(0, 0.015)
        self.square = rng.uniform(0.2, 0.55) if self.male else rng.uniform(0.0, 0.25)
        self.taper = rng.uniform(0.06, 0.16) if self.male else rng.uniform(0.14, 0.24)

        # Light: where it comes from (z towards us; always somewhat from above), how hard it is, its colour.
        azimuth = _clipped_normal(rng, 0.7, 1.3)
        light = np.array([math.sin(azimuth), -rng.uniform(0.15, 0.6), math.cos(azimuth) + 0.3])
        self.light = [float(part) for part in light / np.linalg.norm(light)]
        self.contrast = rng.uniform(0.5, 1.0)
        self.exposure = rng.uniform(0.88, 1.06) * (1 + rng.normal(0, 0.018, 3))

        rung = self.tone * (len(SKIN) - 1)
        self.skin = np.array([np.interp(rung, range(len(SKIN)), SKIN[:, c]) for c in range(3)])
        self.skin = np.clip(self.skin + rng.normal(0, 0.012, 3), 0, 1)
        # Skin in shadow is not only darker but redder.
        self._shadow = (self.skin * (0.58, 0.45, 0.42)).astype(np.float32)[:, None, None]
        self._lit = np.minimum(self.skin * 1.06 + 0.02, 1).astype(np.float32)[:, None, None]
        colour = next((c for c in HAIR if self.has[c]), "Brown_Hair")       # the bald have brows and beards as well
        low, high = HAIR[colour]
        self.hair = low + rng.random() * (high - low)

    def lit_skin(self, t):
        """The colour of skin that receives this much light, about 0 to 1: (H, W) or a number to (3, H, W)."""
        return self._shadow + t * (self._lit - self._shadow)


def _clipped_normal(rng, sigma, limit):
    return min(max(rng.normal(0, sigma), -limit), limit)
