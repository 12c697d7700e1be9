"""Decoded images kept in files, so that only the first run has to decode them.

A cache file is an ordinary .npy (uint8, one row per image, opened as a memory map) with four bytes after its
end: the CRC-32 of its rows. Its name holds a digest of all that the pixels depend on. A file that is cut
short, or whose checksum is wrong, is made again.
"""
import contextlib
import hashlib
import json
import os
import zlib
from pathlib import Path

import numpy as np
from tqdm import tqdm

from dataset.atomic import atomic_write
from dataset.errors import DataError

CHECKED_BYTES = 1 << 28        # the checksum covers all rows up to this many bytes, evenly spread rows beyond


def default_folder():
    """$XDG_CACHE_HOME/autoencoding-beyond-pixels, or the same under ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "autoencoding-beyond-pixels"


def image_rows(folder, label, identity, shape, make, progress=True):
    """The images (n, H, W, C) = `shape` that `identity` (JSON-able) stands for: a read-only uint8 memory map.

    If the cache has none, they are made: `make()` yields (numbers of rows, their pixels), in any order.
    Returns the map and whether a damaged file was replaced. Raises DataError where the cache folder cannot be
    written, and what `make` raises; neither leaves a file.
    """
    path = Path(folder) / f"{label}-{digest([identity, shape])}.npy"
    damaged = False
    if path.exists():
        rows = _open_intact(path, shape)
        if rows is not None:
            return rows, False
        damaged = True
    with _cache_file(path) as file, contextlib.closing(make()) as made:
        np.lib.format.write_array_header_1_0(file, _header(shape))
        start, row_bytes, done = file.tell(), int(np.prod(shape[1:])), np.zeros(shape[0], bool)
        with tqdm(total=shape[0], desc=label, unit="image", disable=None if progress else True) as bar:
            for numbers, pixels in made:
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
    return _open_intact(path, shape), damaged


def remembered(folder, label, identity, make):
    """`make()`, a JSON-able answer that depends on `identity` alone, kept in the cache folder."""
    path = Path(folder) / f"{label}-{digest(identity)}.json"
    with contextlib.suppress(OSError, ValueError, TypeError):          # absent or damaged: made again below
        answer, check = json.loads(path.read_text(encoding="utf-8"))
        if digest(answer) == check:
            return answer
    answer = make()
    with _cache_file(path) as file:
        file.write(json.dumps([answer, digest(answer)]).encode())
    return answer


def digest(identity):
    """Sixteen hexadecimal digits that stand for a JSON-able value."""
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]


@contextlib.contextmanager
def _cache_file(path):
    """atomic_write of a cache file: a failure tells what the user can do."""
    try:
        with atomic_write(path) as file:
            yield file
    except OSError as error:
        raise DataError(f"{path.parent}: cannot write the image cache there ({error.strerror or error}): "
                        "free some space, or choose another folder with --cache") from error


def _header(shape):
    return {"descr": np.dtype(np.uint8).str, "fortran_order": False, "shape": tuple(shape)}


def _open_intact(path, shape):
    """The rows of a cache file, or None where it is damaged."""
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
