"""Files in a folder, a zip or a tar archive, seen the same way. Archives are read in memory, not unpacked."""
import os
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from dataset import cache
from dataset.errors import DataError

LARGEST_FILE = 1 << 28          # bytes; a picture file above this is a mistake or an attack
ARCHIVE_SUFFIXES = ".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz"


def open_files(path, cache_folder):
    """The files under `path`, a folder or an archive: an object with names, identity, where and read.

    Hidden files are left out. Raises DataError where there is no such path, or no file in it.
    """
    path = Path(path)
    try:
        if path.is_dir():
            files = FolderFiles(path)
        elif not path.is_file():
            raise DataError(f"{path}: no such file or folder: check the path")
        elif zipfile.is_zipfile(path):
            files = ZipFiles(path)
        elif tarfile.is_tarfile(path):
            files = TarFiles(path, cache_folder)
        elif _means_to_be_archive(path):
            raise DataError(f"{path}: not a complete zip or tar archive: fetch it again")
        else:
            raise DataError(f"{path}: neither a folder nor a zip or tar archive: give one with images")
    except BROKEN_ARCHIVE as error:
        raise DataError(f"{path}: cannot be read ({error}): fetch or unpack it again") from error
    if not files.names:
        raise DataError(f"{path}: holds no files: give a folder or an archive with images")
    return files


def archive_names(path, cache_folder):
    """The names of the files in an archive; none where `path` is no archive, or a damaged one."""
    try:
        return open_files(path, cache_folder).names
    except DataError:
        return []


BROKEN_ARCHIVE = (OSError, EOFError, zlib.error, tarfile.TarError, zipfile.BadZipFile, NotImplementedError)


def _means_to_be_archive(path):
    """Whether the file is named like an archive, or begins like a zip (its list of contents is its end)."""
    with open(path, "rb") as file:
        return path.suffix.lower() in ARCHIVE_SUFFIXES or file.read(2) == b"PK"


def is_hidden(name):
    """Whether a file or a folder on its way starts with a dot, or is what macOS adds to zips."""
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)


def read_file(path):
    """The bytes of a picture file. Raises DataError where it cannot be read, or is too large to be one."""
    try:
        _check_size(os.stat(path).st_size, path)
        return Path(path).read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def _check_size(size, where):
    if size > LARGEST_FILE:
        raise DataError(f"{where}: larger than any image should be ({size >> 20} MiB): remove it")


def stamp(path):
    """What tells one version of a file from the next without reading it."""
    status = os.stat(path)
    return [str(Path(path).resolve()), status.st_size, status.st_mtime_ns]


class FolderFiles:
    """All files of a folder and the folders in it, named by their path from there."""

    def __init__(self, path):
        self.path = path
        self._stamps = {}
        for folder, folders, names in os.walk(path, onerror=_raise):
            folders[:] = [name for name in folders if not is_hidden(name)]
            for name in names:
                if not is_hidden(name):
                    file = Path(folder, name)
                    try:
                        status = file.stat()
                    except OSError as error:             # a link to nowhere, for one
                        raise _unreadable(file, error) from error
                    self._stamps[file.relative_to(path).as_posix()] = [status.st_size, status.st_mtime_ns]
        self.names = sorted(self._stamps)

    def identity(self, names):
        """JSON-able, different as soon as one of the files `names` changes."""
        return [str(self.path.resolve()), [self._stamps[name] for name in names]]

    def where(self, name):
        """The file's place, for messages."""
        return str(self.path / name)

    def read(self, names):
        """(name, bytes) of each of `names`."""
        for name in names:
            yield name, read_file(self.path / name)


class _Archive:
    def __init__(self, path):
        self.path = path
        self._stamp = stamp(path)

    def identity(self, names):
        """JSON-able, different as soon as the archive changes."""
        return self._stamp

    def where(self, name):
        """The member's place, for messages."""
        return f"{self.path}: {name}"

    def read(self, names):
        """(name, bytes) of each of `names`, in whatever order suits the archive."""
        try:
            yield from self._read(names)
        except BROKEN_ARCHIVE as error:
            raise DataError(f"{self.path}: cannot be read ({error}): fetch it again") from error


class ZipFiles(_Archive):
    """The members of a zip archive."""

    def __init__(self, path):
        super().__init__(path)
        with zipfile.ZipFile(path) as archive:
            self.names = sorted({member.filename for member in archive.infolist()
                                 if not member.is_dir() and not is_hidden(member.filename)})

    def _read(self, names):
        with zipfile.ZipFile(self.path) as archive:
            for info in map(archive.getinfo, names):
                _check_size(info.file_size, self.where(info.filename))
                if info.flag_bits & 1:
                    raise DataError(f"{self.path}: is locked with a password: unpack it and give the folder")
                yield info.filename, archive.read(info)


class TarFiles(_Archive):
    """The regular files of a tar archive, compressed or not. Links and devices in it are ignored.

    A compressed tar must be read to its end to know what it holds, so the list of names is kept in the cache
    folder.
    """

    def __init__(self, path, cache_folder):
        super().__init__(path)
        self.names = cache.remembered(cache_folder, "names", self._stamp, self._list)

    def _list(self):
        return sorted({member.name for member, _ in self._members() if not is_hidden(member.name)})

    def _read(self, names):
        wanted = set(names)
        for member, archive in self._members():
            if member.name in wanted:
                _check_size(member.size, self.where(member.name))
                yield member.name, archive.extractfile(member).read()

    def _members(self):
        """The regular files. tarfile takes a damaged member for the end, so only zeros may follow the end."""
        with tarfile.open(self.path) as archive:
            for member in archive:
                if member.isfile():
                    yield member, archive
            while rest := archive.fileobj.read(1 << 20):
                if any(rest):
                    raise tarfile.ReadError("damaged in the middle")


def _raise(error):
    raise error


def _unreadable(place, error):
    return DataError(f"{place}: cannot be read ({error.strerror}): check that it is there and may be read")
