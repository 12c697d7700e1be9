"""Broken pictures: all named at once, left out where that is asked for, found once."""
import errno
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import PIL
import pytest

from dataset import DataError, broken, cache, held_out_attributes, open_all, open_dataset, pixels
from dataset.errors import BrokenPicture, one_line, unreadable
from tests.dataset.make import (
    celeba_attributes, celeba_images, celeba_partition, encoded, picture, write_files, write_tgz, write_zip)

CUT = encoded(picture(0, 50, 50))[:-200]
BROKEN = {"07.png": CUT, "b.png": b"words", "c.heic": b"\0\0\0\x18ftypheic"}
WHY = {"07.png": "not an image that can be read (image file is truncated", "b.png": "(of no known kind)",
       "c.heic": "HEIC, which is not read here"}
NO_MEMORY = MemoryError(), BrokenProcessPool(), OSError(errno.ENOMEM, "no")


def faces(count=40):
    return {f"{i:02d}.png": encoded(picture(i, 20, 20)) for i in range(count)}


def opened(path, tmp_path, **options):
    return open_dataset(path, 16, cache=tmp_path / "cache", progress=False, **options)


@pytest.mark.parametrize("pack", [write_files, write_zip, write_tgz])
def test_all_are_named_at_once_and_left_out_where_that_is_asked_for(tmp_path, pack, monkeypatch):
    path = pack(tmp_path / "data", {**faces(), **BROKEN})
    with pytest.raises(DataError, match="data: 3 of 42 pictures cannot be used: .* --skip-broken:") as raised:
        opened(path, tmp_path)
    assert all(name in str(raised.value) and why in str(raised.value) for name, why in WHY.items())
    monkeypatch.setattr(pixels, "crop_file", None)               # nothing is decoded twice
    skipped = opened(path, tmp_path, skip_broken=True)
    assert (len(skipped.train), len(skipped.test)) == (35, 4)
    assert [line.partition(":")[0] for line in skipped.skipped] == sorted(BROKEN)
    assert skipped.notes[0] == "3 broken pictures are left out: 07.png, b.png, c.heic"


def test_what_is_left_is_what_a_whole_set_gives(tmp_path):
    path = write_files(tmp_path / "data", {**faces(), **BROKEN})
    names, split = open_all(path, 16, cache=tmp_path / "cache", skip_broken=True)
    assert names == [name for name in sorted(faces()) if name != "07.png"]
    for name in BROKEN:
        (path / name).unlink()
    whole_names, whole = open_all(path, 16, cache=tmp_path / "cache")
    assert whole_names == names and (whole.images == split.images).all()


def test_more_than_a_tenth_stops(tmp_path):
    path = write_files(tmp_path / "data", {**faces(26), **BROKEN})
    with pytest.raises(DataError, match="3 of 28 pictures cannot be used: more than a tenth: replace"):
        opened(path, tmp_path, skip_broken=True)
    write_files(path, {**faces(29), **BROKEN})
    assert len(opened(path, tmp_path, skip_broken=True).skipped) == 3


def test_many_of_a_kind_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(broken, "NAMED", 2)
    path = write_files(tmp_path / "data", {**faces(2), **{f"x{i}.png": b"words" for i in range(1200)}})
    with pytest.raises(DataError, match=r"1,200 of 1,202 .*: x0.png, x1.png and 1,198 more$"):
        opened(path, tmp_path)


def test_all_images_to_test_with_broken(tmp_path):
    path = write_files(tmp_path / "data", faces(10))
    held_out = encoded(opened(path, tmp_path).test.images[0])
    name = next(name for name in faces(10)
                if encoded(open_all(path, 16, cache=tmp_path / "cache")[1].images[int(name[:2])]) == held_out)
    (path / name).write_bytes(b"words")
    with pytest.raises(DataError, match="all images to test with are broken: replace them"):
        opened(path, tmp_path, skip_broken=True)


