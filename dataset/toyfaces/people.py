"""Who is in the pictures: attributes that go together as faces' do, and what several parts of a face share.

Distances are in head units: the eyes lie at (+-0.27, 0), x points right, y down, the chin is near y = 0.8.
"""
import numpy as np

from dataset.toyfaces.draws import PerImage, pick, rows_of
from dataset.toyfaces.haircut import Haircut

ATTRIBUTES = (
    "Bald", "Bangs", "Big_Nose", "Black_Hair", "Blond_Hair", "Brown_Hair", "Bushy_Eyebrows", "Eyeglasses",
    "Goatee", "Gray_Hair", "Heavy_Makeup", "High_Cheekbones", "Male", "Mouth_Slightly_Open", "Mustache",
    "Narrow_Eyes", "No_Beard", "Pale_Skin", "Rosy_Cheeks", "Smiling", "Straight_Hair", "Wavy_Hair",
    "Wearing_Earrings", "Wearing_Hat", "Wearing_Lipstick", "Young")

HAIR_COLOURS = ("Black_Hair", "Brown_Hair", "Blond_Hair", "Gray_Hair")
# Each colour of hair lies between two ends, RGB in [0, 1].
HAIR_FROM = ((0.05, 0.045, 0.05), (0.30, 0.17, 0.09), (0.78, 0.60, 0.32), (0.52, 0.53, 0.55))
HAIR_TO = ((0.13, 0.10, 0.09), (0.50, 0.29, 0.15), (0.93, 0.81, 0.53), (0.80, 0.80, 0.81))
SKIN = np.array([                # from the palest tone, 0, to the darkest, 1
    (0.98, 0.87, 0.80), (0.93, 0.76, 0.64), (0.83, 0.62, 0.47), (0.65, 0.44, 0.31), (0.43, 0.27, 0.19)])
PALE = 0.08                     # a tone below this is Pale_Skin


def draw_attributes(draws):
    """Draws what faces have. The chances are ours: roughly CelebA's, with rare attributes made less rare.

    Returns the attributes, a dict of (n, 1, 1) bools by name; the skin's tone, (n, 1, 1) in [0, 1]; and the
    hair's place in HAIR_COLOURS, which the bald have too: it shows in brows and beards.
    """
    chance = draws.chance
    tone = draws.uniform() ** 1.35
    male = chance(0.45)
    young = chance(pick(male, 0.68, 0.80))

    bald = chance(pick(male, pick(young, 0.11, 0.30), 0.004))
    black = 0.2 + 0.6 * tone
    blond = pick(male, 0.22, 0.34) * (tone < 0.6)
    hair = draws.choice(np.stack([black, np.maximum(0.8 - black, 0.1), blond, pick(young, 0.02, 0.5)]))
    hat, bangs, wavy = chance(0.13) & ~bald, chance(pick(male, 0.15, 0.32)), chance(pick(male, 0.28, 0.45))

    beard, goatee, mustache = male & chance(0.34), chance(0.4), male & chance(0.16)
    makeup = chance(pick(male, 0, pick(young, 0.6, 0.35)))
    lipstick = chance(pick(male, 0.005, pick(makeup, 0.92, 0.35)))
    smiling = chance(pick(male, 0.45, 0.55))
    has = {
        "Male": male, "Young": young, "Pale_Skin": tone < PALE,
        "Bald": bald, "Wavy_Hair": wavy & ~bald, "Straight_Hair": ~wavy & ~bald,
        "Wearing_Hat": hat, "Bangs": bangs & ~bald & ~hat,
        "No_Beard": ~beard, "Goatee": beard & goatee, "Mustache": beard | mustache,
        "Heavy_Makeup": makeup, "Wearing_Lipstick": lipstick,
        "Rosy_Cheeks": chance(pick(makeup, 0.35, 0.04)),
        "Wearing_Earrings": chance(pick(male, 0.03, 0.35)),
        "Eyeglasses": chance(pick(young, 0.16, 0.32)),
        "Smiling": smiling,
        "Mouth_Slightly_Open": chance(pick(smiling, 0.7, 0.2)),
        "High_Cheekbones": chance(pick(smiling, 0.7, 0.2) - pick(male, 0.1, 0)),
        "Narrow_Eyes": chance(pick(smiling, 0.2, 0.1)),
        "Big_Nose": chance(pick(male, 0.38, 0.1)),
        "Bushy_Eyebrows": chance(pick(male, 0.35, 0.07)),
    }
    has.update({name: (hair == place) & ~bald for place, name in enumerate(HAIR_COLOURS)})
    return has, tone, hair


