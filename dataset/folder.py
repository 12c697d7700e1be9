"""Any folder or archive of pictures, each cut to the largest square in its middle."""
import functools

from dataset.errors import DataError
from dataset.files import open_files
from dataset.pixels import PictureFiles
from dataset.source import Source, hold_out, shuffled


def open_source(path, cache, seed=0):
    """The Source of all files under `path`; a tenth of them, drawn by `seed`, is held out for testing."""
    files = open_files(path, cache)
    return Source(files.names, PictureFiles(files), functools.partial(_split, files, seed))


def _split(files, seed):
    if len(files.names) < 2:
        raise DataError(f"{files.path}: holds a single image: give at least two, to train and to test")
    train, test = hold_out(files.names, seed)
    return shuffled(train, seed), shuffled(test, seed), []
