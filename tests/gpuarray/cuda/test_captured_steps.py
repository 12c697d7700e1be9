"""Training steps replayed as a graph, beside the same steps run eagerly, through the GPU's own runtime on a
stand-in for CuPy: where memory that a graph does not own is handed out again, poisoned, between replays."""
import numpy as np
import pytest

import gpuarray as ga
from tests.cuda_on_cpu.workload import images, vaegan
from tests.gpuarray.cuda import working_cupy

STEPS = 24
TINY = dict(width=1 / 64, z_size=2, hidden=8)


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
    assert one.metrics() == other.metrics()


def test_replays_give_the_bits_of_eager_steps():
    """Pictures in between use and free memory; a batch of another size is refused and changes nothing; a
    model that takes over the state in the middle goes on alike, in a graph of its own."""
    eager, replayed, resumed = (vaegan("cuda", graph=graph, **TINY) for graph in (False, True, True))
    for number in range(STEPS):
        for model in (eager, replayed):
            step(model, number)
        if number == STEPS // 2:
            with pytest.raises(ga.ArgumentError, match=r"recorded for float32 \(2, 32, 32, 3\), got"):
                replayed.step(ga.to_device(images(3), "cuda"))
            replayed.reconstruct(ga.to_device(images(3), "cuda"))
            assert_same(eager, replayed)
            resumed.restore(replayed.state())
        elif number > STEPS // 2:
            step(resumed, number)
    for name, array in resumed.state().items():
        np.testing.assert_array_equal(array, eager.state()[name], name)
    assert_same(eager, replayed)
