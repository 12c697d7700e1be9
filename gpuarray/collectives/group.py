"""A group of processes that share every batch; and the group of one, which has it whole."""
import numpy as np

from gpuarray.dispatch import backend_of


class Alone:
    """The group of one process."""

    rank, size, part = 0, 1, slice(None)

    def sum(self, array):
        return array

    def begin_sum(self, array):
        """Nothing to add."""

    def finish(self):
        """Nothing to wait for."""

    def whole(self, n):
        return n

    def before(self, n):
        return 0

    def moments(self, moments, rows):
        return moments

    def following(self, array):
        return array[:1]


ALONE = Alone()


class Group:
    """Processes that each have a slice of every batch, as even as the batch allows.

    communicator: of arrays on the device that is computed on, with `rank`, `size`, `sum`, `begin_sum` and
    `finish` as here. batch_size: images in the whole batch, at least one for each process.
    """

    def __init__(self, communicator, batch_size):
        self._communicator, self._batch_size = communicator, batch_size
        self.rank, self.size = communicator.rank, communicator.size
        self.part = slice(*(rank * batch_size // self.size for rank in (self.rank, self.rank + 1)))

    def sum(self, array):
        """Add up an array over all processes, in place; returns it. All processes call this in one order."""
        self._communicator.sum(array)
        return array

    def begin_sum(self, array):
        """As `sum`, but the array is neither read nor written until `finish`."""
        self._communicator.begin_sum(array)

    def finish(self):
        """From here on everything that begin_sum was given is added up."""
        self._communicator.finish()

    def whole(self, n):
        """How many rows the whole batch has, where this process has n, as many for each of its images."""
        return n * self._batch_size // (self.part.stop - self.part.start)

    def before(self, n):
        """How many of those rows lie before this process's own."""
        return n * self.part.start // (self.part.stop - self.part.start)

    def moments(self, moments, rows):
        """(mean, biased variance), (C,) each, over the whole batch, from those of the `rows` rows here.

        One sum, of means and mean squares, in float64: that is exact enough to take one from the other.
        """
        mean, var = moments
        sums = backend_of(mean).empty((2, *mean.shape), np.float64, mean)
        sums[0], sums[1] = mean, mean
        sums[1] *= sums[0]
        sums[1] += var
        sums *= rows / self.whole(rows)
        self.sum(sums)
        sums[1] -= sums[0] * sums[0]
        mean[...], var[...] = sums[0], np.maximum(sums[1], 0)
        return mean, var

    def following(self, array):
        """(1, A): what follows the rows here, of arrays (N, A): the next process's first row; then, the first
        process's."""
        rows = backend_of(array).zeros((self.size, array.shape[1]), array.dtype, array)
        rows[self.rank] = array[0]
        self.sum(rows)
        following = (self.rank + 1) % self.size
        return rows[following:following + 1]
