"""MNIST (LeCun, Cortes, Burges, 1998), and whatever else lies in IDX files of its names, gzipped or not.

An IDX file is a zero, a zero, the type of its numbers (8: unsigned bytes), the number of axes, the length of
each axis (32 bits, the highest byte first), and the numbers.
"""
import functools
import math
import struct

from dataset.errors import DataError, one_line, unreadable
from dataset.lists import find_other
from dataset.pixels import PictureRecords, Records, label_bytes, opened
from dataset.source import Classes, Source, hold_out, shuffled

PARTS = {"train": "train", "test": "t10k"}       # and how their files' names begin
NEEDS = "train-images-idx3-ubyte.gz, t10k-images-idx3-ubyte.gz and the labels beside them, gzipped or not"
UNZIPPED_TIMES = 1032                            # a gzip file never holds more (RFC 1951)
MOST_PICTURES = 1 << 24                          # more of them are a damaged header


def recognises(place):
    """Whether IDX files of pictures lie there, named as MNIST's."""
    return any(_file(place.files, part, "images") for part in PARTS)


def open_source(place, seed=0, classes=None):
    """The Source at `place`. The files of t10k test; where one part alone is there, a tenth of it, by `seed`.

    classes  names of the classes that the labels count; None: their numbers
    The attributes are the classes, where every part has its labels. Raises DataError for what is missing,
    damaged, or does not belong together.
    """
    images = {part: name for part in PARTS if (name := _file(place.files, part, "images"))}
    if not images:
        raise DataError(f"{place.path}: holds no file of images: put {NEEDS} there")
    labels = {part: _file(place.files, part, "labels") for part in images}
    records = {part: _records(place.files, name) for part, name in images.items()}
    pixels = PictureRecords(place.path, records)
    attributes = functools.partial(_read_labels, place.files, labels, records, classes)
    return Source(pixels.all_names, pixels, functools.partial(_split, pixels, seed),
                  attributes=attributes if all(labels.values()) else None)


def _file(files, part, what):
    """The name of a part's images or labels, of several copies the one that is not zipped; or None."""
    axes = {"images": 3, "labels": 1}[what]
    return find_other(files, [f"{PARTS[part]}-{what}{sign}idx{axes}-ubyte{zipped}"
                              for zipped in ("", ".gz") for sign in "-."])


def _records(files, name):
    """The Records of a file of pictures."""
    where = files.where(name)
    with one_line(unreadable(where)), opened(files, name) as file:
        count, height, width = _axes(file, 3, where)
    held, size = 16 + count * height * width, files.size(name)
    fits = held <= size * UNZIPPED_TIMES if name.endswith(".gz") else held == size
    if not fits or count > MOST_PICTURES:
        raise DataError(f"{where}: is of {size:,} bytes, but {count:,} pictures of {width} x {height} are to "
                        "be in it: fetch it again")
    return Records(files, name, count, (height, width, 1), start=16)


def _axes(file, number, where):
    """The lengths of the axes of an IDX file, read from its beginning."""
    kind, lengths = file.read(4), file.read(4 * number)
    lengths = struct.unpack(f">{number}I", lengths.ljust(4 * number, b"\0"))
    if kind != bytes([0, 0, 8, number]) or not math.prod(lengths):
        what = "pictures" if number == 3 else "labels"
        raise DataError(f"{where}: does not begin as an IDX file of {what} does: fetch it again")
    return lengths


def _split(pixels, seed):
    """(names to train with, names to test with, notes), in the order that `seed` draws."""
    if len(pixels.names) == 2:
        train, test, notes = *pixels.names.values(), []
    else:
        (part, names), = pixels.names.items()
        if len(names) < 2:
            raise DataError(f"{pixels.path}: holds a single image: give at least two, to train and to test")
        train, test = hold_out(names, seed)
        notes = [f"only the part named {PARTS[part]} is there: a tenth of it is held out for testing"]
    return shuffled(train, seed), shuffled(test, seed), notes


def _read_labels(files, names, records, classes):
    """The Classes of all pictures."""
    labels = {part: _labels(files, name, records[part]) for part, name in names.items()}
    most = max(int(some.max()) for some in labels.values()) + 1
    if classes is None:
        classes = [str(number) for number in range(max(most, 10))]
    if most > len(classes):
        part = max(labels, key=lambda part: labels[part].max())
        raise DataError(f"{files.where(names[part])}: has a label {most - 1}, but there are {len(classes)} "
                        "classes: put images and labels of one set together")
    return Classes(classes, labels)


def _labels(files, name, records):
    """(n,) uint8, the labels of the records, from the file of this name."""
    where = files.where(name)
    with one_line(unreadable(where)), opened(files, name) as file:
        (count,) = _axes(file, 1, where)
    if count != records.count:
        raise DataError(f"{where}: has {count:,} labels for {records.count:,} images: put images and labels "
                        "of one set together")
    return label_bytes(files, name, records, start=8)