class People(PerImage):
    """n people, and everything about them that more than one part of the picture needs.

    The painters of single parts take what only they need from `draws`. change: a function of what
    draw_attributes gives that replaces it.
    """

    def __init__(self, all_draws, change=None):
        self.draws = all_draws
        draws = all_draws.part("person")
        drawn = draw_attributes(draws)
        self.has, tone, hair = change(*drawn) if change else drawn
        self.male, self.young, self.dark = self.has["Male"], self.has["Young"], tone > 0.5

        # Pose. The eyes stay where they are; what lies nearer to us than they do moves with a turn of the
        # head, what lies further back moves against it.
        self.yaw = draws.normal(0, 0.45, 2.2)                           # 1: some 35 degrees to our right
        self.pitch = draws.normal(0, 0.4, 2.5)                          # 1: some 20 degrees down
        self.tilt = draws.normal(0, 0.07, 2.5)                          # radians
        self.place = draws.normal(0, 0.02), draws.normal(-0.03, 0.02)   # of the eyes, in the crop's [-1, 1]
        self.scale = draws.uniform(0.98, 1.06)
        self.skull_x = -0.13 * self.yaw
        self.nose = 0.08 * self.yaw, 0.26 + 0.03 * self.pitch
        self.mouth = 0.02 * self.yaw, 0.51 + 0.02 * self.pitch

        # Head: half its width, y of the chin, how square and how tapered the jaw is.
        self.half_width = draws.normal(pick(self.male, 0.565, 0.535), 0.015)
        self.chin = draws.normal(pick(self.male, 0.81, 0.77), 0.015) - 0.02 * self.pitch
        self.square = pick(self.male, draws.uniform(0.2, 0.55), draws.uniform(0.0, 0.25))
        self.taper = pick(self.male, draws.uniform(0.06, 0.16), draws.uniform(0.14, 0.24))

        # Light: where it comes from (z towards us; always somewhat from above), how hard it is, its colour.
        azimuth = draws.normal(0, 0.7, 1.9)
        x, y, z = np.sin(azimuth), -draws.uniform(0.15, 0.6), np.cos(azimuth) + 0.3
        length = np.sqrt(x * x + y * y + z * z)
        self.light = x / length, y / length, z / length
        self.contrast = draws.uniform(0.5, 1.0)
        warmth = draws.normal(0.005, 0.015)[:, None] * np.array([1, 0, -1], np.float32).reshape(3, 1, 1)
        self.exposure = draws.uniform(0.88, 1.06)[:, None] * (1 + warmth)

        rung = tone.ravel() * (len(SKIN) - 1)
        skin = np.stack([np.interp(rung, range(len(SKIN)), channel) for channel in SKIN.T], axis=1)
        self.skin = draws.colour_near(skin.astype(np.float32)[:, :, None, None], 0.012)
        # Skin in shadow is not only darker but redder.
        self._shadow = tinted(self.skin, (0.58, 0.45, 0.42))
        self._lit = np.minimum(self.skin * 1.06 + 0.02, 1)
        low, high = rows_of(HAIR_FROM, hair), rows_of(HAIR_TO, hair)
        self.hair = low + draws.uniform()[:, None] * (high - low)
        self.haircut = Haircut(self)

    def lit_skin(self, t):
        """The colour of skin that receives this much light, about 0 to 1: (n, H, W) to (n, 3, H, W)."""
        return self._shadow + t[:, None] * (self._lit - self._shadow)


def tinted(colour, factors):
    """A colour, (n, 3, 1, 1), with its three channels scaled and cut off at 1."""
    return np.minimum(colour * np.array(factors, np.float32).reshape(3, 1, 1), 1)
