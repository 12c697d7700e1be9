"""Decoded images kept in files, so that only the first run has to decode them.

A cache file is an ordinary .npy (uint8, one row per image, opened memory-mapped) with four bytes after its
end: the CRC-32 of its rows. It is written under another name and renamed when whole; its own name carries a
digest of all that the pixels depend on. A file that is cut short, or whose checksum is wrong, is made again.
"""
import contextlib
import hashlib
import json
import multiprocessing
import os
import signal
import tempfile
import zlib
from collections import deque
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import threadpoolctl
from tqdm import tqdm

from dataset.errors import DataError

CHECKED_BYTES = 1 << 28        # the checksum covers all rows up to this many bytes, evenly spread rows beyond


def default_folder():
    """$XDG_CACHE_HOME/autoencoding-beyond-pixels, or the same under ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "autoencoding-beyond-pixels"


def image_rows(folder, label, identity, shape, jobs, work, workers=None, progress=True, processes=False):
    """The images (n, H, W, C) = `shape` that `identity` (JSON-able) stands for: a read-only uint8 memory map.

    If the cache has none, they are made: `jobs()` gives the jobs, and `work(job)`, run by `in_parallel`,
    gives (numbers of the rows, their pixels). Returns the map and whether a damaged file was replaced. Raises
    DataError where the cache folder cannot be written, or what `work` raises; no file is left then.
    """
    path = Path(folder) / f"{label}-{digest([identity, shape])}.npy"
    damaged = False
    if path.exists():
        rows = _open_whole(path, shape)
        if rows is not None:
            return rows, False
        damaged = True
    with _written(path) as file:
        np.lib.format.write_array_header_1_0(file, _header(shape))
        start, row_bytes, done = file.tell(), int(np.prod(shape[1:])), np.zeros(shape[0], bool)
        with tqdm(total=shape[0], desc=label, unit="image", disable=None if progress else True) as bar:
            for numbers, pixels in in_parallel(work, jobs(), workers, processes):
                for number, row in zip(numbers, pixels, strict=True):
                    file.seek(start + int(number) * row_bytes)
                    file.write(np.ascontiguousarray(row, np.uint8))
                    done[number] = True
                bar.update(len(numbers))
        if not done.all():
            raise DataError(f"{label}: {np.sum(~done)} images vanished while they were read: run again")
        file.flush()
        checksum = _checksum(np.memmap(file, np.uint8, "r", start, shape))
        file.seek(start + shape[0] * row_bytes)
        file.write(checksum)
    return _open_whole(path, shape), damaged


def remembered(folder, label, identity, make):
    """`make()`, a JSON-able answer that depends on `identity` alone, kept in the cache folder."""
    path = Path(folder) / f"{label}-{digest(identity)}.json"
    with contextlib.suppress(OSError, ValueError, TypeError):          # absent or damaged: asked again below
        answer, check = json.loads(path.read_text(encoding="utf-8"))
        if digest(answer) == check:
            return answer
    answer = make()
    with _written(path) as file:
        file.write(json.dumps([answer, digest(answer)]).encode())
    return answer


def in_parallel(work, jobs, workers=None, processes=False):
    """work(job) of every job, in order, by `workers` threads (one a core) that are only a few jobs ahead.

    `processes`: by fresh processes instead, for work that holds the interpreter's lock; `work` must be
    picklable then.
    """
    workers = workers or cores()
    if processes:      # an interrupt is for the parent to deal with
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


def cores():
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def digest(identity):
    """Sixteen hexadecimal digits that stand for a JSON-able value."""
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]


@contextlib.contextmanager
def _written(path):
    """A binary file that becomes `path` when the block ends well, and vanishes when it does not."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=path.name + ".", suffix=".part", dir=path.parent)
    except OSError as error:
        raise DataError(f"{path.parent}: cannot write the image cache there ({error.strerror}): "
                        "choose another folder with --cache") from error
    try:
        with open(handle, "w+b") as file:
            yield file
        os.replace(name, path)
    except OSError as error:
        raise DataError(f"{path}: cannot write this cache file ({error.strerror}): "
                        "make room, or choose another folder with --cache") from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def _header(shape):
    return {"descr": np.dtype(np.uint8).str, "fortran_order": False, "shape": tuple(shape)}


def _open_whole(path, shape):
    """The rows of a cache file, or None where it is not whole."""
    try:
        rows = np.lib.format.open_memmap(path, mode="r")
        if rows.shape != tuple(shape) or rows.dtype != np.uint8:
            return None
        with open(path, "rb") as file:
            file.seek(rows.offset + rows.nbytes)
            return rows if file.read() == _checksum(rows) else None
    except (OSError, ValueError, EOFError, SyntaxError):
        return None


def _checksum(rows):
    """CRC-32 of the rows as four bytes; of every k-th row where there are more than CHECKED_BYTES."""
    checksum = 0
    for row in rows[::-(-rows.nbytes // CHECKED_BYTES) or 1]:
        checksum = zlib.crc32(row, checksum)
    return checksum.to_bytes(4, "little")
