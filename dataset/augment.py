"""Random augmentation of training images: the parameters of each image, as gpuarray.augment takes them.

The released code augmented 600,000 images (LFW: 250,000) before training; here an image is augmented anew
every time it is drawn.
"""
import math
from dataclasses import dataclass

import numpy as np


def unmoved(count, scale=1.0):
    """(count, 9) float32: the parameters of gpuarray.augment that take a crop as it is.

    scale  pixels of the pictures to a pixel of the crops
    """
    return np.tile(np.float32([scale, 0, 0, 0, scale, 0, 1, 1, 0]), (count, 1))


@dataclass(frozen=True)
class Augmentation:
    """Standard deviations of the normal draws, as in the released code.

    shift     along each axis, as a fraction of the crop's side
    scale     of the zoom factor around 1
    rotation  radians
    gamma     ln 2 times that of the logarithm of the exponent, which has mean sigma^2 / ln 2
    contrast  likewise, of the exponent of saturation and value (HSV)
    hue       turns
    flip      whether half of the images are mirrored (released: drawn once a batch; here once an image)
    """
    shift: float = 0.0
    scale: float = 0.0
    rotation: float = 0.0
    gamma: float = 0.0
    contrast: float = 0.0
    hue: float = 0.0
    flip: bool = True

    @property
    def moves(self):
        """Whether images are moved, and so sampled between their pixels, not only mirrored and coloured."""
        return self.reach > 0

    @property
    def reach(self):
        """Four standard deviations of how far a crop's corner moves along an axis, in sides of the crop."""
        return 4 * math.hypot(self.shift, self.scale / 2, self.rotation / 2)

    def draw(self, rng, count, size, scale=1.0):
        """(count, 9) float32: the parameters of gpuarray.augment for `count` crops of side `size`.

        scale  pixels of the pictures to a pixel of the crops
        """
        noise = rng.standard_normal((count, 7))
        shift = self.shift * size * noise[:, :2]
        zoom = 1 + self.scale * noise[:, 2]
        angle = self.rotation * noise[:, 3]
        mirror = np.where(rng.random(count) < 0.5, -1.0, 1.0) if self.flip else np.ones(count)
        gamma, contrast = (np.exp((sigma ** 2 + sigma * noise[:, column]) / np.log(2))
                           for sigma, column in ((self.gamma, 4), (self.contrast, 5)))
        across, down = zoom * np.cos(angle), zoom * np.sin(angle)
        place = np.stack([mirror * across, -down, shift[:, 0], mirror * down, across, shift[:, 1]], axis=1)
        colour = np.stack([gamma, contrast, self.hue * noise[:, 6]], axis=1)
        return np.concatenate([scale * place, colour], axis=1).astype(np.float32)


FLIPS = Augmentation()
CELEBA = Augmentation(2 / 148, .01, .01, .05, .05, .01)        # released; shifts in pixels of the crop of 148
LFW = Augmentation(1 / 150, .01, .01, .07, .07, .0125)         # released; of the crop of 150
STL10 = Augmentation(2 / 96, .025, .015, .07, .075, .02)       # released; of the whole picture
