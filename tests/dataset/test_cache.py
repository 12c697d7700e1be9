"""The cache of decoded images."""
import errno
import os

import numpy as np
import pytest

from dataset import DataError, cache, open_dataset
from tests.dataset.make import encoded, picture, write_files

SHAPE = (7, 4, 5, 3)


def rows():
    return np.random.default_rng(0).integers(0, 256, SHAPE, np.uint8)


class Maker:
    """Makes the rows two at a time, the last ones first, and counts how often it is asked to."""

    def __init__(self, pixels=None):
        self.pixels, self.made = rows() if pixels is None else pixels, 0

    def __call__(self, folder, identity="a set", shape=SHAPE):
        return cache.image_rows(folder, "label", identity, shape, self.make, progress=False)

    def make(self):
        self.made += 1
        for numbers in ([6], [4, 5], [2, 3], [0, 1]):
            yield numbers, self.pixels[numbers], len(numbers)


def the_file(folder):
    """The only file there."""
    path, = folder.iterdir()
    return path


def test_rows_are_made_once_and_then_opened(tmp_path):
    maker = Maker()
    for _ in range(3):
        cached = maker(tmp_path)
        np.testing.assert_array_equal(cached.rows, rows())
        assert isinstance(cached.rows, np.memmap) and not cached.rows.flags.writeable
        assert (cached.damaged, cached.broken, cached.enlarged) == (False, {}, 7)
    assert maker.made == 1
    np.testing.assert_array_equal(np.load(the_file(tmp_path)), rows())         # an ordinary .npy


def test_another_identity_or_shape_is_another_file(tmp_path):
    maker = Maker()
    maker(tmp_path)
    maker(tmp_path, identity="another set")
    Maker(rows()[:, :3])(tmp_path, shape=(7, 3, 5, 3))
    assert maker.made == 2 and len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("damage", [
    lambda content: b"", lambda content: content[:50],
    lambda content: content[:-1], lambda content: content + b"x",
    lambda content: content[:300] + bytes([content[300] ^ 1]) + content[301:],
    lambda content: b"x" + content[1:], lambda content: content.replace(b"(7, 4", b"(6, 4"),
    lambda content: content.replace(b'"enlarged": 7', b'"enlarged": 8'),
    lambda content: content[:-5] + b"\xff" + content[-4:]])
def test_a_damaged_file_is_noticed_and_made_again(tmp_path, damage):
    maker = Maker()
    maker(tmp_path)
    path = the_file(tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    cached = maker(tmp_path)
    assert cached.damaged and maker.made == 2 and the_file(tmp_path) == path
    np.testing.assert_array_equal(cached.rows, rows())
    assert maker(tmp_path).damaged is False


def test_a_large_file_is_checked_in_rows_spread_over_it(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "CHECKED_BYTES", 4 * 60)          # four rows of 60 bytes: every second one
    maker = Maker()
    maker(tmp_path)
    path = the_file(tmp_path)
    start = len(cache._header(SHAPE))
    for row, noticed in ((1, False), (6, True)):
        content = bytearray(path.read_bytes())
        content[start + row * 60] ^= 1
        path.write_bytes(content)
        assert maker(tmp_path).damaged is noticed


def image_rows(folder, make):
    return cache.image_rows(folder, "label", "a set", SHAPE, make, progress=False)


def test_nothing_is_left_when_making_the_rows_fails(tmp_path):
    def make():
        yield [0], rows()[:1], 0
        raise DataError("row 1 is bad")

    with pytest.raises(DataError, match="row 1 is bad"):
        image_rows(tmp_path, make)
    assert list(tmp_path.iterdir()) == []


def test_whoever_makes_the_rows_is_ended_when_they_cannot_be_written(tmp_path):
    ended = []

    def make():
        try:
            yield [0, 0], rows()[:1], 0        # two numbers for one row
        finally:
            ended.append(True)

    with pytest.raises(ValueError, match="zip") as raised:
        image_rows(tmp_path, make)
    assert ended and raised.traceback


def test_rows_that_never_come_are_missed(tmp_path):
    with pytest.raises(DataError, match="2 images vanished"):
        image_rows(tmp_path, lambda: (made for made in Maker().make() if 0 not in made[0]))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match=r"file/below: cannot write the image cache there .*--cache"):
        Maker()(tmp_path / "file" / "below")


def test_a_folder_that_nobody_may_look_into(tmp_path, monkeypatch):
    def stat(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    with pytest.raises(DataError, match="cannot write the image cache there .Permission denied.*--cache"):
        with monkeypatch.context() as patch:
            patch.setattr(os, "stat", stat)
            patch.setattr(os, "mkdir", stat)
            Maker()(tmp_path / "theirs")


def test_no_home_folder(monkeypatch):
    def home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("pathlib.Path.home", home)
    with pytest.raises(DataError, match="no home folder is known .*: name one with --cache"):
        cache.default_folder()


def test_a_full_disk(tmp_path):
    def make():
        yield [0], rows()[:1], 0
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DataError, match="No space left on device.*free some space.*--cache"):
        image_rows(tmp_path, make)
    assert list(tmp_path.iterdir()) == []


def test_an_answer_is_remembered_unless_its_file_is_damaged(tmp_path):
    asked = []

    def ask():
        asked.append(1)
        return ["a", "b"]

    for damage in (None, "", "[5", '["a", "c"]', '[["a", "c"], "0123456789abcdef"]', "5"):
        if damage is not None:
            the_file(tmp_path).write_text(damage)
        asked.clear()
        assert [cache.remembered(tmp_path, "names", "x", ask) for _ in range(2)] == [["a", "b"]] * 2
        assert len(asked) == 1


def test_default_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.default_folder() == tmp_path / "autoencoding-beyond-pixels"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.default_folder() == tmp_path / ".cache" / "autoencoding-beyond-pixels"


def test_a_changed_image_is_decoded_again(tmp_path):
    path = write_files(tmp_path / "pictures", {f"{i}.png": encoded(picture(i)) for i in range(5)})
    before = open_dataset(path, 16, cache=tmp_path / "cache")
    write_files(path, {f"{i}.png": encoded(picture(i + 50)) for i in range(5)})
    after = open_dataset(path, 16, cache=tmp_path / "cache")
    assert len(list((tmp_path / "cache").iterdir())) == 4               # to train and to test with
    assert all((a != b).any() for a, b in zip(after.train.images, before.train.images))


def test_a_rebuilt_cache_is_told(tmp_path):
    path = write_files(tmp_path / "pictures", {f"{i}.png": encoded(picture(i)) for i in range(5)})
    before = open_dataset(path, 16, cache=tmp_path / "cache").notes
    for file in (tmp_path / "cache").iterdir():
        file.write_bytes(b"")
    made_again = "a damaged file in the image cache was found and made again"
    assert open_dataset(path, 16, cache=tmp_path / "cache").notes == [made_again, *before]
