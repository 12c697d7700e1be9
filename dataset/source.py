"""What every reader hands over: which files hold pictures, how they are cropped, split and labelled."""
from dataclasses import dataclass, field

import numpy as np

from dataset.errors import DataError

PICTURES = (".jpg", ".jpeg", ".png")       # what CelebA and LFW are distributed as


@dataclass
class Source:
    """Pictures that are there, before any is decoded.

    train, test     names of files, in the order in which they are served
    box             (picture (H, W, 3), where) -> (top, left, side) of its crop; may raise DataError
    attributes      file name -> (A,) float32, for the files that have a row; None where there is no list
    attribute_names the A names
    notes           lines for the user: what was assumed
    """
    name: str
    files: object
    train: list
    test: list
    box: object
    attributes: dict = None
    attribute_names: tuple = ()
    notes: list = field(default_factory=list)


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


def find(folder, names):
    """The first of the paths `folder`/name that exists, or None."""
    return next((folder / name for name in names if (folder / name).exists()), None)


def read_text(path):
    """A list file as text. Raises DataError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read as text ({error}): fetch it again") from error


def number_row(fields, count, where):
    """`count` fields of a list's row as float32. Raises DataError that names `where`."""
    try:
        row = np.array(fields, np.float32)
    except ValueError:
        row = None
    if row is None or len(row) != count or not np.isfinite(row).all():
        raise DataError(f"{where}: expected {count} numbers, got {len(fields)} fields: fetch the list again")
    return row
