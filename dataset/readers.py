"""The kinds of data: a reader for each, beside the augmentation of its training images, if any.

A reader is a module with

    NEEDS                            the files it needs, in words for the user; None where it needs none
    recognises(place)                whether this kind of data lies at `place`, a dataset.source.Place
    open_source(place, seed)         the dataset.source.Source found there; DataError for what is missing or
                                     damaged

The Source's pixels are an object with

    path, channels                   where the pictures are, for messages; how many channels they have
    identity(names)                  JSON-able: differs as soon as one of these pictures does
    rows(names, frame, workers)      yields (numbers, their rows, how many were enlarged), in any order, until
                                     every picture is there: row i is names[i] as dataset.crop.crop_picture
                                     cuts it to this Frame; for what cannot be used ([its number], a
                                     BrokenPicture, 0)

and its attributes, where it has any, give an object with

    names                            what the A numbers stand for
    name in attributes               whether this picture has any
    values(names)                    (n, A) float32, above 0 where a picture has an attribute

To add a kind of data, write such a module and a line in READERS.
"""
import contextlib
import re
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from dataset import celeba, cifar10, fashion_mnist, folder, lfw, mnist, stl10
from dataset.augment import CELEBA, FLIPS, LFW, STL10, Augmentation
from dataset.errors import DataError, one_line, unreadable
from dataset.source import Place
from dataset.toyfaces import reader as toyfaces


class Reader(NamedTuple):
    """A reader under the name that --data and messages have for it. channels: 1 where pictures are grey."""
    name: str
    module: ModuleType
    augmentation: Augmentation | None
    channels: int = 3


READERS = [
    Reader("toyfaces", toyfaces, FLIPS),
    Reader("celeba", celeba, CELEBA),
    Reader("lfw", lfw, LFW),
    Reader("fashion_mnist", fashion_mnist, None, channels=1),    # as the released code has MNIST: unchanged
    Reader("mnist", mnist, None, channels=1),
    Reader("cifar10", cifar10, None),                            # unchanged, too
    Reader("stl10", stl10, STL10),
]
KAGGLE = "archive.zip"                         # what Kaggle calls each set
FOLDER = Reader("folder", folder, FLIPS)       # for a path that none of them recognises


def open_source(data, cache, seed=0, **fetching):
    """(Reader, Source) of `data`: a path, or a reader's name for the folder of that name in `cache`.

    What is missing in that folder is fetched; `fetching` are options of dataset.fetch.fetch. Raises DataError
    for whatever is missing, damaged or not supported.
    """
    reader = _named(data)
    if reader:
        place = _place_in_cache(reader, cache, fetching)
    else:
        place = Place(user_path(data, "--data"), cache)
        reader = _recognise(place)
    return reader, reader.module.open_source(place, seed)


def channels(data, cache):
    """How many channels the pictures of `data` have: 3, or 1 where they are grey.

    A name tells it alone; a path is recognised by what lies there. Raises DataError where nothing does.
    """
    return (_named(data) or _recognise(Place(user_path(data, "--data"), cache))).channels


def _named(data):
    return next((reader for reader in READERS if reader.name == str(data)), None)


def user_path(path, flag):
    """A path that a user gave, ~ expanded. DataError, which names the flag, where there is no such user."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise DataError(f"{path}: no such user or home folder: give {flag} a path without ~") from error


def _place_in_cache(reader, cache, fetching):
    """Where a reader that is called by its name finds what it needs; what is missing is fetched."""
    folder = cache / reader.name
    if not reader.module.NEEDS:
        return Place(folder, cache)
    from dataset.fetch import SETS, fetch             # here: other data need not wait for requests

    if reader.name in SETS:
        fetch(reader.name, folder, **fetching)
    for path in (folder, folder / KAGGLE):
        with one_line(unreadable(path)):
            place = Place(path, cache)
            if path.exists() and reader.module.recognises(place):
                return place
    raise DataError(f"{folder}: what lies there is not {reader.name}: put {reader.module.NEEDS} there, or "
                    "give the folder that holds them to --data")


def _recognise(place):
    """The reader of a path that the user gave."""
    with one_line(unreadable(place.path, "check the path, and its permissions")):
        if not place.path.exists():
            raise DataError(f"{place.path}: {_why_missing(str(place.path))}")
    for reader in READERS:
        with contextlib.suppress(DataError):                     # what cannot be opened, FOLDER will say
            if reader.module.recognises(place):
                return reader
    return FOLDER


def _why_missing(text):
    """What is wrong with a path at which nothing is, and what to do."""
    if re.match(r"[a-z][a-z0-9+.-]*:/", text, re.IGNORECASE) and len(text.partition(":")[0]) > 1:
        return "is an address, not a path: fetch it yourself and give the file or folder"
    if any(sign in text for sign in "*?["):
        return "no such file or folder: give the folder that holds the pictures, not a pattern"
    named = [reader.name for reader in READERS if reader.name == text.lower()]
    instead = f"write {named[0]}, or " if named else ""
    return f"no such file or folder: {instead}check the path of the data (--data)"
