"""Files in a folder, a zip or a tar archive, seen the same way. Archives are read in memory, not unpacked."""
import contextlib
import json
import os
import stat
import tarfile
import zipfile
from pathlib import Path

from dataset import kinds
from dataset.archives import TarFiles, ZipFiles
from dataset.errors import BrokenPicture, DataError, one_line, unreadable
from dataset.reading import SYSTEM_FOLDERS, is_hidden, open_regular, read_file, read_head, stamp


def open_files(path, cache_folder):
    """The files under `path`, a folder or an archive: FolderFiles, ZipFiles or TarFiles, with

    path              where they are
    names             the pictures, by their names or by how they begin; sorted
    others            what else is there; sorted
    runs              folders of finished runs of this program, whose pictures are no data
    identity(names)   JSON-able: differs as soon as one of these files does
    where(name)       a file's place, for messages
    read(names)       yields (name, its bytes, or a BrokenPicture) in whatever order suits the archive
    size(name)        the bytes of one of the others
    open(name)        a context manager: one of the others, open for reading from its beginning to its end

    Hidden files are left out. Raises DataError where nothing can be opened.
    """
    path = Path(path)
    with one_line(unreadable(path, "fetch or unpack it again")):
        if path.is_dir():
            return FolderFiles(path, cache_folder)
        if not path.exists():
            raise DataError(f"{path}: no such file or folder: check the path of the data (--data)")
        head = read_head(path)
        if zipfile.is_zipfile(path):
            return ZipFiles(path)
        if tarfile.is_tarfile(path):
            return TarFiles(path, cache_folder)
    kind = kinds.kind_of(head)
    if kind == "a zip archive" or kinds.is_archive_name(path.name):     # a zip's list of contents is its end
        raise DataError(f"{path}: not a complete zip or tar archive: fetch it again")
    kind = kind or kinds.kind_of_name(path.name) or "neither a folder nor a zip or tar archive"
    raise DataError(f"{path}: is {kind}: {kinds.advice_for(kind)}")


class FolderFiles:
    """All files of a folder and of the folders in it, named by their path from there.

    Every folder is taken once, under its own name rather than a link's, so that links cannot lead in circles.
    The cache folder and finished runs are left out.
    """

    def __init__(self, path, cache_folder=None):
        self.path = path
        self.others, self.runs, self._stamps = [], [], {}
        seen = {_identity(cache_folder)} - {_identity(path), None}
        ahead, linked = [""], []
        while ahead or linked:
            folder = ahead.pop() if ahead else linked.pop(0)
            place = path / folder
            identity = _identity(place)
            if identity in seen:
                continue
            seen.add(identity)
            with one_line(unreadable(place, "check its permissions, or give a folder without it")):
                entries = sorted(os.scandir(place), key=lambda entry: entry.name)
            if _is_run(place, entries):
                self.runs.append(folder)
                continue
            for entry in entries:
                if not is_hidden(entry.name):
                    self._add(entry, folder + entry.name, ahead, linked)
        if "" in self.runs:
            raise DataError(f"{path}: is the folder of a run of this program: give a folder of pictures")
        self.names = sorted(self._stamps)
        self.others.sort()

    def _add(self, entry, name, ahead, linked):
        try:
            status = entry.stat()
        except OSError:                                          # a link to nowhere, for one
            status = None
        if status and stat.S_ISDIR(status.st_mode):
            if entry.name in SYSTEM_FOLDERS:
                self.others.append(name + "/")
            else:
                (linked if entry.is_symlink() else ahead).append(name + "/")
        elif status and not stat.S_ISREG(status.st_mode):        # a pipe, or a device
            self.others.append(name)
        elif _is_picture(entry, status):
            self._stamps[name] = [status.st_size, status.st_mtime_ns] if status else None
        else:
            self.others.append(name)

    def identity(self, names):
        stamps = [self._stamps[name] if name in self._stamps else stamp(self.path / name) for name in names]
        return [str(self.path.resolve()), stamps]

    def where(self, name):
        return str(self.path / name)

    def read(self, names):
        for name in names:
            try:
                if name in self._stamps and self._stamps[name] is None:
                    raise BrokenPicture(self.where(name), "a link to nowhere")
                yield name, read_file(self.path / name)
            except BrokenPicture as broken:
                yield name, broken

    def size(self, name):
        return os.stat(self.path / name).st_size

    def open(self, name):
        return open_regular(self.path / name)


def _is_picture(entry, status):
    """Whether a file is a picture by its name, or, where that says nothing, by how it begins."""
    by_name = kinds.is_picture_name(entry.name)
    if by_name is not None or status is None:
        return bool(by_name)
    with contextlib.suppress(DataError):                         # nobody may read it
        return kinds.is_picture(read_head(entry.path))
    return False


def _identity(folder):
    """What is the same for one folder under all its names; None where there is none."""
    try:
        status = os.stat(folder)
    except (OSError, TypeError):
        return None
    return status.st_dev, status.st_ino


def _is_run(folder, entries):
    """Whether a folder is one of a run of this program: config.json with a script's settings in it."""
    if not any(entry.name == "config.json" for entry in entries):
        return False
    try:
        config = json.loads(read_file(folder / "config.json"))
        return isinstance(config, dict) and {"script", "settings"} <= config.keys()
    except (DataError, ValueError, RecursionError):
        return False
