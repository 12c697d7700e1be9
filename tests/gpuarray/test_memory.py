"""Buffers of the NumPy backend: used again when nobody sees them, and never before."""
import gc
import threading

import numpy as np
import pytest

import gpuarray as ga
from gpuarray.cpu import memory

LARGE = 1 << 18      # float32 numbers: 1 MiB


@pytest.fixture
def pool(monkeypatch):
    """An empty pool for the test alone."""
    pool = memory._Pool()
    monkeypatch.setattr(memory, "_pool", pool)
    monkeypatch.setattr(memory._Owner.__del__, "__defaults__", (pool,))
    return pool


def address(array):
    return array.__array_interface__["data"][0]


def test_a_buffer_is_used_again_once_its_last_view_is_gone(pool):
    array = memory.empty((LARGE,), np.float32)
    first, view = address(array), array[10:].reshape(2, -1).T
    del array
    assert pool.idle_bytes == 0 and address(memory.empty((LARGE,), np.float32)) != first
    pool.idle.clear()
    view[...] = 1
    del view
    assert address(memory.empty((LARGE // 4, 4), np.float32)) == first
    assert address(memory.empty((LARGE // 2,), np.float64)) == first


def test_a_buffer_serves_sizes_down_to_half_of_it(pool):
    first = address(memory.empty((LARGE,), np.float32))
    assert address(memory.empty((LARGE * 2 // 3,), np.float32)) == first
    assert address(memory.empty((LARGE // 3,), np.float32)) != first


def test_the_pool_is_bounded(pool, monkeypatch):
    monkeypatch.setattr(memory, "_MOST_IDLE", 5 << 20)
    arrays = [memory.empty((LARGE,), np.float32) for _ in range(8)]
    del arrays
    assert 3 << 20 < pool.idle_bytes <= 5 << 20
    assert pool.idle_bytes == sum(buffer.size for buffers in pool.idle.values() for buffer in buffers)


def test_arrays_alive_share_nothing(pool):
    """Each thread takes, fills, checks and drops arrays of changing sizes."""
    wrong = []

    def work(number):
        rng = np.random.default_rng(number)
        kept = []
        for step in range(300):
            array = memory.empty((int(rng.integers(1 << 14, 1 << 16)),), np.float32)
            array[...] = 1000 * number + step
            kept.append((array, 1000 * number + step))
            if len(kept) > 4:
                array, value = kept.pop(int(rng.integers(5)))
                if not (array == value).all():
                    wrong.append((number, step))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gc.collect()
    assert not wrong and 0 < pool.idle_bytes <= memory._MOST_IDLE


@pytest.mark.parametrize("shape", [(), 3, (0,), (5,), (3, 0, 2), (7, 9), (LARGE,), (3, LARGE)])
@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8", "uint64", "bool"])
def test_arrays_are_aligned_whole_and_writable(shape, dtype):
    array = memory.empty(shape, dtype)
    assert array.shape == np.empty(shape).shape and array.dtype == dtype
    assert array.flags.c_contiguous and array.flags.writeable and (address(array) % 64 == 0 or not array.size)
    assert not memory.zeros(shape, dtype).any()


def test_copies_are_their_own():
    array = np.arange(12.0).reshape(3, 4)
    for copy in (memory.to_device(array.T), memory.to_host(array.T)):
        assert copy.flags.c_contiguous and not np.shares_memory(copy, array)
        np.testing.assert_array_equal(copy, array.T)


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
@pytest.mark.parametrize("axis, shapes", [
    (0, [(3, 4)]), (0, [(3, 4), (1, 4)]), (-1, [(3, 4), (3, 1), (3, 2)]), (-1, [(2, 3, 5), (2, 3, 1)]),
    (-1, [(2,), (3,)])])
def test_concatenate(axis, shapes, dtype):
    rng = np.random.default_rng(1)
    arrays = [rng.uniform(0, 99, shape).astype(dtype) for shape in shapes]
    got = ga.concatenate(*arrays, axis=axis)
    assert got.dtype == dtype and got.flags.c_contiguous
    np.testing.assert_array_equal(got, np.concatenate(arrays, axis))


def test_an_array_that_was_interrupted_in_the_making_is_silent(pool, monkeypatch, capsys):
    def interrupted(size):
        raise KeyboardInterrupt

    monkeypatch.setattr(pool, "take", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ga.empty((LARGE,), "float32", np.zeros(1))
    gc.collect()
    assert capsys.readouterr().err == "" and pool.idle == {}
