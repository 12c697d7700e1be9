import hashlib
import time

import pytest

from dataset.fetch import SETS
from dataset.fetch.addresses import File, Need
from dataset.fetch.download import Downloader, Limits
from tests.dataset.fetch.misbehaving import FACES, IMAGES, LIST, MD5, SIZE, Server, whole


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A Server whose certificate this process and those that it starts trust."""
    server = Server(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.certificate))
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "*")
    yield server
    server.close()


@pytest.fixture
def serve(server):
    """Makes a File that the server serves."""
    def make(name, content, reply=None, size=True):
        server.plan[f"/{name}"] = [reply or whole(content)]
        return File(name, f"md5:{hashlib.md5(content).hexdigest()}", (f"{server.url}/{name}",),
                    len(content) if size else None, f"https://site/{name}")
    return make


@pytest.fixture
def sets(serve, monkeypatch):
    """'faces', a set in the place of the real ones: a list, attributes, images."""
    needs = (Need((serve("list.txt", LIST),), ("list.*",)),
             Need((serve("attributes.txt", FACES),), attributes=True),
             Need((serve("images.zip", IMAGES, size=False),), ("images*",), instead="an archive.zip"))
    for name in list(SETS):
        monkeypatch.delitem(SETS, name)
    monkeypatch.setitem(SETS, "faces", needs)
    return SETS


class Fetching:
    """Fetches one file into `folder` by a clock that only sleeping moves, or (`real`) the real one."""

    def __init__(self, server, folder, limits=None, real=False):
        self.server, self.folder = server, folder
        self.slept, self.said, self.now = [], [], 0.0
        folder.mkdir(exist_ok=True)
        self.downloader = Downloader(limits or Limits(connect=5, stall=0.3, tries=3), False, self.said.append,
                                     time.monotonic if real else lambda: self.now, self._sleep)

    def _sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds

    def get(self, *replies, size=SIZE, checksum=MD5, others=()):
        """Fetches a file from a source with these replies, then from sources with those of `others`."""
        sources = [list(replies), *map(list, others)]
        for number, plan in enumerate(sources):
            self.server.plan[f"/{number}"] = plan
        addresses = tuple(f"{self.server.url}/{number}" for number in range(len(sources)))
        self.downloader.get(File("file", checksum, addresses, size), self.folder)

    def holds(self, **files):
        """Whether the folder holds just these: `file`, and `part` for file.part."""
        names = {"file": "file", "part": "file.part"}
        there = {path.name: path.read_bytes() for path in self.folder.iterdir()}
        return there == {names[name]: content for name, content in files.items()}

    def ranges(self):
        return [wanted for _, wanted in self.server.asked]


@pytest.fixture
def fetching(server, tmp_path):
    return Fetching(server, tmp_path / "folder")
