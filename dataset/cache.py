"""Decoded images kept in files, so that only the first run has to decode them.

A cache file is an ordinary .npy (uint8, one row per image, opened as a memory map) with more after its end:
what is to be known of the images (JSON), how many bytes that has, and a CRC-32 of both and the rows. Its name
holds a digest of all that the pixels depend on. A file that is cut short, or whose checksum is wrong, is made
again.
"""
import contextlib
import errno
import hashlib
import io
import json
import os
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import PIL
from tqdm import tqdm

from dataset.atomic import atomic_write
from dataset.errors import BrokenPicture, DataError

CHECKED_BYTES = 1 << 28        # the checksum covers all rows up to this many bytes, evenly spread rows beyond
LEFT_BEHIND = 3600             # seconds since the last write after which a .part file is nobody's


@dataclass
class Cached:
    """Images from the cache.

    rows      (n, H, W, C) uint8, read-only memory map: the images that are not broken, in their order
    broken    {number of an image: why it cannot be used}
    enlarged  how many were smaller than they are in `rows`
    damaged   whether a damaged file was replaced
    """
    rows: np.ndarray = None
    broken: dict = field(default_factory=dict)
    enlarged: int = 0
    damaged: bool = False


def default_folder():
    """$XDG_CACHE_HOME/autoencoding-beyond-pixels, or the same under ~/.cache. DataError without a home."""
    try:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError as error:
        raise DataError("no home folder is known to keep decoded images in: name one with --cache") from error
    return Path(base) / "autoencoding-beyond-pixels"


def image_rows(folder, label, identity, shape, make, progress=True):
    """The images (n, H, W, C) = `shape` that `identity` (JSON-able) stands for, as Cached.

    If the cache has none, they are made: `make()` yields (numbers of rows, their pixels, how many of them
    were enlarged), in any order; a BrokenPicture in place of pixels. Raises DataError where the cache folder
    cannot be written, and what `make` raises; neither leaves a file.
    """
    path = Path(folder) / f"{label}-{digest([identity, shape])}.npy"
    damaged = os.path.exists(path)                               # False also where nobody may look
    if damaged and (cached := _open_intact(path, shape)):
        return cached
    broken, enlarged, done = {}, 0, np.zeros(shape[0], bool)
    with _cache_file(path) as file, contextlib.closing(make()) as made:
        start, row_bytes = file.write(_header(shape)), int(np.prod(shape[1:]))
        with tqdm(total=shape[0], desc=label, unit="image", disable=None if progress else True) as bar:
            for numbers, pixels, small in made:
                bar.update(len(numbers))
                if isinstance(pixels, BrokenPicture):
                    broken[int(numbers[0])] = pixels.reason
                    continue
                enlarged += small
                for number, row in zip(numbers, pixels, strict=True):
                    file.seek(start + int(number) * row_bytes)
                    file.write(np.ascontiguousarray(row, np.uint8))
                    done[number] = True
        if missing := shape[0] - len(broken) - int(done.sum()):
            raise DataError(f"{label}: {missing} images vanished while they were read: run again")
        if broken:
            _close_gaps(file, start, row_bytes, np.flatnonzero(done))
        _write_end(file, start, (int(done.sum()), *shape[1:]), broken, enlarged)
    cached = _open_intact(path, shape)
    cached.damaged = damaged
    return cached


def _close_gaps(file, start, row_bytes, kept):
    """Moves the rows `kept` together, at the beginning of the file."""
    for place, number in enumerate(kept):
        if place != number:
            file.seek(start + int(number) * row_bytes)
            row = file.read(row_bytes)
            file.seek(start + place * row_bytes)
            file.write(row)


def remembered(folder, label, identity, make):
    """`make()`, a JSON-able answer that depends on `identity` alone, kept in the cache folder."""
    path = Path(folder) / f"{label}-{digest(identity)}.json"
    with contextlib.suppress(Exception):                         # absent or damaged: made again below
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
    """atomic_write of a cache file: a failure tells what the user can do. Sweeps what killed runs left."""
    try:
        for part in path.parent.glob(".*.part"):
            with contextlib.suppress(OSError):                   # another run may have been faster
                if time.time() - part.stat().st_mtime > LEFT_BEHIND:
                    part.unlink()
        with atomic_write(path) as file:
            yield file
    except OSError as error:
        if error.errno == errno.ENOMEM:
            raise
        raise DataError(f"{path.parent}: cannot write the image cache there ({error.strerror or error}): "
                        "free some space, or choose another folder with --cache") from error


def _header(shape):
    header = io.BytesIO()
    about = {"descr": "|u1", "fortran_order": False, "shape": tuple(shape)}
    np.lib.format.write_array_header_1_0(header, about)
    return header.getvalue()


def _write_end(file, start, shape, broken, enlarged):
    """What follows the rows. Which pictures are broken holds for this version of their decoder."""
    facts = {"broken": sorted(broken.items()), "enlarged": enlarged, "pillow": PIL.__version__}
    facts = json.dumps(facts).encode()
    file.flush()
    rows = np.memmap(file, np.uint8, "r", start, shape) if shape[0] else np.empty(shape, np.uint8)
    end = facts + len(facts).to_bytes(4, "little")
    file.seek(0)
    file.write(_header(shape))                                   # of the same length for every number of rows
    file.seek(start + rows.nbytes)
    file.write(end + _checksum(rows, end))
    file.truncate()


def _open_intact(path, shape):
    """The Cached images of a file of `shape`, or None where it is damaged. Nothing in it is trusted."""
    with contextlib.suppress(Exception), open(path, "rb") as file:
        size = file.seek(-8, os.SEEK_END)
        length, checksum = int.from_bytes(file.read(4), "little"), file.read(4)
        file.seek(size - length)
        end = file.read(length + 4)
        facts = json.loads(end[:length])
        broken = {int(number): str(reason) for number, reason in facts["broken"]}
        shape = (shape[0] - len(broken), *shape[1:])
        header = _header(shape)
        file.seek(0)
        if (file.read(len(header)) != header or size - length != len(header) + int(np.prod(shape))
                or (broken and facts["pillow"] != PIL.__version__)):
            return None
        rows = np.memmap(path, np.uint8, "r", len(header), shape) if shape[0] else np.empty(shape, np.uint8)
        if _checksum(rows, end) == checksum:
            return Cached(rows, broken, int(facts["enlarged"]))
    return None


def _checksum(rows, end):
    """CRC-32 of `end` and the rows as four bytes; of every k-th row of more than CHECKED_BYTES."""
    checksum = zlib.crc32(end)
    for row in rows[::-(-rows.nbytes // CHECKED_BYTES) or 1]:
        checksum = zlib.crc32(row, checksum)
    return checksum.to_bytes(4, "little")
