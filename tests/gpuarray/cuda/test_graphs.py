"""Graphs of the GPU's runtime, on a stand-in for CuPy whose GPU works: whose memory they use, how long."""
import gc

import numpy as np
import pytest

import gpuarray as ga
from gpuarray import cuda
from gpuarray.cuda import runtime
from tests.gpuarray.cuda import working_cupy

MIB = 2 ** 20


@pytest.fixture
def machine(monkeypatch):
    with working_cupy.serving(monkeypatch, total=10 * MIB) as machine:
        yield machine


def on_gpu(mib, value=1.0):
    return ga.to_device(np.full(mib * MIB // 4, value, np.float32), "cuda")


def test_a_graph_works_in_memory_that_nobody_else_is_given(machine):
    x, total = on_gpu(1), on_gpu(1, 0.0)

    def step():
        twice = x * 2.0
        total[...] = total + twice

    step()
    replay = cuda.capture(step)
    for number in range(2, 5):
        others = [on_gpu(1, np.nan) for _ in range(3)]
        replay()
        assert (ga.to_host(total) == 2 * number).all()
        del others


def test_no_memory_for_a_graph_is_an_error_and_never_a_replay_on_freed_memory(machine):
    """Eagerly a step takes turns with its memory: a pool that finds none frees what is idle. In a graph that
    would take away memory that kernels captured before work on."""
    x, total = on_gpu(1), on_gpu(1, 0.0)

    def step():
        for mib in 3, 5:
            scratch = ga.empty((mib * MIB // 4,), np.float32, x)
            scratch[...] = 1.0
            total[...] = total + scratch[:x.size]
            del scratch

    step()
    free = machine.card.free_bytes + machine.pool.idle_bytes()
    with pytest.raises(ga.DeviceError, match="out of GPU memory: 5 MiB wanted; arrays take 2 MiB"):
        cuda.capture(step)
    step()
    assert (ga.to_host(total) == 4).all()
    machine.pool.free_all_blocks()
    assert machine.card.free_bytes == free                       # what was captured is gone


def test_another_fault_while_memory_is_asked_for_is_not_taken_for_a_lack_of_it(machine, monkeypatch):
    def broken(size):
        raise working_cupy.CUDARuntimeError("cudaErrorIllegalAddress", 700)

    there = on_gpu(1)
    monkeypatch.setattr(machine.card, "malloc", broken)
    with pytest.raises(working_cupy.CUDARuntimeError, match="IllegalAddress"):
        cuda.capture(lambda: ga.empty((3 * MIB,), np.float32, there))


def test_a_graph_that_is_gone_gives_its_memory_back(machine):
    x = on_gpu(1)
    graph = ga.Graph(lambda x: x * 2.0)
    for _ in range(3):
        graph(x)
    held = machine.card.free_bytes
    del graph
    gc.collect()
    assert machine.card.free_bytes > held
    assert runtime.runtime_of(x) is runtime.default_runtime()
