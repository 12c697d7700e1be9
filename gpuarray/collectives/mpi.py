"""Sums over processes of arrays in the computer's memory, through MPI: the only module that calls it.

A process that fails tells the others with a notice. All waiting is for a request or for a notice, whichever
comes first, so that nobody waits for a process that is gone.
"""
import os
import signal
import time

import numpy as np

from gpuarray.errors import ProcessError

_NOTICE, _VERDICT = 1, 2          # tags
_MESSAGE = 4096                   # bytes of a notice: a status, then a line of text
_NAP = 0.005                      # seconds between two looks for what may take long


class MPICommunicator:
    """The processes that mpiexec has started. Raises ImportError, RuntimeError without a usable MPI.

    rank: this process's number. size: how many there are. local_rank, local_size: the same among those of
    this machine, whose name is `machine`.
    """

    def __init__(self):
        import mpi4py
        mpi4py.rc.threads = False                        # the main thread alone calls MPI: no locks
        from mpi4py import MPI

        self._mpi, world = MPI, MPI.COMM_WORLD
        self.rank, self.size = world.rank, world.size
        self.machine, neighbours = MPI.Get_processor_name(), world.Split_type(MPI.COMM_TYPE_SHARED)
        self.local_rank, self.local_size = neighbours.rank, neighbours.size
        neighbours.Free()
        self._arrays, self._messages = world.Dup(), world.Dup()
        self._pending = []
        self._heard = bytearray(_MESSAGE)
        self._notice = self._messages.Irecv(self._heard, MPI.ANY_SOURCE, _NOTICE)

    # -------------------------------------------------------------------------------------------- arrays

    def sum(self, array):
        """Add up over all processes, in place."""
        self._wait(self._arrays.Iallreduce(self._mpi.IN_PLACE, array))

    def begin_sum(self, array):
        """As sum, finished by `finish`. The sums that are waited for in between carry it on."""
        self._pending.append(self._arrays.Iallreduce(self._mpi.IN_PLACE, array))

    def finish(self):
        """Wait for all that begin_sum has begun."""
        while self._pending:
            self._wait(self._pending.pop())

    def broadcast(self, array):
        """Give every process the first one's array, in place."""
        self._wait(self._arrays.Ibcast(array, 0))

    def gather(self, content, patient=True):
        """[bytes of every process], on every process. patient: without a busy wait, as it may take long."""
        lengths = np.empty(self.size, np.int64)
        self._wait(self._arrays.Iallgather(np.array([len(content)]), lengths), patient)
        gathered = np.empty(lengths.sum(), np.uint8)
        self._wait(self._arrays.Iallgatherv(np.frombuffer(content, np.uint8), [gathered, lengths]))
        ends = np.cumsum(lengths)
        return [gathered[end - length:end].tobytes() for end, length in zip(ends, lengths)]

    def _wait(self, request, patient=False):
        """Wait for a request. Raises ProcessError where a process gives notice of its failure before."""
        requests = [self._notice, request]
        first, done = self._mpi.Request.Testany(requests) if patient else (None, False)
        while patient and not done:
            time.sleep(_NAP)                             # and so Python sees to signals
            first, done = self._mpi.Request.Testany(requests)
        if not done:
            first = self._mpi.Request.Waitany(requests)
        if first == 0:
            raise ProcessError("another process has failed")

    # -------------------------------------------------------------------------------------------- the end

    def close(self):
        """All went well here: wait for the others, and leave MPI. Raises ProcessError where one failed."""
        self.gather(b"")
        self._notice.Cancel()
        self._notice.Wait()
        self._mpi.Finalize()

    def fail(self, status, line, tell, patience):
        """This process ends with an exit status, because of itself or of another; so do all.

        The first process hears the line of one that failed, unless it has one itself, and tells it:
        tell(line). Returns the exit status of all, its own, with which Python is to exit; nothing may be
        called afterwards. Where another process is not heard for `patience` seconds, everything is ended by
        force. line: None of a process that failed because another did.
        """
        if line is not None:
            for rank in set(range(self.size)) - {self.rank}:
                self._messages.Send(_packed(status, line), rank, _NOTICE)
        if self.rank > 0:
            status = self._verdict(status, line, tell, patience)
        else:
            if line is None:
                status, line = _unpacked(self._heard)
            tell(line)
            for rank in range(1, self.size):
                self._messages.Send(_packed(status, line), rank, _VERDICT)
        self._abandon(patience)
        return status

    def _abandon(self, patience):
        """Leave MPI together, in the middle of what is never to be finished, silently.

        mpiexec kills the rest of a job, and takes that for its status, where a process exits without this.
        """
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)     # MPI complains of what is pending
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(patience)
        self._mpi.Finalize()

    def _verdict(self, status, line, tell, patience):
        """The exit status that the first process tells; it may wait for a GPU that waits for this process."""
        content = bytearray(_MESSAGE)
        request, deadline = self._messages.Irecv(content, 0, _VERDICT), time.monotonic() + patience
        while not request.Test():
            if time.monotonic() > deadline:
                tell(line)
                self._mpi.COMM_WORLD.Abort(status)
            time.sleep(_NAP)
        return _unpacked(content)[0]


def _packed(status, line):
    return bytes([status]) + line.encode()[:_MESSAGE - 1].ljust(_MESSAGE - 1, b"\0")


def _unpacked(message):
    return message[0], message[1:].rstrip(b"\0").decode(errors="replace")
