"""Any folder or archive of images. Each is cropped to the largest square in its middle."""
from dataset.errors import DataError
from dataset.files import open_files
from dataset.source import Source, centre_square, hold_out, shuffled


def open_source(path, cache, seed=0):
    """The Source of all files under `path`, a tenth of them, at least one, held out for testing by `seed`."""
    files = open_files(path, cache)
    if len(files.names) < 2:
        raise DataError(f"{path}: holds a single image: give at least two, one to train and one to test with")
    train, test = hold_out(files.names, seed)
    return Source("folder", files, shuffled(train, seed), shuffled(test, seed), centre_square)
