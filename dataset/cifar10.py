"""CIFAR-10 (Krizhevsky, 2009), its binary version: ten classes of colour pictures of 32 x 32.

A picture is a byte that tells its class, then a plane each of red, green and blue, row after row. The Python
version is pickles, which can hold any code: it is known here only to be refused.
"""
import functools

from dataset.errors import DataError
from dataset.lists import find_other
from dataset.pixels import PictureRecords, whole_records
from dataset.source import Classes, Source, shuffled

ARCHIVE = "cifar-10-binary.tar.gz"
TRAIN = [f"data_batch_{number}.bin" for number in range(1, 6)]
TEST = "test_batch.bin"
PICKLES = ["cifar-10-python.tar.gz", "data_batch_1", "test_batch"]
SHAPE, LABEL = (32, 32, 3), 1
CLASSES = "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"
NEEDS = ARCHIVE


def recognises(place):
    """Whether files of CIFAR-10 lie there, of either version."""
    return find_other(place.files, [ARCHIVE, *TRAIN, TEST, *PICKLES]) is not None


def open_source(place, seed=0):
    """The Source at `place`: CIFAR-10's archive or its files; test_batch.bin tests. Attributes: the classes.

    Raises DataError for what is missing or damaged, and for the Python version.
    """
    files = place.files
    if (archive := find_other(files, [ARCHIVE])) and not find_other(files, TRAIN):
        files = place.open(archive)
    found = {name: find_other(files, [name]) for name in [*TRAIN, TEST]}
    if not any(found.values()) and find_other(files, PICKLES):
        raise DataError(f"{place.path}: is the Python version of CIFAR-10, pickles, which could hold any "
                        f"code: get the binary version, {ARCHIVE} (--data cifar10 fetches it)")
    for name, there in found.items():
        if there is None:
            raise DataError(f"{place.path}: has files of CIFAR-10's, but no {name}: put {ARCHIVE} there")
    records = {name.removesuffix(".bin"): whole_records(files, there, SHAPE, "CHW", LABEL)
               for name, there in found.items()}
    pixels = PictureRecords(place.path, records)
    return Source(pixels.all_names, pixels, functools.partial(_split, pixels.names, seed),
                  attributes=functools.partial(_read_labels, records))


def _split(names, seed):
    test = TEST.removesuffix(".bin")
    train = [name for part in names if part != test for name in names[part]]
    return shuffled(train, seed), shuffled(names[test], seed), []


def _read_labels(records):
    labels = {part: some.labels[:, 0] for part, some in records.items()}
    for part, some in labels.items():
        if some.max() >= len(CLASSES):
            raise DataError(f"{records[part].where}: has a label {some.max()}, but there are {len(CLASSES)} "
                            "classes: fetch it again")
    return Classes(CLASSES, labels)