def test_attributes_of_broken_pictures_that_were_left_out(tmp_path, monkeypatch):
    parts = {i: 0 if i <= 20 else 2 for i in range(1, 41)}
    path = write_files(tmp_path / "data", {**celeba_images(parts), "img_align_celeba/000030.jpg": b"words",
                                           "list_attr_celeba.txt": celeba_attributes(parts),
                                           "list_eval_partition.txt": celeba_partition(parts)})
    test = opened(path, tmp_path, skip_broken=True, want_attributes=True).test
    assert len(test) == 19
    monkeypatch.setattr(pixels, "crop_file", None)               # nothing is decoded twice
    names, attributes = held_out_attributes(path, 16, tmp_path / "cache", skip_broken=True)
    assert names == test.attribute_names
    np.testing.assert_array_equal(attributes, test.attributes)
    assert len(held_out_attributes(path, 16, tmp_path / "cache")[1]) == 20


def test_a_link_to_nowhere_is_a_broken_picture(tmp_path):
    path = write_files(tmp_path / "data", faces())
    (path / "lost.png").symlink_to(tmp_path / "nowhere.png")
    with pytest.raises(DataError, match="1 of 41 .*: a link to nowhere: lost.png"):
        opened(path, tmp_path)
    assert len(opened(path, tmp_path, skip_broken=True).skipped) == 1


def test_another_version_of_the_decoder_looks_again(tmp_path, monkeypatch):
    path = write_files(tmp_path / "data", {**faces(), "b.png": b"words"})
    opened(path, tmp_path, skip_broken=True)
    monkeypatch.setattr(PIL, "__version__", "another")
    assert "made again" in opened(path, tmp_path, skip_broken=True).notes[0]


def test_enlarged_pictures_are_counted(tmp_path):
    path = write_files(tmp_path / "data", {**faces(), "1.png": encoded(picture(1, 1, 1)),
                                           "thin.png": encoded(picture(1, 900, 1))})
    for _ in range(2):
        notes = opened(path, tmp_path).notes
        assert "2 images are smaller than 16 x 16 and enlarged: they look soft" in notes


@pytest.mark.parametrize("error, message", [
    (OSError(errno.EIO, "Input/output error"), "x: cannot be read (Input/output error): fetch it again"),
    (ZeroDivisionError(), "x: cannot be read (ZeroDivisionError): fetch it again"),
    (KeyError("two\nlines"), r"x: cannot be read ('two\nlines'): fetch it again"),
    (BrokenPicture("y", "bad"), "y: bad: replace or remove it"),
    *((error, "out of memory while images were read: close other programs, or use fewer (--limit) or "
              "smaller images") for error in NO_MEMORY)])
def test_whatever_is_raised_becomes_one_line(error, message):
    with pytest.raises(DataError) as raised, one_line(unreadable("x")):
        raise error
    assert str(raised.value) == message


@pytest.mark.parametrize("error", NO_MEMORY)
def test_want_of_memory_while_pictures_are_made_is_told_as_such(tmp_path, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(pixels, "crop_file", fail)
    path = write_files(tmp_path / "data", faces(3))
    with pytest.raises(DataError, match="out of memory while images were read: close other programs"):
        opened(path, tmp_path)
    assert list((tmp_path / "cache").iterdir()) == []


def test_what_killed_runs_left_in_the_cache_is_swept(tmp_path, monkeypatch):
    write_files(tmp_path / "cache", {".folder-16-0.npy.1234.part": b"x", "keep.part": b"x"})
    path = write_files(tmp_path / "data", faces(2))
    opened(path, tmp_path)
    left = tmp_path / "cache/.folder-16-0.npy.1234.part"
    assert left.exists()                                         # perhaps still being written
    monkeypatch.setattr(cache, "LEFT_BEHIND", -1)
    open_dataset(path, 20, cache=tmp_path / "cache")
    assert not left.exists() and (tmp_path / "cache/keep.part").exists()
