"""The local end of a download: room on the disk, sizes and checksums of files."""
import hashlib
import shutil

from dataset.errors import DataError

UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1, "bytes"))


def check_room(folder, size):
    """Raises DataError where `folder`'s disk has no room for `size` more bytes."""
    free = shutil.disk_usage(folder).free
    if size > free:
        raise DataError(f"{folder}: has room for {in_words(free)}, but {in_words(size)} must come: make room "
                        "there or name another folder with --cache")


def in_words(size):
    """'1.44 GB' of a number of bytes."""
    return next(f"{size / unit:.3g} {name}" for unit, name in UNITS if size >= unit or unit == 1)


def size_of(path):
    """A file's bytes; 0 where there is no such file."""
    return path.stat().st_size if path.exists() else 0


def has_checksum(path, checksum):
    """Whether the content of `path` has this checksum, "md5:..." or "sha256:..."."""
    kind, _, right = checksum.partition(":")
    digest = hashlib.new(kind, usedforsecurity=False)
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest() == right
