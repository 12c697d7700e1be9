"""What every reader hands over: which files hold pictures, how they are cropped, split and labelled."""
from dataclasses import dataclass, field

import numpy as np

from dataset.errors import DataError


@dataclass
class Source:
    """Pictures that are there, before any is decoded.

    files            dataset.files
    train, test      names in `files`, in the order in which they are served
    box              (picture (H, W, 3), where) -> (top, left, side) of its crop; may raise DataError
    attributes       {name: (text of its row, place of the row)} of the files that have one, or None
    attribute_names  what the A numbers of a row stand for
    notes            lines for the user: what was assumed
    """
    name: str
    files: object
    train: list
    test: list
    box: object
    attributes: dict = None
    attribute_names: tuple = ()
    notes: list = field(default_factory=list)

    def attribute_rows(self, names):
        """(n, A) float32, the attributes of these files. Raises DataError for a damaged row."""
        return np.array([self._numbers(*self.attributes[name]) for name in names])

    def _numbers(self, text, where):
        try:
            row = np.array(text.split(), np.float32)
        except ValueError:
            row = np.empty(0, np.float32)
        if len(row) != len(self.attribute_names) or not np.isfinite(row).all():
            raise DataError(f"{where}: expected {len(self.attribute_names)} numbers: fetch the list again")
        return row


def hold_out(items, seed):
    """(train, test) of a list: a tenth, at least one, drawn by `seed`, is kept for testing."""
    order = np.random.default_rng(seed).permutation(len(items))
    count = max(1, len(items) // 10)
    return [items[i] for i in sorted(order[count:])], [items[i] for i in sorted(order[:count])]


def shuffled(names, seed):
    """The names in an order drawn by `seed`, so that the first k of them are a fair sample."""
    return [names[i] for i in np.random.default_rng(seed).permutation(len(names))]


def centre_square(picture, where):
    """(top, left, side) of the largest square in the middle."""
    height, width = picture.shape[:2]
    side = min(height, width)
    return (height - side) // 2, (width - side) // 2, side


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
