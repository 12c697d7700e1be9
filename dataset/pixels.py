"""Where pixels come from: picture files, or arrays. The protocol stands in dataset.readers."""
import numpy as np

from dataset.crop import crop_picture, decode, large_pictures
from dataset.files import stamp
from dataset.parallel import in_parallel

PER_JOB = 64       # pictures of an array that a worker cuts at a time


class PictureFiles:
    """Picture files in a folder or an archive (dataset.files), decoded by Pillow, as RGB."""

    channels = 3

    def __init__(self, files):
        self.files, self.path = files, files.path

    def identity(self, names):
        return self.files.identity(names)

    def rows(self, names, frame, workers=None):
        number_of = {name: number for number, name in enumerate(names)}

        def work(file):
            name, content = file
            where = self.files.where(name)
            return [number_of[name]], [crop_picture(decode(content, where), frame, where)]

        with large_pictures():
            yield from in_parallel(work, self.files.read(names), workers)


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
            return numbers, np.stack([crop_picture(self._picture(names[number]), frame,
                                                   f"{self.path}: {names[number]}") for number in numbers])

        jobs = (range(i, min(i + PER_JOB, len(names))) for i in range(0, len(names), PER_JOB))
        yield from in_parallel(work, jobs, workers)

    def _picture(self, name):
        part, _, number = name.rpartition("/")
        return self._arrays[part][int(number)]
