"""Sums through NCCL on a stand-in for CuPy: who gets which id, what is summed in which stream, what is
refused."""
import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import gpuarray as ga
from gpuarray.collectives.nccl import NCCLCommunicator


class Stream:
    def __init__(self, events, name):
        self.events, self.name, self.ptr = events, name, name

    def record(self):
        return f"all of {self.name}"

    def wait_event(self, event):
        self.events.append(f"{self.name} waits for {event}")


class Machine:
    """A process's CuPy. bus: which GPU it has. Records what NCCL and the streams are asked."""

    def __init__(self, bus="0000:01"):
        self.events = []
        current = Stream(self.events, "current")
        self.nccl = SimpleNamespace(
            NCCL_SUM="sum", NCCL_FLOAT32="f4", NCCL_FLOAT64="f8", get_unique_id=lambda: (1, -2, 3),
            NcclCommunicator=self._communicator)
        self.cuda = SimpleNamespace(
            runtime=SimpleNamespace(getDevice=lambda: 0, deviceGetPCIBusId=lambda device: bus),
            get_current_stream=lambda: current, Stream=lambda non_blocking: Stream(self.events, "beside"))
        self.cuda.nccl = self.nccl

    def _communicator(self, size, identity, rank):
        self.events.append((size, identity, rank))
        return SimpleNamespace(allReduce=lambda *call: self.events.append(call))


class MPI:
    """The answers of the others are given."""
    machine = "here"

    def __init__(self, rank, *others):
        self.rank, self.size, self.others = rank, 1 + len(others[0]), list(others)

    def gather(self, content):
        answers = [json.dumps(other).encode() if not isinstance(other, str) else other.encode()
                   for other in self.others.pop(0)]
        answers.insert(self.rank, content)
        return answers


def open_on(monkeypatch, machine, mpi):
    monkeypatch.setitem(sys.modules, "cupy", machine)
    monkeypatch.setitem(sys.modules, "cupy.cuda", machine.cuda)
    monkeypatch.setitem(sys.modules, "cupy.cuda.nccl", machine.nccl)
    return NCCLCommunicator(mpi)


def array(dtype, size):
    return SimpleNamespace(dtype=np.dtype(dtype), size=size, data=SimpleNamespace(ptr=64))


@pytest.mark.parametrize("rank", [0, 1])
def test_all_have_the_id_of_the_first(rank, monkeypatch):
    machine = Machine()
    other = [True, None if rank == 0 else [1, -2, 3]]
    open_on(monkeypatch, machine, MPI(rank, ["0000:02 of here"], [other]))
    assert machine.events == [(2, (1, -2, 3), rank)]


def test_sums_go_into_the_current_stream_and_those_begun_beside_it(monkeypatch):
    machine = Machine()
    communicator = open_on(monkeypatch, machine, MPI(0, ["0000:02 of here"], [[True, None]]))
    del machine.events[:]
    communicator.finish()
    communicator.sum(array("float64", 3))
    communicator.begin_sum(array("float32", 5))
    communicator.sum(array("float32", 1))
    communicator.finish()
    assert machine.events == [
        (64, 64, 3, "f8", "sum", "current"), "beside waits for all of current",
        (64, 64, 5, "f4", "sum", "beside"), (64, 64, 1, "f4", "sum", "current"),
        "current waits for all of beside"]


def test_two_processes_on_one_gpu_are_refused(monkeypatch):
    with pytest.raises(ga.DeviceError, match="^processes 0 and 1 share the GPU 0000:01 of here: start no"):
        open_on(monkeypatch, Machine(), MPI(1, ["0000:01 of here"]))
    with pytest.raises(ga.DeviceError, match="no NCCL"):         # the same number on another machine is fine
        machine = Machine()
        del machine.nccl.get_unique_id
        open_on(monkeypatch, machine, MPI(0, ["0000:01 of there"], [[True, None]]))


def test_without_nccl_all_say_what_to_install(monkeypatch):
    with pytest.raises(ga.DeviceError, match=r"^no NCCL \(another process finds none\): pip install"):
        open_on(monkeypatch, Machine(), MPI(1, ["0000:02 of here"], [[False, None]]))
