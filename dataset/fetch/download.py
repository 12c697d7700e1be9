"""Fetching one file from the first of its sources that gives it, whole and right, or not at all.

What has come lies in NAME.part, from where an interrupted download goes on. NAME itself appears when all of
it has come and its checksum is right.
"""
import contextlib
import os
import random
import socket
import ssl
import sys
import time
from dataclasses import dataclass
from http.client import HTTPException
from itertools import chain
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from tqdm import tqdm

from dataset.errors import printable
from dataset.fetch.disk import check_room, has_checksum, size_of
from dataset.fetch.replies import (
    MOMENTARY, NoSuchHost, Page, SourceFailed, TryAgain, caused_by, extent, reason, refusal, seconds_asked)

CHUNK = 1 << 18                  # bytes read at a time, at most
LONGEST_PAGE = 1 << 18           # bytes of an HTML page that are read
MOST_REDIRECTS = 10
HEADERS = {"User-Agent": "autoencoding-beyond-pixels (Python, requests)", "Accept-Encoding": "identity"}


def tell(line):
    """Prints a line above the progress bar, if it can be printed: a closed screen ends no download."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        tqdm.write(printable(line))
        sys.stdout.flush()


class FetchFailed(Exception):
    """No source gave the file. The message says why, source by source."""


@dataclass(frozen=True)
class Limits:
    """All in seconds, but for the last two.

    connect  to reach a server
    stall    without a byte, or with fewer than `slowest` a second on average
    total    for one file
    wait     of the longest back-off, and the most that a server may ask for
    tries    in a row that bring nothing new, before a source is given up
    """
    connect: float = 15
    stall: float = 30
    total: float = 12 * 3600
    wait: float = 120
    tries: int = 6
    slowest: float = 1024


class Downloader:
    """Fetches files over https alone. `clock` and `sleep` are the time module's, but in tests."""

    def __init__(self, limits=None, progress=True, say=tell, clock=time.monotonic, sleep=time.sleep):
        self.limits, self.progress, self.say = limits or Limits(), progress, say
        self.clock, self.sleep = clock, sleep
        self.session = requests.Session()
        self.session.headers.update(HEADERS)

    def get(self, file, folder):
        """Fetches `file`, an addresses.File, into `folder`.

        Raises FetchFailed; DataError where the disk is too small; OSError where it cannot be written.
        """
        part, troubles = folder / f"{file.name}.part", []
        deadline = self.clock() + self.limits.total
        with tqdm(desc=file.name, total=file.size, unit="B", unit_scale=True,
                  disable=None if self.progress else True) as bar:
            for source in file.sources:
                self.say(f"fetching {file} from {_host(source)} into {folder}")
                try:
                    self._fetch(source, file, part, bar, deadline)
                    os.replace(part, folder / file.name)
                    return
                except SourceFailed as trouble:
                    troubles.append(f"{_host(source)} {trouble}")
                if self.clock() > deadline:
                    break
        raise FetchFailed("; ".join(troubles))

    def _fetch(self, source, file, part, bar, deadline):
        """All of `file` into `part`, checked, in as many tries as it takes."""
        began = most = size_of(part)
        failures = 0
        while True:
            try:
                start = self._try(source, file, part, bar, deadline)
                self._check(file, part, joined=start > 0)
                return
            except TryAgain as trouble:
                failures = 1 if size_of(part) > most else failures + 1
                most = max(most, size_of(part))
                wait = max(trouble.wait, min(self.limits.wait, 2 ** (failures - 1)) * random.uniform(0.5, 1))
                if isinstance(trouble, NoSuchHost) and most == began:
                    raise SourceFailed(str(trouble)) from trouble
                if wait > self.limits.wait:
                    raise SourceFailed(f"{trouble} and asks to come back in {wait:.0f} s") from trouble
                if failures == self.limits.tries:
                    raise SourceFailed(f"{trouble} ({failures} times in a row)") from trouble
                if self.clock() + wait > deadline:
                    raise SourceFailed(self._too_long()) from trouble
                self.say(f"{_host(source)} {trouble}: trying again in {wait:.0f} s")
                self.sleep(wait)

    def _try(self, source, file, part, bar, deadline):
        """Appends what is missing to `part`, or makes it anew; returns the offset that it went on from."""
        offset = size_of(part)
        if file.size and offset >= file.size:
            return offset
        reply, first, chunks = self._open(source, offset, deadline)
        with reply:
            if reply.headers.get("Content-Range") == f"bytes */{offset}":      # 416: there is no more
                return offset
            start, size = extent(reply)
            if start not in (0, offset) or (start and file.size and size not in (None, file.size)):
                part.unlink()
                raise TryAgain("did not go on where it was asked to, so all is fetched anew")
            if file.size and size not in (None, file.size):
                raise SourceFailed(f"has {size:,} bytes under this name, not {file.size:,}: another file")
            size = file.size or size
            check_room(part.parent, (size or 0) - start)
            bar.reset(size)
            bar.n = bar.initial = bar.last_print_n = start
            with open(part, "ab" if start else "wb") as out:
                for chunk in chain([first], chunks):
                    out.write(chunk)
                    out.flush()                                  # what has come outlives this process
                    bar.update(len(chunk))
                    if size and out.tell() > size:
                        break
                os.fsync(out.fileno())
        if size and size_of(part) < size:
            raise TryAgain("broke off in the middle")
        return start

    def _open(self, url, offset, deadline):
        """(reply that brings a file, its first bytes, iterator over the rest); Drive's form is confirmed."""
        reply = self._request(url, offset)
        first, chunks, page = self._look(reply, deadline)
        if page and page.form:
            reply = self._request(page.form, offset)
            first, chunks, page = self._look(reply, deadline)
        status = reply.status_code
        if page and (status == 200 or page.tells_of_quota()):
            raise SourceFailed(page.explanation())
        if status == 200 or (offset and status in (206, 416)):
            return reply, first, chunks
        reply.close()
        if status in MOMENTARY or status >= 500:
            raise TryAgain(f"is busy ({status})", seconds_asked(reply.headers))
        raise SourceFailed(refusal(status))

    def _look(self, reply, deadline):
        """(first bytes of a reply, iterator over the rest, Page where it is one and None where not)."""
        chunks = self._chunks(reply, deadline)
        first = next(chunks, b"")
        if not Page.is_one(first, reply.headers.get("Content-Type", "")):
            return first, chunks, None
        with reply:
            while len(first) < LONGEST_PAGE and (chunk := next(chunks, b"")):
                first += chunk
        return first, chunks, Page(first)

    def _request(self, url, offset):
        """The reply to a request for `url` from `offset` on; redirects are followed, but to https alone."""
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        for _ in range(MOST_REDIRECTS):
            try:
                if urlsplit(url).scheme != "https":
                    raise SourceFailed(f"leads to {url[:100]}, which is not https: refused")
                reply = self.session.get(url, headers=headers, stream=True, allow_redirects=False,
                                         timeout=(self.limits.connect, self.limits.stall))
                if not reply.is_redirect:
                    return reply
                reply.close()
                url = urljoin(url, reply.headers["Location"])
            except requests.RequestException as error:
                if caused_by(error, socket.gaierror):
                    raise NoSuchHost("cannot be found: no network, or no such host") from error
                if caused_by(error, ssl.SSLCertVerificationError):
                    raise SourceFailed("shows a certificate that is not trusted") from error
                raise TryAgain(reason(error)) from error
            except ValueError as error:
                raise SourceFailed("redirects to something that is no address") from error
        raise SourceFailed("redirects in a circle")

    def _chunks(self, reply, deadline):
        """The bytes of a reply as they come, undecoded: a .tgz may arrive labelled as gzip-encoded."""
        came, mark = 0, self.clock()
        while True:
            try:
                chunk = reply.raw.read1(CHUNK, decode_content=False)
            except (urllib3.exceptions.HTTPError, HTTPException, OSError) as error:
                raise TryAgain(reason(error)) from error
            if not chunk:
                return
            yield chunk
            came, now = came + len(chunk), self.clock()
            if now > deadline:
                raise SourceFailed(self._too_long())
            if now - mark > self.limits.stall:
                if came < self.limits.slowest * (now - mark):
                    raise TryAgain("sends hardly anything")
                came, mark = 0, now

    def _too_long(self):
        return f"did not send it within {self.limits.total / 3600:.3g} hours"

    def _check(self, file, part, joined):
        """Removes a `part` with a wrong checksum. One that was joined from pieces is then fetched anew."""
        if has_checksum(part, file.checksum):
            return
        part.unlink()
        if joined:
            raise TryAgain("sent a rest that does not fit what came before, so all is fetched anew")
        raise SourceFailed("sent something that is not this file (its checksum is another): thrown away")


def _host(url):
    return urlsplit(url).hostname
