"""Distances between sets of features, held to closed forms and to sets that are known."""
import numpy as np
import pytest

from experiment.evaluation.distances import above, frechet, kernel_distance, precision_recall

RNG = np.random.default_rng(0)


def whitened(n, d, rng=RNG):
    """Points with mean 0 and covariance 1, exactly."""
    points = rng.standard_normal((n, d))
    points -= points.mean(0)
    return points @ np.linalg.inv(np.linalg.cholesky(np.cov(points, rowvar=False))).T


def test_frechet_of_two_gaussians_whose_axes_agree():
    a, b = np.array([1.0, 2.0, 0.5]), np.array([3.0, 1.0, 0.5])
    shift = np.array([1.0, -2.0, 0.0])
    expected = shift @ shift + np.square(a - b).sum()
    assert frechet(whitened(50, 3) * a, whitened(70, 3) * b + shift) == pytest.approx(expected, rel=1e-9)


def test_frechet_of_two_gaussians_whose_axes_do_not():
    turn = np.linalg.qr(RNG.standard_normal((2, 2)))[0]
    a, b = np.diag([4.0, 1.0]), turn @ np.diag([9.0, 0.25]) @ turn.T
    # of 2 x 2: the trace of a root is sqrt(trace + 2 sqrt(determinant))
    product = a @ b
    root = np.sqrt(np.trace(product) + 2 * np.sqrt(np.linalg.det(product)))
    points = [whitened(60, 2) @ np.linalg.cholesky(cov).T for cov in (a, b)]
    assert frechet(*points) == pytest.approx(np.trace(a) + np.trace(b) - 2 * root, rel=1e-9)
    assert frechet(points[0], points[0]) == pytest.approx(0, abs=1e-9)


def test_the_kernel_distance_is_the_mean_over_pairs():
    a, b = RNG.standard_normal((4, 3)), RNG.standard_normal((5, 3))

    def mean(x, y, pairs):
        return np.mean([(x[i] @ y[j] / 3 + 1) ** 3 for i, j in pairs])

    among = [mean(x, x, [(i, j) for i in range(len(x)) for j in range(len(x)) if i != j]) for x in (a, b)]
    between = mean(a, b, [(i, j) for i in range(4) for j in range(5)])
    assert kernel_distance(a, b) == pytest.approx(sum(among) - 2 * between)


def test_the_kernel_distance_of_one_distribution_is_about_0():
    near = [kernel_distance(*RNG.standard_normal((2, 100, 4))) for _ in range(20)]
    assert min(near) < 0 < max(near) and abs(np.mean(near)) < 0.05
    assert kernel_distance(RNG.standard_normal((100, 4)), RNG.standard_normal((100, 4)) + 1) > 1


def line(*positions):
    return np.array(positions, float)[:, None]


def test_precision_and_recall_of_known_sets():
    real = line(0, 1, 2, 3, 100, 101, 102, 103)
    assert precision_recall(real, real) == (1, 1)
    assert precision_recall(real, real + 1000) == (0, 0)
    few_kinds = line(0.5, 1.5, 2.5, 2.6)                         # all real, half of what is real
    assert precision_recall(real, few_kinds) == (1, 0.5)
    one_wrong = line(0.5, 1.5, 50, 2.5, 101.5, 102.5, 100.5, 103.5)
    assert precision_recall(real, one_wrong)[0] == 7 / 8


def test_precision_reaches_to_the_third_neighbour():
    real = line(0, 1, 2, 3)
    assert precision_recall(real, line(5.9, 6.1, 6.2, -3.1))[0] == 1 / 4


def test_the_probability_to_be_above():
    assert above([3, 4], [1, 2]) == 1 and above([1, 2], [3, 4]) == 0
    assert above([1, 3], [2, 2]) == 0.5 and above([2], [2, 1]) == 0.75
