"""Several processes, played by threads that take turns: each computes until it waits for the others."""
import threading

import numpy as np


class Communicator:
    """What gpuarray.Group asks of a communicator, for one of the threads."""

    def __init__(self, rank, size, shared):
        self.rank, self.size, self._shared, self._begun = rank, size, shared, []

    def sum(self, array):
        (_, array[...]), = self._exchange([array])

    def begin_sum(self, array):
        self._begun.append(array)

    def finish(self):
        begun, self._begun = self._begun, []
        for array, total in self._exchange(begun):
            array[...] = total

    def broadcast(self, array):
        array[...] = self._shared.exchange(self.rank, np.array(array))[0]

    def _exchange(self, arrays):
        parts = self._shared.exchange(self.rank, [np.array(array) for array in arrays])
        return [(array, sum(same[1:], start=same[0])) for array, same in zip(arrays, zip(*parts))]


class OnDevice(Communicator):
    """The same for arrays of a simulated device, which does its work now or when a graph is launched."""

    def __init__(self, communicator, device, host_view):
        vars(self).update(vars(communicator))
        self._device, self._host_view = device, host_view

    def sum(self, array):
        self._device.run(lambda: super(OnDevice, self).sum(self._host_view(array)))

    def begin_sum(self, array):
        self._device.run(lambda: super(OnDevice, self).begin_sum(self._host_view(array)))

    def finish(self):
        self._device.run(super().finish)


class _Shared:
    def __init__(self, size):
        self.turn, self.barrier, self.parts = threading.Lock(), threading.Barrier(size), [None] * size

    def exchange(self, rank, part):
        """The parts of all threads. The others compute while this one waits."""
        self.parts[rank] = part
        self.turn.release()
        try:
            self.barrier.wait(60)
            parts = list(self.parts)
            self.barrier.wait(60)
        finally:
            self.turn.acquire()
        return parts


def in_processes(size, work):
    """[work(communicator) of each of `size` processes]. Raises what the first of them that failed raised."""
    shared, results, errors = _Shared(size), [None] * size, []

    def play(rank):
        with shared.turn:
            try:
                results[rank] = work(Communicator(rank, size, shared))
            except BaseException as error:
                errors.append(error)
                shared.barrier.abort()

    threads = [threading.Thread(target=play, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise next((e for e in errors if not isinstance(e, threading.BrokenBarrierError)), errors[0])
    return results
