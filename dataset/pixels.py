"""Where pixels come from: picture files, or arrays. The protocol stands in dataset.readers."""
import contextlib

import numpy as np

from dataset.crop import crop_file, crop_picture
from dataset.decode import picture_size, quiet_decoders
from dataset.errors import BrokenPicture
from dataset.parallel import in_parallel
from dataset.reading import stamp

PER_JOB = 64       # pictures of an array that a worker cuts at a time


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


class Arrays:
    """Pictures that a file format holds as arrays, as MNIST's and CIFAR's do.

    files   the files that hold them
    arrays  {part: (n, H, W, C) uint8}, with one C for all; picture 12 of part 'train' is named 'train/000012'
    """

    def __init__(self, files, arrays):
        self.path, self._files, self._arrays = files[0], files, arrays
        self.channels = next(iter(arrays.values())).shape[-1]
        self.names = {part: [f"{part}/{number:06d}" for number in range(len(array))]
                      for part, array in arrays.items()}

    def identity(self, names):
        return [stamp(file) for file in self._files]

    def rows(self, names, frame, workers=None):
        def work(numbers):
            return numbers, np.stack([crop_picture(self._picture(name), frame, f"{self.path}: {name}")
                                      for name in (names[number] for number in numbers)]), 0

        jobs = (range(i, min(i + PER_JOB, len(names))) for i in range(0, len(names), PER_JOB))
        yield from in_parallel(work, jobs, workers)

    def _picture(self, name):
        part, _, number = name.rpartition("/")
        return self._arrays[part][int(number)]
