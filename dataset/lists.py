"""The list files of image sets, in whichever encoding and with whichever separators they have come down."""
import codecs
import functools
import io
import os
import re
import zipfile
from pathlib import PurePosixPath

import numpy as np

from dataset.errors import DataError, one_line, unreadable
from dataset.kinds import HEAD, kind_of
from dataset.reading import check_size, read_file

_FIRST = re.compile(r"[\s,;]*([^\s,;]+)[\s,;]*(.*?)[\s,;]*$")
_MARKS = [(codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")]


class ListFile:
    """A list: `where` it is, for messages, and its `name`; `read()` gives its bytes."""

    def __init__(self, name, where, read):
        self.name, self.where, self._read = name, where, read

    def lines(self):
        """[(number of the line, its text)] of the lines that are not blank. DataError for what is no text."""
        with one_line(unreadable(self.where)):
            content = self._read()
            if self.name.endswith(".zip"):
                content = _unzipped(content, self.name)
            if kind := kind_of(content[:HEAD]):
                raise DataError(f"{self.where}: is {kind}, not a list: fetch it again")
            text = content.decode(_encoding(content))
            if "\0" in text:
                raise ValueError("not a text")
        lines = re.split(r"\r\n|\r|\n", text.replace('"', ""))
        return [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]

    def rows(self):
        """Yields (first field, rest, number of the line). Spaces, tabs, commas or semicolons end a field."""
        for number, line in self.lines():
            if match := _FIRST.match(line):
                yield match[1], match[2], number


def _encoding(content):
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding
    if content[1:2] == b"\0":
        return "utf-16-le"
    return "utf-16-be" if content[:1] == b"\0" else "utf-8"


def fields(text):
    """The fields of a row."""
    return re.split(r"[\s,;]+", text.strip())


def find_other(files, names):
    """The file among `files.others` with the first possible of these names, upper case or lower; or None.

    The one nearest the top, of several.
    """
    for wanted in names:
        found = [name for name in files.others if PurePosixPath(name).name.lower() == wanted]
        if found:
            return min(found, key=lambda name: (name.count("/"), name))
    return None


def find_list(names, files, folders=()):
    """A list with the first possible of these names, as a ListFile, or None.

    It is looked for in `files`, objects of dataset.files.open_files, then in the `folders`.
    """
    for wanted in names:
        for holder in files:
            if name := find_other(holder, [wanted]):
                return ListFile(wanted, holder.where(name), functools.partial(_content, holder, name))
        for folder in folders:
            if os.path.isfile(folder / wanted):
                return ListFile(wanted, str(folder / wanted), functools.partial(read_file, folder / wanted))
    return None


def _content(files, name):
    for _, content in files.read([name]):
        if isinstance(content, bytes):
            return content
        raise content
    raise DataError(f"{files.where(name)}: is not there any more: run again")


def _unzipped(content, name):
    """The bytes of the list in a zip archive of the same name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        info = archive.getinfo(f"{PurePosixPath(name).stem}.txt")
        check_size(info.file_size, info.filename)
        return archive.read(info)


class AttributeList:
    """The attributes of pictures, from the rows of a list file. A row is parsed when it is asked for.

    names  what the A numbers of a row stand for
    rows   {picture's name: (the numbers as text, the row's place for messages)}
    """

    def __init__(self, names, rows):
        self.names, self._rows = tuple(names), rows

    def __contains__(self, picture):
        return picture in self._rows

    def values(self, pictures):
        """(n, A) float32, the attributes of these pictures. Raises DataError for a damaged row."""
        return np.array([self._parse(*self._rows[picture]) for picture in pictures])

    def _parse(self, text, where):
        try:
            row = np.array(fields(text), np.float32)
        except ValueError:
            row = np.empty(0, np.float32)
        if len(row) != len(self.names) or not np.isfinite(row).all():
            raise DataError(f"{where}: expected {len(self.names)} numbers: fetch the list again")
        return row


def must_match(rows, where):
    """Raises DataError where none of the images has a row in the list at `where`."""
    if not rows:
        raise DataError(f"{where}: has no row for any of the images: put images and list of one set together")
