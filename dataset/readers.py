"""The kinds of data: a reader for each, beside the augmentation of its training images.

A reader is a module with

    NEEDS                            the files it needs, in words for the user; None where it needs none
    recognises(path, cache)          whether `path`, a file or a folder, holds this kind of data
    open_source(path, cache, seed)   the dataset.source.Source found there; DataError for what is missing or
                                     damaged. `cache` is a folder for what takes long to find out

The Source's pixels are an object with

    path, channels                   where the pictures are, for messages; how many channels they have
    identity(names)                  JSON-able: differs as soon as one of these pictures does
    rows(names, frame, workers)      yields (numbers, their rows), in any order, until every picture is there:
                                     row i is names[i] as dataset.crop.crop_picture cuts it to this Frame

and its attributes None or an object with

    names                            what the A numbers stand for
    name in attributes               whether this picture has any
    values(names)                    (n, A) float32, above 0 where a picture has an attribute

To add a kind of data, write such a module and a line in READERS.
"""
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from dataset import celeba, folder, lfw
from dataset.augment import CELEBA, FLIPS, LFW, Augmentation
from dataset.errors import DataError
from dataset.toyfaces import reader as toyfaces


class Reader(NamedTuple):
    """A reader under the name that --data and messages have for it."""
    name: str
    module: ModuleType
    augmentation: Augmentation


READERS = [
    Reader("toyfaces", toyfaces, FLIPS),
    Reader("celeba", celeba, CELEBA),
    Reader("lfw", lfw, LFW),
]
FOLDER = Reader("folder", folder, FLIPS)       # for a path that none of them recognises


def open_source(data, cache, seed=0):
    """(Reader, Source) of `data`: a path, or a reader's name for the folder of that name in `cache`.

    Raises DataError for whatever is missing, damaged or not supported.
    """
    reader = next((reader for reader in READERS if reader.name == str(data)), None)
    path = _place_in_cache(reader, cache) if reader else Path(data).expanduser()
    try:
        if reader is None:
            reader = _recognise(path, cache)
        return reader, reader.module.open_source(path, cache, seed)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}): check its permissions") from error


def _place_in_cache(reader, cache):
    """The folder where a reader that is called by its name looks for what it needs."""
    place = cache / reader.name
    if reader.module.NEEDS and not (place.is_dir() and reader.module.recognises(place, cache)):
        raise DataError(f"{reader.name}: not found in {place}: put {reader.module.NEEDS} there, "
                        "or give the folder that holds them to --data")
    return place


def _recognise(path, cache):
    """The reader of a path that the user gave."""
    if not path.exists():
        raise DataError(f"{path}: no such file or folder: check the path of the data (--data)")
    return next((reader for reader in READERS if reader.module.recognises(path, cache)), FOLDER)
