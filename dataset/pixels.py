"""Where pixels come from: picture files, or files of records. The protocol stands in dataset.readers."""
import contextlib
import functools
import gzip
import math

import numpy as np

from dataset.crop import crop_file, crop_picture
from dataset.decode import picture_size, quiet_decoders
from dataset.errors import BrokenPicture, DataError, one_line, unreadable
from dataset.parallel import in_parallel

PER_JOB = 64       # records that are read and cut at a time


class PictureFiles:
    """Picture files in a folder or an archive (dataset.files), decoded by Pillow, as RGB."""

    channels = 3

    def __init__(self, files):
        self.files, self.path = files, files.path

    def identity(self, names):
        return self.files.identity(names)

    def sizes(self, names):
        """[(width, height) or None] of these pictures, from their headers."""
        with quiet_decoders(), contextlib.closing(self.files.read(names)) as files:
            return [picture_size(content) if isinstance(content, bytes) else None for _, content in files]

    def rows(self, names, frame, workers=None):
        number_of = {name: number for number, name in enumerate(names)}

        def work(file):
            name, content = file
            try:
                if isinstance(content, BrokenPicture):
                    raise content
                row, enlarged = crop_file(content, frame, self.files.where(name))
                return [number_of[name]], [row], int(enlarged)
            except BrokenPicture as broken:
                return [number_of[name]], broken, 0

        def weigh(file):
            return len(file[1]) if isinstance(file[1], bytes) else 0

        with quiet_decoders():
            yield from in_parallel(work, self.files.read(names), workers, weigh=weigh)


class Records:
    """Pictures of one size that lie in a file one after the other, as MNIST's, CIFAR-10's and STL-10's do.

    files  the files that hold it (dataset.files), `name` the one among them; one named .gz is unzipped
    count  how many pictures it holds
    shape  (H, W, C) of each
    axes   the order in which a picture's numbers lie: 'HWC', 'CHW' or 'CWH'
    start  bytes before the first picture
    label  bytes before the numbers of each picture
    """

    def __init__(self, files, name, count, shape, axes="HWC", start=0, label=0):
        self.files, self.name, self.where = files, name, files.where(name)
        self.count, self.shape = count, shape
        self._axes, self._start, self._label = axes, start, label

    @functools.cached_property
    def labels(self):
        """(count, label) uint8: the bytes before each picture."""
        return np.concatenate([rows[:, :self._label] for _, rows in self._rows(self.count)])

    def pictures(self, wanted):
        """Yields (numbers, pictures (k, H, W, C) uint8) until all `wanted` numbers of pictures have come."""
        lengths = [self.shape["HWC".index(axis)] for axis in self._axes]
        order = [1 + self._axes.index(axis) for axis in "HWC"]
        for first, rows in self._rows(max(wanted) + 1):
            numbers = [number for number in range(first, first + len(rows)) if number in wanted]
            rows = rows[[number - first for number in numbers], self._label:]
            if numbers:
                yield numbers, rows.reshape(-1, *lengths).transpose(0, *order)

    def _rows(self, count):
        """Yields (number of the first, label and numbers of each (k, D) uint8) of the first `count`."""
        length = self._label + math.prod(self.shape)
        with one_line(unreadable(self.where)), opened(self.files, self.name) as file:
            if len(file.read(self._start)) < self._start:
                raise DataError(f"{self.where}: is cut short: fetch it again")
            for first in range(0, count, PER_JOB):
                some = min(PER_JOB, count - first)
                content = file.read(some * length)
                if len(content) < some * length:
                    raise DataError(f"{self.where}: is cut short, of {self.count:,} pictures: fetch it again")
                yield first, np.frombuffer(content, np.uint8).reshape(some, length)
            if count == self.count and file.read(1):             # where a gzip file ends its checksum is read
                raise DataError(f"{self.where}: goes on after its {count:,} pictures: fetch it again")


def whole_records(files, name, shape, axes, label=0):
    """The Records that fill a file. Raises DataError where a part of one is left."""
    with one_line(unreadable(files.where(name))):
        size, length = files.size(name), label + math.prod(shape)
    if not size or size % length:
        raise DataError(f"{files.where(name)}: is of {size:,} bytes, not of whole pictures of {length:,} "
                        "each: fetch it again")
    return Records(files, name, size // length, shape, axes, label=label)


def label_bytes(files, name, records, start=0):
    """(n,) uint8: the labels of Records, which lie in another file, after so many bytes.

    Raises DataError where there are not as many.
    """
    where = files.where(name)
    with one_line(unreadable(where)), opened(files, name) as file:
        labels = np.frombuffer(file.read(start + records.count + 1)[start:], np.uint8)
    if len(labels) != records.count:
        found = "more" if len(labels) > records.count else f"{len(labels):,}"
        raise DataError(f"{where}: has {found} labels for {records.count:,} images: put images and labels "
                        "of one set together")
    return labels


@contextlib.contextmanager
def opened(files, name):
    """One of the others among `files` (dataset.files), open for reading; unzipped where it is named .gz."""
    with files.open(name) as file:
        if name.lower().endswith(".gz"):
            with gzip.open(file) as unzipped:
                yield unzipped
        else:
            yield file


class PictureRecords:
    """The pictures of {part: Records}, all with as many channels: 12 of 'train' is named 'train/000012'."""

    def __init__(self, path, parts):
        self.path, self._parts = path, parts
        self.channels = next(iter(parts.values())).shape[-1]
        self.names = {part: [f"{part}/{number:06d}" for number in range(records.count)]
                      for part, records in parts.items()}
        self.all_names = sorted(name for names in self.names.values() for name in names)

    def identity(self, names):
        return [records.files.identity([records.name]) for records in self._parts.values()]

    def rows(self, names, frame, workers=None):
        def work(job):
            numbers, pictures = job
            cut = np.stack([crop_picture(picture, frame, names[number])
                            for number, picture in zip(numbers, pictures)])
            return numbers, cut, len(cut) * (min(pictures.shape[1:3]) < frame.size)

        yield from in_parallel(work, self._jobs(names), workers, weigh=lambda job: job[1].nbytes)

    def _jobs(self, names):
        """Yields (numbers among the names, their pictures), in the order in which they lie."""
        wanted = {part: {} for part in self._parts}
        for place, name in enumerate(names):
            part, _, number = name.rpartition("/")
            wanted[part][int(number)] = place
        for part, places in wanted.items():
            for numbers, pictures in self._parts[part].pictures(places) if places else ():
                yield [places[number] for number in numbers], pictures
