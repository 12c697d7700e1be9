"""Training steps replayed as a graph, beside the same steps run eagerly, through the GPU's own runtime on a
stand-in for CuPy: where memory that a graph does not own is handed out again, poisoned, between replays.

    python -m pytest tests/gpuarray/cuda/test_captured_steps.py --steps 300      # 10, where none are given
"""
import numpy as np
import pytest

import gpuarray as ga
from tests.cuda_on_cpu.workload import images, vaegan
from tests.gpuarray.cuda import working_cupy

# The gate is so narrow that both players miss some of the steps.
TINY = dict(width=1 / 64, z_size=2, hidden=8, gate=(0.68, 0.05))


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    with working_cupy.serving(monkeypatch) as machine:
        yield machine


def step(model, number):
    """A step on images of its own, at a learning rate of its own."""
    model.learning_rate = 1e-3 / (1 + number)
    model.step(ga.to_device(images(2, seed=number), "cuda"))


def assert_same(one, other):
    wanted = one.state()
    for name, array in other.state().items():
        np.testing.assert_array_equal(array, wanted[name], name)
    metrics = one.metrics()
    assert metrics == other.metrics()
    return metrics


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_replays_give_the_bits_of_eager_steps(pytestconfig, precision):
    """Pictures in between use and free memory; a batch of another size is refused and changes nothing; a
    model that takes over the state in the middle goes on alike, in a graph of its own."""
    steps = pytestconfig.getoption("--steps", default=None) or 10
    eager, replayed, resumed = (vaegan("cuda", graph=graph, precision=precision, **TINY)
                                for graph in (False, True, True))
    for number in range(steps):
        for model in (eager, replayed):
            step(model, number)
        if number == steps // 2:
            with pytest.raises(ga.ArgumentError, match=r"recorded for float32 \(2, 32, 32, 3\), got"):
                replayed.step(ga.to_device(images(3), "cuda"))
            replayed.reconstruct(ga.to_device(images(3), "cuda"))
            before = assert_same(eager, replayed)
            resumed.restore(replayed.state())
        elif number > steps // 2:
            step(resumed, number)
    for name, array in resumed.state().items():
        np.testing.assert_array_equal(array, eager.state()[name], name)
    after = assert_same(eager, replayed)
    for gate in "gate_dis", "gate_dec":
        assert 0 < before[gate] + after[gate] < 2, "both players miss some steps, not all"
