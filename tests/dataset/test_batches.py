"""The stream of batches."""
import gc
import json
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

import gpuarray
from dataset import CELEBA, Augmentation, Batches, DataError, FLIPS, Split

SIZE = 8


def split(count=10):
    """Images that are all different: image i begins with the byte i, and its attributes are i and -i."""
    images = np.random.default_rng(0).integers(0, 256, (count, SIZE + 2, SIZE + 2, 3), np.uint8)
    images[:, 1, 1, 0] = np.arange(count)
    attributes = np.arange(count, dtype=np.float32)[:, None] * np.float32([1, -1])
    return Split(images, 1, attributes=attributes, attribute_names=("up", "down"))


def stream(batch_size=4, augmentation=None, seed=0, data=None, **options):
    return Batches(data or split(), batch_size, SIZE, augmentation, np.random.default_rng(seed), **options)


def rows_of(images):
    """Which images a batch holds, where nothing is augmented."""
    return np.rint((images[:, 0, 0, 0] + 1) * 127.5).astype(int)


def numbers(batches, count):
    """Which images the next `count` batches hold."""
    return np.concatenate([rows_of(*batches.next()) for _ in range(count)])


def test_batches_are_the_crops():
    batches = stream()
    images, = batches.next()
    assert images.shape == (4, SIZE, SIZE, 3) and images.dtype == np.float32
    np.testing.assert_allclose(images, split().pictures(rows_of(images)), atol=1e-5)
    batches.close()


