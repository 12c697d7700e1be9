"""Work on all cores, a few jobs ahead of whoever takes the results."""
import multiprocessing
import signal
from collections import deque
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import threadpoolctl

from gpuarray import available_cores


def in_parallel(work, jobs, workers=None, processes=False):
    """Yields work(job) of every job, in their order. `workers` threads (one a core if None) do it.

    `jobs` is read only a few jobs ahead, so that they need not fit into memory together. `processes`: new
    processes do the work, for work that holds the interpreter's lock; `work` must be picklable then.
    """
    workers = workers or available_cores()
    if processes:      # only the parent handles Ctrl-C
        pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), signal.signal,
                                   (signal.SIGINT, signal.SIG_IGN))
    else:
        pool = ThreadPoolExecutor(workers)
    waiting = deque()
    with pool, threadpoolctl.threadpool_limits(1, "blas"):       # small products are slower on many threads
        for job in jobs:
            waiting.append(pool.submit(work, job))
            if len(waiting) > 4 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
