"""What a group adds up, beside the same over the whole batch."""
import numpy as np
import pytest

import gpuarray as ga
from tests.gpuarray.check import assert_close
from tests.gpuarray.processes import in_processes

RNG = np.random.default_rng(0)
BATCH = 7

sizes = pytest.mark.parametrize("size", [1, 2, 3, 7])


def in_groups(size, work):
    """[work(group)] of the processes of a group."""
    return in_processes(size, lambda communicator: work(ga.Group(communicator, BATCH)))


@sizes
def test_the_parts_are_the_batch_and_even(size):
    parts = in_groups(size, lambda group: list(range(BATCH))[group.part])
    assert sum(parts, []) == list(range(BATCH))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@sizes
def test_rows_are_counted_over_the_whole_batch(size):
    def counted(group):
        here = 10 * (group.part.stop - group.part.start)
        return here, group.whole(here), group.before(here)

    before = 0
    for here, whole, found in in_groups(size, counted):
        assert (whole, found) == (10 * BATCH, before)
        before += here


@sizes
@pytest.mark.parametrize("dtype, mean", [("float32", 1000.0), ("float64", 1.0)])
def test_moments_are_those_of_the_whole_batch(size, dtype, mean):
    x = (mean + RNG.standard_normal((BATCH, 4, 5))).astype(dtype)

    def moments(group):
        part = x[group.part].astype(np.float64)
        here = part.mean((0, 1)).astype(dtype), part.var((0, 1)).astype(dtype)
        return group.moments(here, part[..., 0].size)

    for found in in_groups(size, moments):
        assert found[0].dtype == dtype
        assert_close(found[0], x.mean((0, 1), dtype=np.float64), 1e-7 if dtype == "float32" else 1e-14)
        # in float32 the means that came in were rounded, by up to 3e-5 of the spread
        assert_close(found[1], x.var((0, 1), dtype=np.float64), 1e-5 if dtype == "float32" else 1e-13)


@sizes
@pytest.mark.parametrize("given", [False, True])
def test_the_gradient_of_batchnorm_is_that_of_the_whole_batch(size, given):
    x, dy = RNG.standard_normal((2, BATCH, 3, 3, 5))
    gamma, beta = RNG.standard_normal((2, 5))

    def gradients(dy, x, group, statistics, sums=None):
        dgamma, dbeta = np.zeros(5), np.zeros(5)
        dx = ga.batchnorm_grad(dy, x, gamma, beta, statistics, "relu", dgamma, dbeta, 1.0, group, sums)
        return dx, dgamma, dbeta

    def of_a_part(group):
        """With sums that the product before has taken, which is here a convolution that copies dy."""
        dy_here, x_here = np.array(dy[group.part]), np.array(x[group.part])
        if not given:
            return gradients(dy_here, x_here, group, statistics)
        into = ga.Normalised(x_here, gamma, beta, statistics, "relu")
        dy_here, sums = ga.conv2d(dy_here, np.eye(5)[None, None], into=into)
        return gradients(dy_here, x_here, group, statistics, sums)

    _, statistics = ga.batchnorm(x, gamma, beta, 1e-5)
    dx, dgamma, dbeta = gradients(dy, x, ga.ALONE, statistics)
    parts = in_groups(size, of_a_part)
    assert_close(np.concatenate([part[0] for part in parts]), dx, 1e-13)
    assert_close(sum(part[1] for part in parts), dgamma, 1e-13)
    assert_close(sum(part[2] for part in parts), dbeta, 1e-13)


@sizes
def test_costs_and_gates_are_those_of_the_whole_batch(size):
    """One process's own costs would close other gates than the batch's."""
    real, fakes = np.linspace(-3, 3, BATCH)[:, None], np.linspace(4, -4, BATCH)[:, None]
    gate = 0.8, 0.2
    report, dlogits = ga.gan_cost(np.concatenate([real, fakes]), BATCH, 0.5, 0.5, 1e-3, gate)
    assert report[5] == 0

    def cost(group):
        logits = np.concatenate([real[group.part], fakes[group.part]])
        return ga.gan_cost(logits, len(logits) // 2, 0.5, 0.5, 1e-3, gate, group)

    parts = in_groups(size, cost)
    assert all(np.array_equal(part[0], parts[0][0]) for part in parts)
    assert_close(parts[0][0], report, 1e-14)
    halves = [np.split(part[1], 2) for part in parts]
    assert np.array_equal(np.concatenate([half[i] for i in (0, 1) for half in halves]), dlogits)


@sizes
def test_the_following_row_is_the_next_process_s_first(size):
    array = RNG.standard_normal((BATCH, 4))
    following = in_groups(size, lambda group: [group.part.stop, group.following(array[group.part])])
    for stop, row in following:
        assert np.array_equal(row, array[[stop % BATCH]])


def test_a_sum_that_was_begun_is_there_when_it_is_finished():
    def sums(group):
        first, second = np.full(3, group.rank + 1.0), np.ones(2)
        group.begin_sum(first)
        group.sum(second)
        group.finish()
        return first.tolist(), second.tolist()

    assert in_groups(3, sums) == [([6.0] * 3, [3.0] * 2)] * 3


def test_alone_everything_stays_as_it_is():
    array = RNG.standard_normal((3, 2))
    assert ga.ALONE.sum(array) is array
    assert ga.ALONE.moments((1, 2), 5) == (1, 2)
    assert (ga.ALONE.whole(5), ga.ALONE.before(5), ga.ALONE.size) == (5, 0, 1)