def test_batches_of_larger_pictures_are_the_images_sampled_from_them():
    pictures = np.random.default_rng(0).integers(0, 256, (10, 26, 26, 3), np.uint8)
    larger = Split(pictures, 3, scale=2.5)                         # crops of 20 for images of 8
    batches = stream(10, data=larger)
    images, = batches.next()
    batches.close()
    expected = larger.pictures(slice(None))
    assert images.shape == expected.shape == (10, SIZE, SIZE, 3)
    apart = np.abs(images[:, None] - expected).max(axis=(2, 3, 4))
    np.testing.assert_allclose(apart.min(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(larger.pictures(slice(None, None, 3)), expected[::3], atol=1e-6)
    np.testing.assert_allclose(larger.pictures([7, 2]), expected[[7, 2]], atol=1e-6)


def test_attributes_go_with_their_images_and_change_nothing_else():
    with_attributes, without = stream(augmentation=FLIPS, attributes=True), stream(augmentation=FLIPS)
    for _ in range(4):
        images, attributes = with_attributes.next()
        np.testing.assert_array_equal(images, *without.next())
        assert attributes.dtype == np.float32 and attributes.shape == (4, 2)
    state, order = with_attributes.state(), stream(seed=0)
    assert state == without.state()
    order.restore({**state, "consumed": 3})                     # not augmented: the images can be told
    np.testing.assert_array_equal(attributes, split().attributes[rows_of(*order.next())])
    with_attributes.restore({**state, "consumed": 3})
    np.testing.assert_array_equal(with_attributes.next()[1], attributes)
    for batches in (with_attributes, without, order):
        batches.close()


def test_attributes_that_the_split_lacks():
    with pytest.raises(DataError, match="without attributes: open them with want_attributes"):
        stream(data=Split(split().images, 1), attributes=True)


@pytest.mark.parametrize("batch_size", [1, 3, 4, 5, 10])
def test_every_image_once_a_pass_in_a_new_order(batch_size):
    batches = stream(batch_size)
    passes = numbers(batches, 30 // batch_size + 1)[:30].reshape(3, 10)
    batches.close()
    for order in passes:
        np.testing.assert_array_equal(np.sort(order), np.arange(10))
    orders = {tuple(order) for order in passes}
    assert len(orders) == 3 and tuple(range(10)) not in orders


def test_the_generator_decides():
    first, again, other = (stream(seed=seed) for seed in (1, 1, 2))
    a, b, c = (numbers(batches, 10) for batches in (first, again, other))
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()
    for batches in (first, again, other):
        batches.close()


@pytest.mark.parametrize("augmentation", [None, FLIPS, CELEBA])
@pytest.mark.parametrize("consumed", [0, 1, 2, 5, 11])
def test_a_restored_stream_goes_on_exactly(augmentation, consumed):
    first = stream(3, augmentation)
    for _ in range(consumed):
        first.next()
    state = json.loads(json.dumps(first.state()))      # of what was taken, whatever the thread has ready
    expected = [first.next() for _ in range(8)]
    second = stream(3, augmentation, seed=99)
    second.next()
    second.restore({name: np.array(value) for name, value in state.items()})      # as an .npz gives it back
    for batch in expected:
        np.testing.assert_array_equal(*second.next(), *batch)
    assert first.state() == second.state()
    first.restore(state)                                      # also back in time, and in the same object
    np.testing.assert_array_equal(*first.next(), *expected[0])
    first.close()
    second.close()


def test_close_loses_nothing():
    whole, interrupted = stream(), stream()
    for _ in range(4):
        np.testing.assert_array_equal(*whole.next(), *interrupted.next())
        interrupted.close()
    whole.close()


@pytest.mark.parametrize("data, batch_size, name", [
    (split(11), 4, "images 10"), (split(), 5, "batch_size 4")])
def test_a_state_of_other_data_is_refused(data, batch_size, name):
    with pytest.raises(DataError, match=f"the saved run had {name}"):
        stream(batch_size, data=data).restore(stream().state())


def test_augmented_batches_differ_from_pass_to_pass():
    batches = stream(10, CELEBA)
    (a,), (b,) = batches.next(), batches.next()
    batches.close()
    assert a.min() >= -1 and a.max() <= 1
    nearest = np.abs(a[:, None] - b[None]).reshape(10, 10, -1).max(axis=2).min(axis=1)
    assert nearest.min() > 0.01


@pytest.mark.parametrize("batch_size", [0, 11])
def test_a_batch_that_cannot_be_filled(batch_size):
    with pytest.raises(DataError, match=f"a batch of {batch_size} cannot be drawn from 10 .*--batch-size"):
        stream(batch_size)


class Breaks(Augmentation):
    def draw(self, rng, count, size, scale):
        raise FloatingPointError("drawn wrongly")


def test_an_error_in_the_thread_reaches_the_consumer():
    batches = stream(augmentation=Breaks())
    for _ in range(2):
        with pytest.raises(FloatingPointError, match="drawn wrongly"):
            batches.next()
    assert batches.state()["consumed"] == 0


def wait_until_ended(before):
    deadline = time.monotonic() + 5
    while set(threading.enumerate()) - before and time.monotonic() < deadline:
        time.sleep(0.01)
    return not set(threading.enumerate()) - before


def test_the_thread_ends_with_close_and_with_the_object():
    before = set(threading.enumerate())
    batches = stream()
    batches.next()
    assert set(threading.enumerate()) - before
    batches.close()
    assert wait_until_ended(before)
    batches.next()
    del batches
    gc.collect()
    assert wait_until_ended(before)


class Slow(Augmentation):
    """Takes a second of a clock of its own, but not before `go` is set."""
    now, drawn = 0.0, 0

    def __init__(self):
        super().__init__()
        self.go = threading.Event()

    def draw(self, rng, count, size, scale):
        self.go.wait(60)
        self.now, self.drawn = self.now + 1, self.drawn + 1
        return super().draw(rng, count, size, scale)

    def read_clock(self):
        now = self.now
        self.go.set()                           # whoever reads the clock begins to wait, or has ended it
        return now


def test_waiting_is_counted_and_preparing_goes_on_meanwhile(monkeypatch):
    slow = Slow()
    monkeypatch.setattr("dataset.batches.time", SimpleNamespace(perf_counter=slow.read_clock))
    batches = stream(augmentation=slow)
    batches.next()
    assert batches.waited >= 1
    until = time.monotonic() + 60
    while slow.drawn < 4 and time.monotonic() < until:          # two wait, one more has no room yet
        time.sleep(0.01)
    assert slow.drawn == 4
    monkeypatch.setattr("dataset.batches.time", SimpleNamespace(perf_counter=lambda: slow.now))
    slow.go.clear()
    before = batches.waited
    batches.next()
    batches.next()
    assert batches.waited == before             # nothing was made while they were waited for
    slow.go.set()
    batches.close()


def test_on_another_device_the_arrays_are_moved_first(monkeypatch):
    moved = []

    def to_device(array, device):
        moved.append((array.dtype, device))
        return array

    monkeypatch.setattr(gpuarray, "to_device", to_device)
    here, there = (stream(augmentation=FLIPS, device=device, attributes=True) for device in ("cpu", "cuda"))
    for expected, array in zip(here.next(), there.next(), strict=True):
        np.testing.assert_array_equal(array, expected)
    assert moved == [(np.uint8, "cuda"), (np.float32, "cuda"), (np.float32, "cuda")]
    here.close()
    there.close()


def test_parts_are_slices_of_the_whole_batch():
    options = dict(batch_size=5, augmentation=CELEBA, attributes=True)
    whole, first, second = (stream(part=part, **options) for part in (slice(None), slice(0, 2), slice(2, 5)))
    for _ in range(3):                                             # beyond a pass over the images
        parts = zip(first.next(), second.next())
        for array, pair in zip(whole.next(), parts):
            assert np.array_equal(np.concatenate(pair), array)
    assert first.state() == whole.state()
    for batches in (whole, first, second):
        batches.close()
