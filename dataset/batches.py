"""An endless stream of training batches, prepared by a thread beside the computation."""
import queue
import threading
import time
import weakref

import numpy as np

import gpuarray
from dataset.augment import IDENTITY
from dataset.errors import DataError

AHEAD = 2          # batches that wait, prepared, for their turn


class Batches:
    """Batches of a split, float32 (N, S, S, 3) in [-1, 1] on `device`: each pass has a new order.

    split         a dataset.Split
    batch_size    N; every batch is full, so one may end a pass and begin the next
    size          S
    augmentation  an Augmentation, or None to leave the images as they are
    rng           numpy Generator; one number is taken from it
    device        'cpu' or 'cuda'

    Batch b depends on nothing but that number and b, so a stream that is restored gives exactly the batches
    that would have come. `waited` counts the seconds that the consumer waited. Raises DataError for a batch
    larger than the split.
    """

    def __init__(self, split, batch_size, size, augmentation, rng, device="cpu"):
        if not 1 <= batch_size <= len(split):
            raise DataError(f"a batch of {batch_size} cannot be drawn from {len(split)} training images: "
                            f"choose --batch-size from 1 to {len(split)}")
        self.device = device
        self.waited = 0.0
        self._stream = _Stream(split.images, batch_size, size, augmentation, int(rng.integers(2 ** 62)))
        self._consumed = 0      # batches given so far
        self._ahead = None      # the queue of prepared batches, filled by a thread from the first request on
        self._end_thread = None

    def next(self):
        """The next batch of the stream. Whatever went wrong in preparing it is raised here."""
        if self._ahead is None:
            self._start()
        started = time.perf_counter()
        batch = self._ahead.get()
        self.waited += time.perf_counter() - started
        if isinstance(batch, Exception):
            self.close()
            raise batch
        self._consumed += 1
        if self.device == "cpu":
            return batch
        pixels, parameters = (gpuarray.to_device(part, self.device) for part in batch)
        return gpuarray.augment(pixels, parameters, self._stream.size)

    def state(self):
        """Where the stream stands: four integers by name."""
        stream = self._stream
        return {"key": stream.key, "images": len(stream.images), "batch_size": stream.batch_size,
                "consumed": self._consumed}

    def restore(self, state):
        """Goes on from where a stream stood. DataError where that had other images or another batch size."""
        here = self.state()
        for name in ("images", "batch_size"):
            if int(state[name]) != here[name]:
                raise DataError(f"the saved run had {name} {int(state[name])}, this one has {here[name]}: "
                                "resume with the data and settings of the saved run")
        self.close()
        old, self._consumed = self._stream, int(state["consumed"])
        self._stream = _Stream(old.images, old.batch_size, old.size, old.augmentation, int(state["key"]))

    def close(self):
        """Ends the thread. The stream can go on afterwards."""
        if self._ahead is not None:
            self._end_thread()
            self._ahead = None

    def _start(self):
        self._ahead, stop = queue.Queue(AHEAD), threading.Event()
        thread = threading.Thread(target=_fill, args=(self._ahead, stop, self._stream, self._consumed,
                                                      self.device == "cpu"), daemon=True)
        # The thread holds no reference to this object, and so ends with it if nobody calls close.
        self._end_thread = weakref.finalize(self, _stop, self._ahead, stop, thread)
        thread.start()


class _Stream:
    """The batches by number. Image i of the stream belongs to pass i // n, whose order the key decides."""

    def __init__(self, images, batch_size, size, augmentation, key):
        self.images, self.batch_size, self.size = images, batch_size, size
        self.augmentation, self.key = augmentation, key
        self._orders = {}          # pass -> its order, for the one or two that a batch touches

    def batch(self, number):
        """(uint8 images with their margin, parameters for gpuarray.augment) of batch `number`."""
        rows = self._rows(number * self.batch_size)
        if self.augmentation is None:
            return self.images[rows], np.tile(IDENTITY, (len(rows), 1))
        rng = np.random.default_rng((self.key, 1, number))
        return self.images[rows], self.augmentation.draw(rng, len(rows), self.size)

    def _rows(self, first):
        count = len(self.images)
        passes = range(first // count, (first + self.batch_size - 1) // count + 1)
        self._orders = {p: self._orders[p] if p in self._orders else self._order(p) for p in passes}
        rows = np.concatenate([self._orders[p] for p in passes])
        start = first - passes[0] * count
        return rows[start:start + self.batch_size]

    def _order(self, number):
        return np.random.default_rng((self.key, 0, number)).permutation(len(self.images))


def _fill(ahead, stop, stream, number, finish):
    """The thread: puts batch after batch into the queue, finished if so told, or the error that ends it."""
    try:
        while not stop.is_set():
            pixels, parameters = stream.batch(number)
            ahead.put(gpuarray.augment(pixels, parameters, stream.size) if finish else (pixels, parameters))
            number += 1
    except Exception as error:
        ahead.put(error)


def _stop(ahead, stop, thread):
    """Ends the thread: it sees the event at the latest when it has put one more batch."""
    stop.set()
    while thread.is_alive():
        try:
            ahead.get(timeout=0.01)
        except queue.Empty:
            continue
