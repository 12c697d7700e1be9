from unittest import mock

import numpy as np
import pytest

import gpuarray as ga
from gpuarray.cuda import runtime
from tests.cuda_on_cpu import SimulationError, device

WHERE = "cpu", "cuda"


@pytest.fixture(autouse=True)
def cuda():
    """The simulated device answers for device 'cuda'."""
    with mock.patch.object(runtime, "default_runtime", lambda: device):
        yield


@pytest.mark.parametrize("where", WHERE)
def test_every_call_does_the_work_on_the_x_it_is_given(where):
    total, factor = (ga.to_device(np.ones(n, np.float32), where) for n in (3, 1))

    def work(x):
        part = x * 2.0
        total[...] = total + part * factor

    graph, wanted = ga.Graph(work), np.ones(3)
    for number in range(1, 5):
        factor[...] = float(number)
        x = np.arange(3, dtype=np.float32) + number
        graph(ga.to_device(x, where))
        wanted += 2 * x * number
        assert (ga.to_host(total) == wanted).all()


@pytest.mark.parametrize("where", WHERE)
def test_a_batch_of_several_arrays(where):
    total = ga.to_device(np.zeros(3, np.float32), where)

    def work(x, label):
        total[...] = total + x * label

    graph, wanted = ga.Graph(work), np.zeros(3)
    for number in range(1, 5):
        x, label = np.arange(3, dtype=np.float32) + number, np.full(1, number, np.float32)
        graph(ga.to_device(x, where), ga.to_device(label, where))
        wanted += x * number
        assert (ga.to_host(total) == wanted).all()
    with pytest.raises(ga.ArgumentError,
                       match=r"recorded for float32 \(3,\), float32 \(1,\), got float32 \(3,\): make"):
        graph(ga.to_device(x, where))


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("other", [np.zeros(2, np.float32), np.zeros(3, np.float64)])
def test_another_shape_or_type_is_refused(where, other):
    graph = ga.Graph(lambda x: None)
    graph(ga.to_device(np.zeros(3, np.float32), where))
    with pytest.raises(ga.ArgumentError, match="make another Graph for it"):
        graph(ga.to_device(other, where))


def test_work_may_not_wait_for_the_device():
    graph, x = ga.Graph(ga.to_host), ga.to_device(np.zeros(3, np.float32), "cuda")
    graph(x)
    with pytest.raises(SimulationError, match="waits while a graph is captured"):
        graph(x)
