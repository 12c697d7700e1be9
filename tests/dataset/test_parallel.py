"""Work on all cores, a few jobs ahead."""
import pytest

from dataset.parallel import in_parallel


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
