"""Reading single files, of which a user's folder may hold any kind: bounded, and regular files alone."""
import contextlib
import os
import stat
from pathlib import Path, PurePosixPath

from dataset.errors import BrokenPicture, DataError, one_line, unreadable
from dataset.kinds import HEAD

LARGEST_FILE = 1 << 27          # bytes; a picture file above this is a mistake or an attack
SYSTEM_FOLDERS = {"@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information"}     # of NAS and Windows
_CHECK = "check that it is there and may be read"


def read_file(path):
    """The bytes of a file. Raises DataError where it cannot be read, BrokenPicture where it is too large."""
    return _read(path, LARGEST_FILE + 1)


def read_head(path):
    """The first bytes of a file, by which dataset.kinds knows it."""
    return _read(path, HEAD)


def _read(path, most):
    with open_regular(path) as file, one_line(unreadable(path, _CHECK)):
        if most > LARGEST_FILE:
            check_size(os.fstat(file.fileno()).st_size, path)
        return file.read(most)


@contextlib.contextmanager
def open_regular(path):
    """A file, open for reading. Raises DataError where it is none, or may not be read."""
    with contextlib.ExitStack() as stack:
        with one_line(unreadable(path, _CHECK)):
            # A pipe that nobody writes to would hold up the opening, and a device might never end.
            flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
            file = stack.enter_context(open(path, "rb", opener=lambda name, _: os.open(name, flags)))
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise DataError(f"{path}: is not a regular file: remove it")
        yield file


def check_size(size, where):
    """Raises BrokenPicture for a file of `size` bytes that is too large for a picture."""
    if size > LARGEST_FILE:
        raise BrokenPicture(where, f"larger than any image should be ({size >> 20} MiB)")


def is_hidden(name):
    """Whether a file or a folder on its way starts with a dot, or is what macOS adds to zips."""
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)


def in_system_folder(name):
    """Whether a file lies in what a NAS or Windows adds to folders: thumbnails, or deleted files."""
    return not SYSTEM_FOLDERS.isdisjoint(PurePosixPath(name).parts[:-1])


def stamp(path):
    """What tells one version of a file from the next without reading it."""
    status = os.stat(path)
    return [str(Path(path).resolve()), status.st_size, status.st_mtime_ns]
