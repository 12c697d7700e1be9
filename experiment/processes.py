"""The processes that train together: this one alone, or those that mpiexec has started.

The first one parses, checks, fetches, decodes, writes and prints. The others read the same cache, take part
in every training step, and stay silent. They all end with one status, and with one line where it is not 0.
"""
import json
import os
import signal
import sys
import time

import numpy as np

import gpuarray as ga
from experiment.exit import UsageError

_COUNTS = "PMI_SIZE", "OMPI_COMM_WORLD_SIZE"      # how many processes there are: MPICH's mpiexec, Open MPI's
_RANKS = "PMI_RANK", "OMPI_COMM_WORLD_RANK"
_PATIENCE = 60                                    # seconds that a failing process waits for the first one


class One:
    """This process alone."""

    first, size, part = True, 1, slice(None)

    def from_first(self, make):
        """What make() gives on the first process, JSON-able. The others only receive it."""
        return make()

    def in_turn(self, make):
        """make() of every process, once the first has done it: it finds in the cache what that one made."""
        return make()

    def check_same(self, what, make, advice):
        """Raises UsageError where make() gives another value, JSON-able, than on the first process."""

    def cores(self, wanted):
        """On how many cores to compute: as many as wanted; for None a share of the machine's, or all."""
        return wanted

    def join(self, model, settings, device):
        """Let a model's steps be those of all processes. Raises UsageError."""

    def begin(self, model, batches, step):
        """Let all go on from the first one's state; returns its step."""
        return step

    def agree(self, number):
        """A number that is not 0 on this or another process, the same on all; None where there is none."""
        return number or None

    def close(self):
        """All is done here. Raises gpuarray.ProcessError where it is not elsewhere."""

    def leave(self, status, line, tell):
        """Tell the line, if there is one; the exit status to leave with. line: None where another failed."""
        if line:
            tell(line)
        return status


class Several(One):
    """The processes of an MPICommunicator."""

    def __init__(self, communicator):
        self._mpi, self.size, self.first = communicator, communicator.size, communicator.rank == 0
        self._closed = False
        _choose_gpu(communicator.local_rank)
        if not self.first:
            sys.stdout = open(os.devnull, "w", encoding="utf-8")

    def from_first(self, make):
        return json.loads(self._gather(make() if self.first else None)[0])

    def in_turn(self, make):
        made, turn = None, 0 if self.first else 1 if self._mpi.local_rank == 0 else 2
        for now in range(3):                    # the first; the first of each other machine; all others
            if now == turn:
                made = make()
            self._gather(None)
        return made

    def check_same(self, what, make, advice):
        values = self._gather(make())
        for rank, other in enumerate(values):
            if other != values[0]:
                raise UsageError(f"process {rank} of {self.size} has {what} {other:.200}, the first has "
                                 f"{values[0]:.200}: {advice}")

    def cores(self, wanted):
        if wanted is not None or not hasattr(os, "sched_getaffinity"):
            return wanted or 1
        mine = self._gather([self._mpi.machine, sorted(os.sched_getaffinity(0))])
        here = [cores for machine, cores in map(json.loads, mine) if machine == self._mpi.machine]
        return max(1, len(set().union(*here)) // len(here))

    def join(self, model, settings, device):
        smallest = settings.batch_size // self.size
        if smallest < 1 or settings.batchnorm_per_rank and smallest < 2:
            least = (2 if settings.batchnorm_per_rank else 1) * self.size
            raise UsageError(f"--batch-size {settings.batch_size}: too few images for {self.size} processes: "
                             f"use {least} or more, or fewer processes")
        group = ga.Group(self._communicator(device), settings.batch_size)
        self.part = group.part
        model.join(group, settings.batchnorm_per_rank)

    def _communicator(self, device):
        if device == "cpu":
            return self._mpi
        from gpuarray.collectives.nccl import NCCLCommunicator         # here: it needs CuPy
        return NCCLCommunicator(self._mpi)

    def begin(self, model, batches, step):
        step, place = self.from_first(lambda: [step, batches.state()])
        state = model.state()
        for array in state.values():
            self._mpi.broadcast(array)
        model.restore(state)
        batches.restore(place)
        return step

    def agree(self, number):
        numbers = np.zeros(self.size)
        numbers[self._mpi.rank] = number or 0
        self._mpi.sum(numbers)
        return next((int(number) for number in numbers if number), None)

    def close(self):
        self._mpi.close()
        self._closed = True

    def leave(self, status, line, tell):
        if self._closed:
            return super().leave(status, line, tell)
        for number in (signal.SIGINT, signal.SIGTERM):                 # mpiexec ends what does not end
            signal.signal(number, signal.SIG_IGN)
        if line and not self.first:
            line += f" (process {self._mpi.rank} of {self.size})"
        return self._mpi.fail(status, line, lambda line: super(Several, self).leave(0, line, tell), _PATIENCE)

    def _gather(self, value):
        """Every process's value as JSON, in order."""
        return [content.decode() for content in self._mpi.gather(json.dumps(value).encode())]


def _choose_gpu(local_rank):
    """Let CuPy see one GPU: of those visible to all processes of a machine, each its own, or none."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    gpus = [] if visible is None else visible.split(",")
    if visible is None:
        os.environ["CUDA_VISIBLE_DEVICES"] = str(local_rank)
    elif len(gpus) > 1:                                   # else a scheduler has given each process its own
        os.environ["CUDA_VISIBLE_DEVICES"] = gpus[local_rank] if local_rank < len(gpus) else ""


_here = ONE = One()


def here():
    """The processes that open_processes has found; before that, this one."""
    return _here


def open_processes():
    """Find the processes that were started together. Raises UsageError where they cannot find each other."""
    global _here
    count = _from_environment(_COUNTS, 1)
    if count == 1 and "mpi4py" not in sys.modules:             # python -m mpi4py imports it
        return _here
    try:
        from gpuarray.collectives.mpi import MPICommunicator
        communicator = MPICommunicator()
    except (ImportError, OSError, RuntimeError) as error:
        raise _alone(f"started as one of {count} processes, but there is no MPI ({error}): "
                     "pip install '.[mpi]'") from error
    if communicator.size > 1:
        _here = Several(communicator)
        return _here
    communicator.close()
    if count > 1:
        raise _alone(f"started as one of {count} processes, but mpi4py finds only itself: use the mpiexec of "
                     "the MPI that mpi4py was built for")
    return _here


def _alone(line):
    """The error of all processes where they cannot talk: the first one tells it."""
    if _from_environment(_RANKS, 0) > 0:
        time.sleep(1)                          # some mpiexec ends all as soon as one has left
        raise SystemExit(2)
    return UsageError(line)


def _from_environment(names, otherwise):
    return next((int(os.environ[name]) for name in names if os.environ.get(name, "").isdecimal()), otherwise)
