"""Work on all cores, a few jobs ahead."""
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dataset import parallel
from dataset.parallel import Allowance, in_parallel


@pytest.mark.parametrize("workers", [1, 3, None])
def test_results_come_in_the_order_of_the_jobs(workers):
    assert list(in_parallel(abs, range(-50, 50), workers)) == [abs(job) for job in range(-50, 50)]


def test_jobs_are_read_only_a_little_ahead():
    drawn = []

    def jobs():
        for job in range(100):
            drawn.append(job)
            yield job

    results = in_parallel(lambda job: job ** 2, jobs(), workers=2)
    assert next(results) == 0 and len(drawn) < 12
    assert list(results) == [job ** 2 for job in range(1, 100)]


def test_work_by_processes():
    results = in_parallel(abs, range(-5, 5), workers=2, processes=True)
    assert list(results) == [5, 4, 3, 2, 1, 0, 1, 2, 3, 4]


def test_heavy_jobs_are_read_less_far_ahead(monkeypatch):
    monkeypatch.setattr(parallel, "WAITING_BYTES", 100)
    drawn = []

    def jobs():
        for job in [60, 60, 60, 300, 1, 1]:
            drawn.append(job)
            yield job

    results = in_parallel(lambda job: job, jobs(), workers=2, weigh=lambda job: job)
    assert next(results) == 60 and drawn == [60, 60]
    assert next(results) == 60 and drawn == [60, 60, 60]
    assert list(results) == [60, 300, 1, 1]


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_worker_processes_end_with_their_parent_however_it_ends(tmp_path):
    parent = subprocess.Popen([sys.executable, "-m", "tests.dataset.slow_work", tmp_path])
    try:
        _until(lambda: len(list(tmp_path.iterdir())) == 2)
    finally:
        parent.kill()
        parent.wait()
    _until(lambda: not any(_runs(path.name) for path in tmp_path.iterdir()))


def _runs(process):
    stat = Path("/proc", process, "stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def _until(holds):
    for _ in range(1200):
        if holds():
            return
        time.sleep(0.05)
    pytest.fail("waited for a minute")


def test_an_allowance_is_shared_and_the_largest_has_it_alone():
    allowance, held, most = Allowance(10), [], []

    def take(wanted):
        with allowance.of(wanted):
            held.append(wanted)
            most.append(sum(held))
            time.sleep(0.002)
            held.remove(wanted)

    list(in_parallel(take, [3, 4, 3, 50, 2, 5, 50, 1] * 5, workers=8))
    assert max(total for total in most if total < 50) <= 10
    assert {total for total in most if total >= 50} == {50}
