"""Work on all cores, a few jobs ahead of whoever takes the results, within bounded memory."""
import contextlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing.connection import wait

import threadpoolctl

from gpuarray import available_cores

WAITING_BYTES = 1 << 27        # of jobs that are done or wait for a worker; a single larger one passes


def in_parallel(work, jobs, workers=None, processes=False, weigh=None):
    """Yields work(job) of every job, in their order. `workers` threads (one a core if None) do it.

    `jobs` is read only a few jobs ahead, so that they need not fit into memory together; where `weigh(job)`
    gives the bytes that a job holds, also only so far that the jobs ahead hold little. `processes`: new
    processes do the work, for work that holds the interpreter's lock; `work` must be picklable then.
    """
    workers = workers or available_cores()
    if processes:
        pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin_worker)
    else:
        pool = ThreadPoolExecutor(workers)
    waiting, held = deque(), 0
    with pool, threadpoolctl.threadpool_limits(1, "blas"):       # small products are slower on many threads
        for job in jobs:
            weight = weigh(job) if weigh else 0
            waiting.append((pool.submit(work, job), weight))
            held += weight
            del job                                              # only its worker is to hold it
            while len(waiting) > 4 * workers or (held > WAITING_BYTES and waiting):
                done, weight = waiting.popleft()
                held -= weight
                yield done.result()
        while waiting:
            yield waiting.popleft()[0].result()


def _begin_worker():
    """A worker process leaves Ctrl-C to its parent, and ends when that is gone, however it ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent():
    wait([multiprocessing.parent_process().sentinel])
    os._exit(1)


class Allowance:
    """A number of bytes that threads share: whoever wants more than is left waits, or has it alone."""

    def __init__(self, size):
        self._size, self._left, self._changed = size, size, threading.Condition()

    @contextlib.contextmanager
    def of(self, wanted):
        """Holds `wanted` bytes of it in this block; all of it, where that is less."""
        wanted = min(wanted, self._size)
        with self._changed:
            self._changed.wait_for(lambda: self._left >= wanted)
            self._left -= wanted
        try:
            yield
        finally:
            with self._changed:
                self._left += wanted
                self._changed.notify_all()
