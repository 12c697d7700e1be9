"""Toyfaces as a data set: 20,000 faces to train with and 2,000 to test with, painted when they are wanted."""
import functools
from pathlib import Path

import numpy as np

from dataset.cache import digest
from dataset.crop import blur
from dataset.parallel import in_parallel
from dataset.source import Source
from dataset.toyfaces import ATTRIBUTES, attributes, can_get, render

NEEDS = None
TRAIN, TEST = range(20_000), range(20_000, 22_000)      # numbers of the faces
PER_JOB = 64                     # faces that a worker paints at a time
SOFT = 0.5                       # sigma, in pixels, of faces that images are sampled from: set by measurement
WORTH_PROCESSES = 2_000          # from this many faces on it pays to start processes


def recognises(place):
    """False: no file holds toyfaces."""
    return False


def open_source(place, seed=0):
    """The Source of the faces of this seed. Face 123 is named 'toyfaces/000123'."""
    train, test = ([f"toyfaces/{number:06d}" for number in numbers] for numbers in (TRAIN, TEST))
    return Source(train + test, Painter(seed), lambda: (train, test, []),
                  attributes=lambda: PaintedAttributes(seed))


def held_out_with(name, size, has, most):
    """The first held-out faces, at `most`, that lack an attribute and could have it: (their rows, pictures
    (n, size, size, 3) uint8 of the same faces with it). has (k, A) bool: of the first k held-out faces."""
    rows = np.flatnonzero(can_get(name, has))[:most]
    return rows, render(rows + TEST.start, size, also=name)


class Painter:
    """Paints faces; as they are painted to size, a Frame's crop changes nothing."""

    path, channels = "toyfaces", 3

    def __init__(self, seed):
        self._seed = seed

    def identity(self, names):
        """A painted picture depends on the package's source and its seed."""
        files = sorted(Path(__file__).parent.glob("*.py"))
        return [digest([file.read_text(encoding="utf-8") for file in files]), self._seed]

    def rows(self, names, frame, workers=None):
        faces = _numbers(names)
        jobs = ((first, faces[first:first + PER_JOB]) for first in range(0, len(faces), PER_JOB))
        paint = functools.partial(_paint, frame, self._seed)
        yield from in_parallel(paint, jobs, workers, processes=len(faces) > WORTH_PROCESSES)


class PaintedAttributes:
    """The attributes that faces are painted from, -1 or 1."""

    names = ATTRIBUTES

    def __init__(self, seed):
        self._seed = seed

    def __contains__(self, name):
        return True

    def values(self, names):
        return 2 * attributes(_numbers(names), self._seed) - 1


def _numbers(names):
    return [int(name.rpartition("/")[2]) for name in names]


def _paint(frame, seed, job):
    """A job of (number of the first row, faces): the rows' numbers and pixels, and that 0 were enlarged.

    Faces larger than the images sampled from them are blurred: those are then as sharp as faces of that size.
    """
    first, faces = job
    pictures = render(faces, frame.side, seed, frame.margin)
    if frame.side > frame.size:
        pictures = blur(pictures, SOFT)
    return range(first, first + len(faces)), pictures, 0
