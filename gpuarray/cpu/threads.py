"""Work on all cores: a chunk of the work at a time, each worker with a BLAS of one thread.

NumPy releases the interpreter's lock inside its loops and products, so plain threads run them side by side. A
chunk (a slice of rows, elements or images) stays in one core's cache from its first operation to its last.
That is faster than operations that each spread over all cores: there is no barrier between them and nothing
travels through memory. Results come in the order of the chunks and never depend on which worker is faster.
"""
import functools
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import threadpoolctl

_inside = threading.local()      # .busy is set in a worker: work that it splits further runs where it is
_limit = None                    # set by use_cores


def available_cores():
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def use_cores(count):
    """Compute on at most `count` cores from now on; None: on all available ones.

    One is faster for small networks: waking another core and passing the interpreter's lock back and forth
    then costs more than it saves.
    """
    global _limit
    _limit = count
    if count == 1:
        threadpoolctl.threadpool_limits(1, user_api="blas")


def cores():
    """The number of cores to compute on."""
    return min(available_cores(), _limit or available_cores())


@functools.cache
def _workers():
    """The workers. From their start on BLAS keeps to one thread: its own threads would wait for work in busy
    loops, on the cores that the workers need."""
    threadpoolctl.threadpool_limits(1, user_api="blas")
    return ThreadPoolExecutor(cores(), thread_name_prefix="gpuarray")


def in_parallel(function, items):
    """[function(item) for item in items] on all cores, the results in order."""
    items = list(items)
    if len(items) < 2 or cores() == 1 or getattr(_inside, "busy", False):
        return [function(item) for item in items]
    results = [None] * len(items)
    todo = iter(range(len(items)))      # next() is atomic: each worker takes the next item when it is free

    def work():
        _inside.busy = True
        try:
            for i in todo:
                results[i] = function(items[i])
        finally:
            _inside.busy = False

    helpers = [_workers().submit(work) for _ in range(min(cores(), len(items)) - 1)]
    try:
        work()
    finally:
        for helper in helpers:
            helper.result()
    return results


def in_chunks(function, length, size):
    """[function(slice(start, stop))] of the chunks of `size` in 0 .. length, on all cores, in order."""
    starts = range(0, length, size)
    return in_parallel(function, [slice(start, min(start + size, length)) for start in starts])
