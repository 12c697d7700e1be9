"""Zip and tar archives, read in memory; dataset.files says what they offer."""
import contextlib
import tarfile
import zipfile

from dataset import cache, kinds
from dataset.errors import BrokenPicture, DataError, one_line, unreadable
from dataset.kinds import HEAD
from dataset.reading import LARGEST_FILE, check_size, in_system_folder, is_hidden, stamp

UNPACKED_TIMES = 200            # a compressed tar never holds more: pictures are compressed themselves
PADDING = 1 << 26               # bytes of zeros that may follow the end of a tar
_COMPRESSIONS = {9: "Deflate64, as Windows packs large zips", 93: "Zstandard", 95: "xz", 98: "PPMd",
                 99: "AES"}
_READ_HERE = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA,
              getattr(zipfile, "ZIP_ZSTANDARD", zipfile.ZIP_STORED)}       # Python 3.14


class _Archive:
    runs = ()

    def __init__(self, path):
        self.path = path
        self._stamp = stamp(path)

    def identity(self, names):
        return self._stamp

    def where(self, name):
        return f"{self.path}: {name}"


class ZipFiles(_Archive):
    """The members of a zip archive."""

    def __init__(self, path):
        super().__init__(path)
        self.names, self.others = [], []
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: info for info in archive.infolist()       # the last of one name counts
                       if not info.is_dir() and not is_hidden(info.filename)}
            for info in members.values():
                _check_packing(path, info)
            for name in sorted(members):
                picture = _is_picture(name, lambda: self._member(archive, name, HEAD))
                (self.names if picture else self.others).append(name)

    def read(self, names):
        with one_line(unreadable(self.path)), zipfile.ZipFile(self.path) as archive:
            for name in names:
                try:
                    yield name, self._member(archive, name)
                except BrokenPicture as broken:
                    yield name, broken

    def size(self, name):
        with zipfile.ZipFile(self.path) as archive:
            return archive.getinfo(name).file_size

    @contextlib.contextmanager
    def open(self, name):
        with zipfile.ZipFile(self.path) as archive, archive.open(name) as file:
            yield file

    def _member(self, archive, name, most=None):
        """The first `most` bytes of a member; else all, unless it is named like a picture and is none."""
        where = self.where(name)
        with one_line(lambda why: BrokenPicture(where, f"cannot be unpacked ({why})")):
            info = archive.getinfo(name)
            with archive.open(info) as file:
                if most is not None:
                    return file.read(most)
                check_size(info.file_size, where)
                head = file.read(HEAD)
                if kinds.is_picture_name(name) and kinds.why_no_picture(name, head):
                    return head
                return head + file.read(LARGEST_FILE)


def _check_packing(path, info):
    """Raises DataError for a member that is locked, or packed in a way that is not read here."""
    if info.flag_bits & 1:
        raise DataError(f"{path}: is locked with a password: unpack it and give the folder")
    if info.compress_type not in _READ_HERE:
        way = _COMPRESSIONS.get(info.compress_type, f"method {info.compress_type}")
        raise DataError(f"{path}: is packed with {way}, which is not read here: unpack it and give the "
                        "folder")


class TarFiles(_Archive):
    """The regular files of a tar archive, compressed or not. Links and devices in it are ignored.

    A compressed tar must be read to its end to know what it holds, so the list of names is kept in the cache
    folder.
    """

    def __init__(self, path, cache_folder):
        super().__init__(path)
        self.names, self._sizes = cache.remembered(cache_folder, "members", self._stamp, self._list)
        self.others = sorted(self._sizes)

    def _list(self):
        """(names of the pictures, {name of another file: its bytes})"""
        pictures, others = set(), {}
        for member, archive in self._members():
            name = member.name
            if is_hidden(name) or name in pictures or name in others:      # the first of one name counts
                continue
            if _is_picture(name, lambda: archive.extractfile(member).read(HEAD)):
                pictures.add(name)
            else:
                others[name] = member.size
        return [sorted(pictures), others]

    def read(self, names):
        wanted = set(names)
        with one_line(unreadable(self.path)):
            for member, archive in self._members():
                if member.name in wanted:
                    wanted.remove(member.name)                   # the first of one name counts
                    try:
                        check_size(member.size, self.where(member.name))
                        yield member.name, archive.extractfile(member).read()
                    except BrokenPicture as broken:
                        yield member.name, broken
                if not wanted:
                    break

    def size(self, name):
        return self._sizes[name]

    @contextlib.contextmanager
    def open(self, name):
        with contextlib.closing(self._members()) as members:
            yield next(archive.extractfile(member) for member, archive in members if member.name == name)

    def _members(self):
        """The regular files. tarfile takes a damaged member for the end, so only zeros may follow the end."""
        with tarfile.open(self.path) as archive:
            most = self.path.stat().st_size * UNPACKED_TIMES + PADDING
            for member in archive:
                if member.offset_data + member.size > most:
                    raise tarfile.ReadError("it unpacks to more than any archive of pictures")
                if member.isfile():
                    yield member, archive
            for _ in range(0, PADDING, 1 << 20):
                rest = archive.fileobj.read(1 << 20)
                if any(rest):
                    raise tarfile.ReadError("damaged in the middle")
                if not rest:
                    return
            raise tarfile.ReadError("it does not end")


def _is_picture(name, head):
    """Whether a member is a picture: by its name, or, where that says nothing, by its `head()`."""
    if in_system_folder(name):
        return False
    by_name = kinds.is_picture_name(name)
    if by_name is not None:
        return by_name
    try:
        return kinds.is_picture(head())
    except BrokenPicture:                                        # decoding will name it
        return True
