"""Folders and archives of any images."""
import numpy as np
import pytest

from dataset import DataError, open_dataset
from dataset.crop import cut, frame_for
from tests.dataset.make import encoded, picture, write_files, write_tar, write_tgz, write_zip


def some_files(count=12):
    return {f"{['', 'deep/er/'][i % 2]}{i:02d}.png": encoded(picture(i, 40 + i, 50)) for i in range(count)}


def opened(path, tmp_path, size=16, **options):
    return open_dataset(path, size, cache=tmp_path / "cache", **options)


def all_pixels(images):
    """The rows of both splits as a set of bytes."""
    return {row.tobytes() for split in (images.train, images.test) for row in split.images}


@pytest.mark.parametrize("pack", [write_files, write_zip, write_tgz, write_tar])
def test_every_image_of_a_folder_or_archive_is_there_once(tmp_path, pack):
    path = pack(tmp_path / "pictures", some_files())
    images = opened(path, tmp_path)
    assert (images.name, images.size) == ("folder", 16)
    assert (len(images.train), len(images.test)) == (11, 1)
    assert images.train.images.shape == (11, 16, 16, 3) and images.train.images.dtype == np.uint8
    expected = {cut(picture(i, 40 + i, 50), max(0, (i - 10) // 2), max(0, (10 - i) // 2), min(40 + i, 50),
                    frame_for("centre", 16)).tobytes() for i in range(12)}
    assert all_pixels(images) == expected and len(expected) == 12


@pytest.mark.parametrize("size", [16, 32, 64, 100, 128, 256])
def test_sizes(tmp_path, size):
    images = opened(write_files(tmp_path / "pictures", some_files(2)), tmp_path, size)
    assert images.train.pictures(slice(0, 1)).shape == (1, size, size, 3)


def test_pictures_are_the_crops_in_minus_one_to_one(tmp_path):
    images = opened(write_files(tmp_path / "pictures", some_files()), tmp_path)
    shown = images.train.pictures([2, 0])
    assert shown.dtype == np.float32
    np.testing.assert_allclose(shown, images.train.images[[2, 0]] / 127.5 - 1, atol=1e-6)


def test_hidden_files_are_ignored(tmp_path):
    path = write_files(tmp_path / "pictures", {
        **some_files(3), ".DS_Store": "x", ".thumbnails/a.png": "x", "deep/.hidden.png": "x",
        "__MACOSX/b.png": "x"})
    assert len(all_pixels(opened(path, tmp_path))) == 3


def test_the_seed_chooses_what_is_held_out(tmp_path):
    path = write_files(tmp_path / "pictures", some_files(40))
    first, again, other = (opened(path, tmp_path, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.test.images, again.test.images)
    assert len(first.test) == 4
    assert {row.tobytes() for row in first.test.images} != {row.tobytes() for row in other.test.images}


def test_limit_keeps_a_part_of_both_splits(tmp_path):
    path = write_files(tmp_path / "pictures", some_files(40))
    images = opened(path, tmp_path, limit=20)
    assert (len(images.train), len(images.test)) == (20, 2)
    np.testing.assert_array_equal(images.train.images, opened(path, tmp_path).train.images[:20])


@pytest.mark.parametrize("content, complaint", [
    ({}, "holds no files"), ({".hidden": "x"}, "holds no files"),
    ({"one.png": encoded(picture(0))}, "a single image")])
def test_too_little(tmp_path, content, complaint):
    path = tmp_path / "pictures"
    path.mkdir()
    with pytest.raises(DataError, match=complaint):
        opened(write_files(path, content), tmp_path)


def test_no_such_path(tmp_path):
    with pytest.raises(DataError, match="nowhere: no such file or folder"):
        opened(tmp_path / "nowhere", tmp_path)


def test_neither_folder_nor_archive(tmp_path):
    write_files(tmp_path, {"face.png": encoded(picture(0))})
    with pytest.raises(DataError, match="face.png: is PNG: give the folder that holds it"):
        opened(tmp_path / "face.png", tmp_path)


@pytest.mark.parametrize("pack", [write_zip, write_tgz, write_tar])
def test_a_damaged_archive(tmp_path, pack):
    path = pack(tmp_path / "pictures", some_files())
    content = bytearray(path.read_bytes())
    content[len(content) // 3:len(content) // 2] = bytes(len(content) // 2 - len(content) // 3)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"pictures: (cannot be read|[0-9]+ of 12 pictures cannot be used)"):
        opened(path, tmp_path)


def test_an_archive_that_is_cut_short(tmp_path):
    path = write_tgz(tmp_path / "pictures", some_files())
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(DataError, match="pictures: cannot be read"):
        opened(path, tmp_path)


@pytest.mark.parametrize("pack, name, size", [
    (write_zip, "pictures", 3000), (write_zip, "pictures.zip", 1), (write_tgz, "pictures.tgz", 1),
    (write_tar, "pictures.TAR", 100)])
def test_an_archive_of_which_little_is_there(tmp_path, pack, name, size):
    path = pack(tmp_path / name, some_files())
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(DataError, match=f"{name}: not a complete zip or tar archive: fetch it again"):
        opened(path, tmp_path)


def test_a_locked_zip(tmp_path):
    path = write_zip(tmp_path / "pictures.zip", some_files(2))
    content = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = content.find(signature)
        while start >= 0:
            content[start + flags] |= 1
            start = content.find(signature, start + 4)
    path.write_bytes(content)
    with pytest.raises(DataError, match="password"):
        opened(path, tmp_path)


@pytest.mark.parametrize("size", [0, 4, 5000])
def test_sizes_that_are_not_supported(tmp_path, size):
    with pytest.raises(DataError, match=f"image size {size} is not supported"):
        opened(write_files(tmp_path / "pictures", some_files(2)), tmp_path, size)


def test_a_limit_of_nothing(tmp_path):
    with pytest.raises(DataError, match="limit of 0"):
        opened(write_files(tmp_path / "pictures", some_files(2)), tmp_path, limit=0)


def test_attributes_that_a_folder_has_not(tmp_path):
    with pytest.raises(DataError, match="pictures: has no attribute list"):
        opened(write_files(tmp_path / "pictures", some_files(2)), tmp_path, want_attributes=True)
