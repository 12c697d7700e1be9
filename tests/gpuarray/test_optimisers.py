import numpy as np
import pytest

import gpuarray as ga
from tests.gpuarray.check import check_op

SIZES = [1, 1000, 70001]


def draw(size):
    rng = np.random.default_rng(size)
    p, g = rng.standard_normal(size), rng.standard_normal(size)
    return p, g, rng.uniform(0.1, 1, size), rng.standard_normal(size) * 0.1


@pytest.mark.parametrize("size", SIZES)
def test_rmsprop(size):
    p, g, ms, _ = draw(size)
    boundary = size // 3

    def operation(p, g, ms):
        ga.rmsprop_step(p, g, ms, np.array([0.01], np.float32), np.ones(1, np.float32), 0.9, 1e-8, 0.02,
                        boundary)
        return p, ms, g

    def plain(p, g, ms):
        g = g + 0.02 * p * (np.arange(size) < boundary)
        ms = 0.9 * ms + 0.1 * g**2
        return p - np.float32(0.01).astype(float) * g / (np.sqrt(ms) + 1e-8), ms, np.zeros(size)

    check_op(operation, plain, [p, g, ms])


@pytest.mark.parametrize("size", SIZES)
def test_adam_over_three_steps(size):
    p, g, _, _ = draw(size)

    def operation(p, g):
        m, v, t = np.zeros_like(p), np.zeros_like(p), np.zeros(1, np.float32)
        for _ in range(3):
            gradient = g.copy()
            ga.adam_step(p, gradient, m, v, t, np.array([0.01], np.float32), None, 0.5, 0.999, 1e-8, 0.02,
                         size)
        return p, m, v, t, gradient

    def plain(p, g):
        m, v, rate = np.zeros(size), np.zeros(size), float(np.float32(0.01))
        for t in (1, 2, 3):
            gradient = g + 0.02 * p
            m, v = 0.5 * m + 0.5 * gradient, 0.999 * v + 0.001 * gradient**2
            p = p - rate * (m / (1 - 0.5**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        return p, m, v, np.array([3.0]), np.zeros(size)

    # 1 - beta2 rounds in float32: 1.2e-5 seen in v
    check_op(operation, plain, [p, g], {"float32": 3e-5, "float64": 1e-10})


def test_a_closed_gate_moves_nothing_and_clears_the_gradient():
    p, g, ms, _ = draw(1000)
    kept_p, kept_ms = p.copy(), ms.copy()
    rate, closed = np.array([0.01], np.float32), np.zeros(1, np.float32)
    ga.rmsprop_step(p, g, ms, rate, closed, weight_decay=0.1, n_decayed=500)
    assert (p == kept_p).all() and (ms == kept_ms).all() and (g == 0).all()
    m, v, t, g = np.zeros(1000), np.zeros(1000), np.zeros(1, np.float32), np.ones(1000)
    ga.adam_step(p, g, m, v, t, rate, closed)
    assert (p == kept_p).all() and (m == 0).all() and (v == 0).all() and t[0] == 0 and (g == 0).all()
