"""STL-10 (Coates, Lee, Ng, 2011), its binary version: 100,000 colour pictures of 96 x 96 without a class.

A picture is a plane each of red, green and blue, column after column. 5,000 and 8,000 others, to train and to
test, are of ten classes, which are counted from 1.
"""
import functools

from dataset.errors import DataError
from dataset.lists import find_other
from dataset.pixels import PictureRecords, label_bytes, whole_records
from dataset.source import Classes, Source, shuffled

ARCHIVE = "stl10_binary.tar.gz"
UNLABELLED, TRAIN, TEST = "unlabeled", "train", "test"       # how the files' names begin
SHAPE = 96, 96, 3
CLASSES = "airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"
NEEDS = ARCHIVE


def recognises(place):
    """Whether files of STL-10 lie there."""
    return _find(place.files, ARCHIVE, *map(_pictures, (UNLABELLED, TRAIN, TEST))) is not None


def open_source(place, seed=0):
    """The Source at `place`: STL-10's archive or its files. The pictures without a class train, as in the
    released code; where they are not there, those that have one, and their attributes are the classes.

    Raises DataError for what is missing, damaged, or does not belong together.
    """
    files = place.files
    if (archive := _find(files, ARCHIVE)) and not _find(files, _pictures(TEST)):
        files = place.open(archive)
    found = {part: there for part in (UNLABELLED, TRAIN, TEST)
             if (there := _find(files, _pictures(part)))}
    if TEST not in found or len(found) == 1:
        missing = _pictures(UNLABELLED if TEST in found else TEST)
        raise DataError(f"{place.path}: has files of STL-10's, but no {missing}: put {ARCHIVE} there")
    records = {part: whole_records(files, there, SHAPE, "CWH") for part, there in found.items()}
    pixels = PictureRecords(place.path, records)
    labels = {part: _find(files, f"{part}_y.bin") for part in found if part != UNLABELLED}
    attributes = functools.partial(_read_labels, files, labels, records)
    return Source(pixels.all_names, pixels, functools.partial(_split, pixels.names, seed), "stl10",
                  attributes if all(labels.values()) else None)


def _pictures(part):
    return f"{part}_X.bin"


def _find(files, *names):
    return find_other(files, [name.lower() for name in names])


def _split(names, seed):
    if UNLABELLED in names:
        part = UNLABELLED
        note = "images without a class train: for attributes give a folder without unlabeled_X.bin"
    else:
        part, note = TRAIN, "no unlabeled_X.bin is there: the images of train_X.bin train"
    return shuffled(names[part], seed), shuffled(names[TEST], seed), [note]


def _read_labels(files, names, records):
    labels = {}
    for part, name in names.items():
        counted = label_bytes(files, name, records[part]).astype(int)
        if counted.min() < 1 or counted.max() > len(CLASSES):
            raise DataError(f"{files.where(name)}: has labels from {counted.min()} to {counted.max()}, not "
                            f"from 1 to {len(CLASSES)}: fetch it again")
        labels[part] = counted - 1
    return Classes(CLASSES, labels)
