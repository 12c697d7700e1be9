"""An endless stream of training batches, prepared by a thread beside the computation."""
import queue
import threading
import time
import weakref

import numpy as np

import gpuarray
from dataset.augment import unmoved
from dataset.errors import DataError

AHEAD = 2          # prepared batches that wait in the queue


class Batches:
    """Batches of a split on `device`: tuples of images, float32 (N, S, S, C) in [-1, 1], and attributes.

    split         a dataset.Split
    batch_size    N; every batch is full, so one may end a pass over the images and begin the next
    size          S
    augmentation  an Augmentation, or None to leave the images as they are
    rng           numpy Generator; one number is taken from it
    device        'cpu' or 'cuda'
    attributes    whether the images' attributes, float32 (N, A), follow them in the tuples
    part          a slice: of each batch only these images, as they are in the whole of it

    Each pass has a new order. Batch b depends on the number taken from `rng` and on b alone, so a restored
    stream gives exactly the batches that would have come. `waited` counts the seconds that next() waited for
    the thread. Raises DataError for a batch larger than the split, or attributes that the split lacks.
    """

    def __init__(self, split, batch_size, size, augmentation, rng, device="cpu", attributes=False,
                 part=slice(None)):
        if not 1 <= batch_size <= len(split):
            advice = f"choose --batch-size from 2 to {len(split)}" if len(split) > 1 else "add more"
            raise DataError(f"a batch of {batch_size} cannot be drawn from {len(split)} training images: "
                            f"{advice}")
        if attributes and split.attributes is None:
            raise DataError("these images were opened without attributes: open them with want_attributes")
        self.device = device
        self.waited = 0.0
        self._stream = _Stream(split.images, split.scale, split.attributes if attributes else None,
                               batch_size, size, augmentation, int(rng.integers(2 ** 62)), part)
        self._consumed = 0      # batches given so far
        self._ahead = None      # the queue of prepared batches, filled by a thread from the first request on
        self._end_thread = None

    def next(self):
        """The next batch: (images,) or (images, attributes). An exception in preparing it is raised here."""
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
        return _augmented([gpuarray.to_device(array, self.device) for array in batch], self._stream.size)

    def state(self):
        """The position in the stream, to restore: four integers by name."""
        stream = self._stream
        return {"key": stream.key, "images": len(stream.images), "batch_size": stream.batch_size,
                "consumed": self._consumed}

    def restore(self, state):
        """Continues from a saved position. DataError where that had other images or another batch size."""
        here = self.state()
        for name in ("images", "batch_size"):
            if int(state[name]) != here[name]:
                raise DataError(f"the saved run had {name} {int(state[name])}, this one has {here[name]}: "
                                "resume with the data and settings of the saved run")
        self.close()
        self._consumed = int(state["consumed"])
        self._stream = self._stream.of_key(int(state["key"]))

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

    def __init__(self, images, scale, attributes, batch_size, size, augmentation, key, part):
        self.images, self.scale, self.attributes = images, scale, attributes
        self.batch_size, self.size, self.augmentation, self.key = batch_size, size, augmentation, key
        self.part = part
        self._orders = {}          # pass -> its order, for the one or two that a batch touches

    def of_key(self, key):
        """The same stream with another key."""
        return _Stream(self.images, self.scale, self.attributes, self.batch_size, self.size,
                       self.augmentation, key, self.part)

    def batch(self, number):
        """Batch `number`: (uint8 pictures, parameters for gpuarray.augment[, attributes])."""
        rows = self._rows(number * self.batch_size)
        if self.augmentation is None:
            parameters = unmoved(len(rows), self.scale)
        else:
            rng = np.random.default_rng((self.key, 1, number))
            parameters = self.augmentation.draw(rng, len(rows), self.size, self.scale)
        rows, parameters = rows[self.part], parameters[self.part]
        more = () if self.attributes is None else (self.attributes[rows],)
        return self.images[rows], parameters, *more

    def _rows(self, first):
        count = len(self.images)
        passes = range(first // count, (first + self.batch_size - 1) // count + 1)
        self._orders = {p: self._orders[p] if p in self._orders else self._order(p) for p in passes}
        rows = np.concatenate([self._orders[p] for p in passes])
        start = first - passes[0] * count
        return rows[start:start + self.batch_size]

    def _order(self, number):
        return np.random.default_rng((self.key, 0, number)).permutation(len(self.images))


def _augmented(batch, size):
    """What next() gives of a stream's batch."""
    pixels, parameters, *more = batch
    return gpuarray.augment(pixels, parameters, size), *more


def _fill(ahead, stop, stream, number, augment):
    """The thread's work: puts batch after batch into the queue, or the exception that ends it."""
    try:
        while not stop.is_set():
            batch = stream.batch(number)
            ahead.put(_augmented(batch, stream.size) if augment else batch)
            number += 1
    except Exception as error:
        ahead.put(error)


def _stop(ahead, stop, thread):
    """Ends the thread, which sees the event at the latest when it has put one more batch."""
    stop.set()
    while thread.is_alive():
        try:
            ahead.get(timeout=0.01)
        except queue.Empty:
            continue
