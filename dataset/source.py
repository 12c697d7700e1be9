"""What a reader finds, before any picture is decoded, and what readers share in finding it."""
import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dataset.files import open_files


class Place:
    """Where readers look for data.

    path   a file or a folder
    cache  a folder for what takes long to find out
    """

    def __init__(self, path, cache):
        self.path, self.cache = Path(path), cache

    @functools.cached_property
    def files(self):
        """What lies there (dataset.files.open_files), found once for all readers."""
        return open_files(self.path, self.cache)

    def open(self, name):
        """The files in an archive that lies there."""
        return open_files(self.path / name, self.cache)


@dataclass
class Source:
    """The pictures of a data set. dataset.readers says what `pixels` and `attributes` offer.

    names       all pictures, sorted
    pixels      what yields their pixels
    split       () -> (names to train with, names to test with, notes for the user), names in the order in
                which they are served; DataError where there are too few pictures for both
    crop        how the pictures are cut: a name in dataset.CROPS
    attributes  () -> what yields their attributes, DataError for a damaged list; None where there are none.
                Asked for by those alone who use attributes, so that a list's damage concerns nobody else
    """
    names: list
    pixels: object
    split: Callable
    crop: str = "centre"
    attributes: Callable | None = None


class Classes:
    """Classes as attributes: 1 for the class that a picture is of, -1 for the others.

    names   of the classes
    labels  {part: (n,) whole numbers}: number 12 is that of the picture 'part/000012'
    """

    def __init__(self, names, labels):
        self.names, self._labels = tuple(names), labels

    def __contains__(self, picture):
        return picture.rpartition("/")[0] in self._labels

    def values(self, pictures):
        """(n, A) float32 of these pictures."""
        places = (picture.rpartition("/") for picture in pictures)
        labels = [int(self._labels[part][int(number)]) for part, _, number in places]
        return 2 * np.eye(len(self.names), dtype=np.float32)[labels] - 1


def hold_out(items, seed):
    """(train, test) of a list: a tenth, at least one, drawn by `seed`, is kept for testing."""
    order = np.random.default_rng(seed).permutation(len(items))
    count = max(1, len(items) // 10)
    return [items[i] for i in sorted(order[count:])], [items[i] for i in sorted(order[:count])]


def shuffled(names, seed):
    """The names in an order drawn by `seed`, so that the first k of them are a fair sample."""
    return [names[i] for i in np.random.default_rng(seed).permutation(len(names))]


def sample(names, count=5):
    """`count` of the names, evenly spread; all of fewer."""
    return names[::max(1, len(names) // count)][:count]


def some(names, most=3):
    """'a, b, c and 7 more', for messages."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def counted(number, one, many):
    """'1 file is' or '12 files are', for messages."""
    return f"1 {one}" if number == 1 else f"{number:,} {many}"
