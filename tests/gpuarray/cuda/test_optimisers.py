import numpy as np
import pytest

import gpuarray as ga
from tests.gpuarray.check import assert_close
from tests.gpuarray.cuda.check import BFLOAT16, FLOAT32, check_on_device, misaligned

DECAY = {"weight_decay": 0.03, "eps": 1e-3}


def draw(size, count, seed=1):
    rng = np.random.default_rng(seed)
    buffers = [rng.standard_normal(size).astype(FLOAT32) for _ in range(count)]
    return [*buffers[:-1], np.abs(buffers[-1])]              # p, g, [m,] and what is under a root


def lr_and_gate(gate):
    return np.array([0.01], FLOAT32), *([] if gate is None else [np.array([gate], FLOAT32)])


def plain_rmsprop(p, g, ms, lr, gate, n_decayed):
    if gate[0] == 0:
        return p, 0 * g, ms
    g = g + DECAY["weight_decay"] * p * (np.arange(p.size) < n_decayed)
    ms = 0.9 * ms + 0.1 * g**2
    return p - lr * g / (np.sqrt(ms) + DECAY["eps"]), 0 * g, ms


def plain_adam(p, g, m, v, t, lr, gate, n_decayed):
    if gate[0] == 0:
        return p, 0 * g, m, v, t
    t = t + 1
    g = g + DECAY["weight_decay"] * p * (np.arange(p.size) < n_decayed)
    m, v = 0.5 * m + 0.5 * g, 0.999 * v + 0.001 * g**2
    return p - lr * (m / (1 - 0.5**t)) / (np.sqrt(v / (1 - 0.999**t)) + DECAY["eps"]), 0 * g, m, v, t


@pytest.mark.parametrize("gate", [None, 1, 0])
@pytest.mark.parametrize("size, n_decayed", [(1, 0), (7, 7), (1030, 500), (2048, 1027)])
def test_rmsprop(cuda_any_order, size, n_decayed, gate):
    def operation(p, g, ms, lr, *gate):
        ga.rmsprop_step(p, g, ms, lr, *gate, n_decayed=n_decayed, **DECAY)
        return p, g, ms

    def plain(p, g, ms, lr, gate=(1,)):
        return plain_rmsprop(p, g, ms, lr, gate, n_decayed)

    check_on_device(cuda_any_order, operation, plain, [*draw(size, 3), *lr_and_gate(gate)])


@pytest.mark.parametrize("gate", [None, 1, 0])
@pytest.mark.parametrize("size, n_decayed", [(1, 0), (7, 7), (2048, 1027)])
@pytest.mark.parametrize("steps", [0, 3, 5000])
def test_adam(cuda_any_order, size, n_decayed, gate, steps):
    def operation(p, g, m, v, t, lr, *gate):
        ga.adam_step(p, g, m, v, t, lr, *gate, beta1=0.5, n_decayed=n_decayed, **DECAY)
        return p, g, m, v, t

    def plain(p, g, m, v, t, lr, gate=(1,)):
        return plain_adam(p, g, m, v, t, lr, gate, n_decayed)

    t = np.array([steps], FLOAT32)
    check_on_device(cuda_any_order, operation, plain, [*draw(size, 4), t, *lr_and_gate(gate)])


@pytest.mark.parametrize("gate", [None, 1, 0])
@pytest.mark.parametrize("size", [7, 1030, 2048])
@pytest.mark.parametrize("step, count", [(ga.rmsprop_step, 3), (ga.adam_step, 4)])
def test_parameters_are_rounded_for_products(cuda_any_order, step, count, size, gate):
    place = cuda_any_order.to_device
    for place_rounded in place, lambda array: misaligned(cuda_any_order, array):
        p, *others = map(place, draw(size, count))
        others += [place(np.zeros(1, FLOAT32))] if step is ga.adam_step else []
        before = np.full(size, 7, BFLOAT16)
        rounded = place_rounded(before)
        step(p, *others, *map(place, lr_and_gate(gate)), rounded=rounded)
        moved = cuda_any_order.to_host(p).astype(BFLOAT16)
        np.testing.assert_array_equal(cuda_any_order.to_host(rounded), before if gate == 0 else moved)


def test_several_steps_as_in_the_numpy_backend(cuda):
    p, _, ms = draw(64, 3)
    here = [p.copy(), np.zeros_like(p), 0 * ms, *lr_and_gate(1)]
    there = [cuda.to_device(array) for array in here]
    for step in range(4):
        gradient = np.random.default_rng(step).standard_normal(64).astype(FLOAT32)
        here[1] += gradient
        there[1] = cuda.to_device(cuda.to_host(there[1]) + gradient)
        for arrays in (here, there):
            ga.rmsprop_step(*arrays, weight_decay=2e-5, n_decayed=30)
    for a, b in zip(here[:3], there):
        assert_close(cuda.to_host(b), a, 1e-6)


def test_addresses_that_allow_no_wide_access(cuda):
    p, g, ms = draw(64, 3)
    lr = cuda.to_device(np.array([0.01], FLOAT32))
    there = [misaligned(cuda, array) for array in (p, g, ms)]
    ga.rmsprop_step(*there, lr)
    ga.rmsprop_step(p, g, ms, np.array([0.01], FLOAT32))
    assert_close(cuda.to_host(there[0]), p, 1e-6)
