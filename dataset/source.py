"""What a reader finds, before any picture is decoded, and what readers share in finding it."""
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dataset.errors import DataError


@dataclass
class Source:
    """The pictures of a data set. dataset.readers says what `pixels` and `attributes` offer.

    names       all pictures, sorted
    pixels      what yields their pixels
    split       () -> (names to train with, names to test with, notes for the user), names in the order in
                which they are served; DataError where there are too few pictures for both
    crop        how the pictures are cut: a name in dataset.CROPS
    attributes  what yields their attributes, or None
    """
    names: list
    pixels: object
    split: Callable
    crop: str = "centre"
    attributes: object = None


class AttributeList:
    """The attributes of pictures, from the rows of a list file. A row is parsed when it is asked for.

    names  what the A numbers of a row stand for
    rows   {picture's name: (the numbers as text, the row's place for messages)}
    """

    def __init__(self, names, rows):
        self.names, self._rows = tuple(names), rows

    def __contains__(self, picture):
        return picture in self._rows

    def values(self, pictures):
        """(n, A) float32, the attributes of these pictures. Raises DataError for a damaged row."""
        return np.array([self._parse(*self._rows[picture]) for picture in pictures])

    def _parse(self, text, where):
        try:
            row = np.array(text.split(), np.float32)
        except ValueError:
            row = np.empty(0, np.float32)
        if len(row) != len(self.names) or not np.isfinite(row).all():
            raise DataError(f"{where}: expected {len(self.names)} numbers: fetch the list again")
        return row


def hold_out(items, seed):
    """(train, test) of a list: a tenth, at least one, drawn by `seed`, is kept for testing."""
    order = np.random.default_rng(seed).permutation(len(items))
    count = max(1, len(items) // 10)
    return [items[i] for i in sorted(order[count:])], [items[i] for i in sorted(order[:count])]


def shuffled(names, seed):
    """The names in an order drawn by `seed`, so that the first k of them are a fair sample."""
    return [names[i] for i in np.random.default_rng(seed).permutation(len(names))]


def find(folders, names):
    """The first folder/name that exists, or None. Earlier names win over earlier folders."""
    return next((folder / name for name in names for folder in folders if (folder / name).exists()), None)


def read_text(path):
    """A list file as text. Raises DataError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read as text ({error}): fetch it again") from error


def must_match(rows, path):
    """Raises DataError where none of the images has a row in the list at `path`."""
    if not rows:
        raise DataError(f"{path}: has no row for any of the images: put images and list of one set together")
