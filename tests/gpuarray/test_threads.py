"""Work on all cores: order, errors, and what happens inside work."""
import threading
import time

import pytest

import gpuarray
from gpuarray.cpu import threads


@pytest.fixture(autouse=True)
def three_cores(monkeypatch):
    monkeypatch.setattr(threads, "cores", lambda: 3)


def test_results_come_in_order_whoever_is_faster():
    def work(i):
        time.sleep(0.002 * (10 - i))
        return i * i

    assert threads.in_parallel(work, range(10)) == [i * i for i in range(10)]


def test_items_run_beside_each_other():
    meeting = threading.Barrier(2, timeout=30)
    # alone, each would wait for the other
    assert len(threads.in_parallel(lambda i: meeting.wait(), range(2))) == 2


@pytest.mark.parametrize("length, size", [(0, 3), (1, 3), (3, 3), (10, 3), (10, 100)])
def test_chunks_cover_everything_once(length, size):
    parts = threads.in_chunks(lambda part: list(range(length))[part], length, size)
    assert [i for part in parts for i in part] == list(range(length))
    assert all(len(part) <= size for part in parts)


def test_an_error_of_any_item_is_raised():
    for bad in range(6):
        def work(i):
            if i == bad:
                raise ValueError(f"item {i}")

        with pytest.raises(ValueError, match=f"item {bad}"):
            threads.in_parallel(work, range(6))
    assert threads.in_parallel(abs, [-1, -2]) == [1, 2]      # and the workers still work


def test_work_inside_work_stays_in_its_thread():
    def inner(_):
        return threading.get_ident()

    def outer(_):
        return threading.get_ident(), set(threads.in_parallel(inner, range(4)))

    for here, inside in threads.in_parallel(outer, range(6)):
        assert inside == {here}


def test_use_cores_keeps_work_on_so_many(monkeypatch):
    monkeypatch.undo()
    everything = gpuarray.available_cores()
    assert everything == threads.cores() >= 1
    try:
        gpuarray.use_cores(1)
        assert threads.cores() == 1 and gpuarray.available_cores() == everything
        assert set(threads.in_parallel(lambda _: threading.get_ident(), range(20))) == {threading.get_ident()}
        threads.use_cores(10**6)
        assert threads.cores() == everything
    finally:
        threads.use_cores(None)
    assert threads.cores() == everything
