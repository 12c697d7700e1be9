"""Random numbers of which each image has its own, whatever other images are drawn with it.

Through all of this package a number per image is an array (n, 1, 1) and a colour per image (n, 3, 1, 1): they
broadcast against images of shape (n, H, W) and (n, 3, H, W). Everything is float32.
"""
import copy

import numpy as np

PARTS = ("person", "background", "clothes", "neck", "haircut", "head", "eyes", "brows", "mouth", "beard",
         "earrings", "glasses", "hat")
PER_PART = 64                   # numbers in store for one part of one image


class PerImage:
    """Something whose fields, and theirs, are all arrays with the images along the first axis."""

    def of(self, rows):
        """The same for some of the images; rows are their numbers."""
        return _of(self, rows)


def _of(thing, rows):
    if isinstance(thing, np.ndarray):
        return thing[rows]
    if isinstance(thing, tuple):
        return tuple(_of(one, rows) for one in thing)
    if isinstance(thing, dict):
        return {key: _of(one, rows) for key, one in thing.items()}
    same = copy.copy(thing)
    vars(same).update({name: _of(one, rows) for name, one in vars(thing).items()})
    return same


class Draws(PerImage):
    """The numbers of n images. Each part of a picture has its own: none depends on what the others draw."""

    def __init__(self, indices, seed):
        numbers = [np.random.default_rng((seed, int(index))).random(len(PARTS) * PER_PART, np.float32)
                   for index in indices]
        self._numbers = np.array(numbers, np.float32).reshape(-1, len(PARTS), PER_PART, 1, 1)

    def part(self, name):
        """A new stream of the numbers of one part."""
        return Stream(self._numbers[:, PARTS.index(name)].swapaxes(0, 1))


class Stream:
    """Draws for n images at a time, from numbers, (draws, n, 1, 1), between 0 and 1."""

    def __init__(self, numbers):
        self._next = iter(numbers)

    def uniform(self, low=0.0, high=1.0):
        """Numbers between low and high, which may themselves be numbers per image."""
        return low + (high - low) * next(self._next)

    def normal(self, mean, sigma, limit=3.0):
        """Normally distributed numbers, cut off at limit standard deviations from the mean."""
        from scipy.special import ndtri      # here: importing it takes as long as the rest of dataset
        return mean + sigma * np.clip(ndtri(next(self._next)), -limit, limit)

    def chance(self, probability):
        """True with this probability: (n, 1, 1) bool."""
        return next(self._next) < probability

    def choice(self, weights):
        """A number 0..k-1 with these weights, (k,) or (k, n, 1, 1): (n, 1, 1) int."""
        steps = np.cumsum(weights, axis=0)
        steps = (steps / steps[-1]).reshape(len(steps), -1, 1, 1)
        return (next(self._next) >= steps[:-1]).sum(axis=0)

    def colour_near(self, colour, sigma):
        """A colour, (n, 3, 1, 1), whose channels each stray from another one."""
        stray = np.stack([self.normal(0, sigma) for _ in range(3)], axis=1)
        return np.clip(colour + stray, 0, 1)

    def any_hue(self, saturation, value):
        """A colour of random hue, (n, 3, 1, 1); saturation and value, in [0, 1], are numbers per image."""
        hue = 6 * next(self._next)[:, None] + np.array([0, 4, 2], np.float32).reshape(3, 1, 1)
        return value[:, None] * (1 - saturation[:, None] * np.clip(2 - np.abs(hue % 6 - 3), 0, 1))


def pick(mask, yes, no):
    """yes where mask holds, else no, as float32."""
    return np.where(mask, np.float32(yes), np.float32(no))


def rows_of(table, number):
    """The rows of a table of colours, (k, 3), that these numbers, (n, 1, 1) int, select: (n, 3, 1, 1)."""
    return np.asarray(table, np.float32)[number.ravel()].reshape(-1, 3, 1, 1)
