"""Claiming the folder of a run: it appears with its config.json, and one process at a time trains in it."""
import contextlib
import os
import re
import secrets
import shutil
import tempfile

import filelock

from experiment.exit import UsageError

CONFIG = "config.json"
_LOCK = ".lock"
_LEFTOVER = re.compile(r"\.lock|\.trial|\..*\.[0-9a-f]{8}\.part")      # .trial: of older versions


class InUse(UsageError):
    """There is something in a folder where a run was to begin."""


def check_free(path):
    """Raises UsageError unless a run can begin in the folder `path`: empty and writable. Leaves nothing."""
    with _writable(path):
        if path.is_dir():
            _check_empty(path)
        elif os.path.lexists(path):
            raise NotADirectoryError(0, "not a folder")
        place = next(place for place in (path, *path.absolute().parents) if place.exists())
        for name in path.absolute().parts[len(place.absolute().parts):]:
            with contextlib.suppress(FileNotFoundError):
                os.lstat(place / name)                        # raises for a name that is too long
        with tempfile.TemporaryFile(dir=place):               # has no name, so that nothing is left of it
            pass


def begin(path, config):
    """Make the folder with `config` (bytes) as its config.json, at once; returns the lock on it.

    A folder that is there already must be empty. Raises UsageError, and leaves nothing.
    """
    with _writable(path):
        if not path.is_dir():
            _make_whole(path, config)
            return lock(path)
        _check_empty(path)
        held = lock(path)
        try:
            _check_empty(path)                                 # still
            _write(path / CONFIG, config)
        except BaseException:
            release(held)
            raise
        return held


def lock(path):
    """A lock on the folder of a run, until release(lock). Raises UsageError where another process has it."""
    held = filelock.FileLock(path / _LOCK)
    try:
        held.acquire(blocking=False)
    except filelock.Timeout:
        raise UsageError(f"{path}: another process trains in this folder: wait for its end, or choose "
                         "another --out") from None
    return held


def release(held):
    """Give up a lock, and remove its file."""
    if held.is_locked:
        with contextlib.suppress(OSError):
            os.unlink(held.lock_file)
        held.release()


def sweep(path):
    """Remove what killed processes left in the folder of a run, half written. The lock must be held."""
    for file in path.rglob(".*"):
        if _LEFTOVER.fullmatch(file.name) and file.name != _LOCK:
            with contextlib.suppress(OSError):
                file.unlink()


def is_empty(path):
    """Whether nothing but such leftovers is in a folder."""
    return all(map(_LEFTOVER.fullmatch, os.listdir(path)))


def _check_empty(path):
    if not is_empty(path):
        raise InUse(f"--out {path}: there is something in this folder: choose another, or add --resume to "
                    "go on with the run in it")


def _make_whole(path, config):
    """Make the folder under another name, and rename it when all is in it."""
    made = [folder for folder in path.parents if not folder.exists()]
    part = path.with_name(f".{secrets.token_hex(4)}.part")
    try:
        _write(part / CONFIG, config)                          # makes the folders
        try:
            os.rename(part, path)
        except OSError:
            if path.is_dir():                                  # another process was faster
                _check_empty(path)
            raise
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        for folder in made:
            with contextlib.suppress(OSError):                 # never made, or no longer empty
                folder.rmdir()
        raise


def _write(path, content):
    from dataset import atomic_write             # here: --help need not wait for dataset

    with atomic_write(path) as file:
        file.write(content)


@contextlib.contextmanager
def _writable(path):
    try:
        yield
    except OSError as error:
        raise UsageError(f"--out {path}: cannot be written ({error.strerror}): "
                         "choose another folder") from error
