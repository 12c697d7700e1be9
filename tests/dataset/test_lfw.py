"""LFW's own files."""
import functools
import tarfile

import numpy as np
import pytest

from dataset import LFW, DataError, open_dataset
from dataset.crop import cut, frame_for
from tests.dataset.make import (
    encoded, lfw_attributes, lfw_images, lfw_people, picture, write_files, write_tgz, write_zip)

FIRST, SECOND = {"Al_Bo": 2, "Cy_De_Fu": 1}, {"Ed_Ox-Yam": 3, "Li_Wu_Zanzibar": 2}   # of different lengths
PEOPLE = {**FIRST, **SECOND}


def archive(place, pack=write_tgz, name="lfw-deepfunneled.tgz", people=PEOPLE, **options):
    return pack(place / name, {"lfw-deepfunneled/.DS_Store": b"x", **lfw_images(people, **options)})


def opened(path, tmp_path, **options):
    return open_dataset(path, 16, cache=tmp_path / "cache", **options)


@functools.cache
def crops_of_all(side):
    """{pixels of a crop, as kept to train and to test with: (person, image number)}"""
    start, crop = (50, 150) if side == 250 else (0, side)
    frames = frame_for("lfw", 16, LFW), frame_for("lfw", 16)
    return {cut(picture(len(person) * 100 + i, side, side), start, start, crop, frame).tobytes(): (person, i)
            for person, count in PEOPLE.items() for i in range(1, count + 1) for frame in frames}


def who(split, side=250):
    """(person, image number) of every row."""
    return [crops_of_all(side)[row.tobytes()] for row in split.images]


def images_of(people):
    return {(person, i) for person, count in people.items() for i in range(1, count + 1)}


@pytest.mark.parametrize("given", [
    "archive", "folder with archive", "folder of people", "folder with people", "zip"])
def test_first_fold_tests_and_the_others_train(tmp_path, given):
    write_files(tmp_path / "data", {"people.txt": lfw_people([FIRST, SECOND])})
    if given in ("archive", "folder with archive"):
        path = archive(tmp_path / "data")
    elif given == "zip":
        path = archive(tmp_path / "data", write_zip, "faces.zip")
    else:
        path = write_files(tmp_path / "data", lfw_images(PEOPLE)) / "lfw-deepfunneled"
    images = opened(path.parent if "folder with" in given else path, tmp_path)
    assert images.name == "lfw"
    assert images.notes[0] == "taken as Labeled Faces in the Wild: 8 images of 4 people"
    assert len(images.train) == 5 and set(who(images.train)) == images_of(SECOND)
    assert len(images.test) == 3 and set(who(images.test)) == images_of(FIRST)


def test_lists_in_a_folder_called_lfw_beside_the_archive(tmp_path):
    write_files(tmp_path / "data", {"lfw/people.txt": lfw_people([SECOND, FIRST])})
    images = opened(archive(tmp_path / "data"), tmp_path)
    assert set(who(images.test)) == images_of(SECOND)


def test_images_cropped_before(tmp_path):
    path = archive(tmp_path, write_zip, "lfw-64px.zip", side=64, folder="lfw-64px/")
    images = opened(path, tmp_path)
    assert images.name == "lfw"
    assert set(who(images.train, 64) + who(images.test, 64)) == images_of(PEOPLE)


def test_without_people_some_are_held_out_whole(tmp_path):
    images = opened(archive(tmp_path), tmp_path)
    assert "no people.txt" in images.notes[1]
    train, test = ({person for person, _ in who(split)} for split in (images.train, images.test))
    assert len(test) == 1 and train | test == set(PEOPLE) and not train & test


def test_attributes_by_person_and_number(tmp_path):
    values = {key: (len(key[0]) + 0.25, -key[1], 1e-3) for key in images_of(PEOPLE) - {("Ed_Ox-Yam", 2)}}
    write_files(tmp_path, {"people.txt": lfw_people([FIRST, SECOND]),
                           "lfw_attributes.txt": lfw_attributes({**values, ("Nobody_Here", 1): (0, 0, 0)})})
    path = archive(tmp_path)
    assert len(opened(path, tmp_path).train) == 5
    images = opened(path, tmp_path, want_attributes=True)
    assert (images.train.dropped, images.test.dropped) == (1, 0)
    for split in (images.train, images.test):
        expected = np.array([values[key] for key in who(split)], np.float32)
        np.testing.assert_array_equal(split.attributes, expected)
        assert split.attribute_names == ("Male", "No Eyewear", "Smiling")


def test_attributes_of_other_people(tmp_path):
    write_files(tmp_path, {"lfw_attributes.txt": lfw_attributes({("Nobody_Here", 1): (0, 0, 0)})})
    path = archive(tmp_path)
    assert opened(path, tmp_path).name == "lfw"
    with pytest.raises(DataError, match=r"lfw_attributes\.txt: has no row for any of the images"):
        opened(path, tmp_path, want_attributes=True)


def test_a_damaged_attribute_row_is_named(tmp_path):
    rows = dict.fromkeys(images_of(PEOPLE), (1, 2, 3))
    rows["Al_Bo", 1] = (1, 2)
    write_files(tmp_path, {"lfw_attributes.txt": lfw_attributes(rows)})
    with pytest.raises(DataError, match=r"lfw_attributes\.txt, line \d+: expected 3 numbers"):
        opened(archive(tmp_path), tmp_path, want_attributes=True)


@pytest.mark.parametrize("text, complaint", [
    ("", "is an empty file, not a list"), ("<html>", "is a web page, not a list"),
    ("2\n5\nAl_Bo\t2\n", "is not LFW's list"), ("2\n", "is not LFW's list"),
    ("2\n²\nAl 2", "is not LFW's list"),
    ("2\n2\nAl_Bo 2\n1\n", "is not LFW's list")])
def test_a_damaged_list_of_people(tmp_path, text, complaint):
    write_files(tmp_path, {"people.txt": text})
    with pytest.raises(DataError, match=rf"people\.txt: {complaint}"):
        opened(archive(tmp_path), tmp_path)


def test_people_of_one_fold_alone(tmp_path):
    write_files(tmp_path, {"people.txt": lfw_people([FIRST, SECOND])})
    with pytest.raises(DataError, match="leaves nobody to test with"):
        opened(archive(tmp_path, people=SECOND), tmp_path)


def test_lists_without_images(tmp_path):
    write_files(tmp_path / "data", {"people.txt": lfw_people([FIRST, SECOND])})
    with pytest.raises(DataError, match="has files of LFW's and no images"):
        opened(tmp_path / "data", tmp_path)


def test_the_name_lfw_stands_for_a_folder_in_the_cache(tmp_path):
    with pytest.raises(DataError, match=r"--offline.* get lfw-funneled\.tgz .* put it into .*cache/lfw"):
        opened("lfw", tmp_path, offline=True)
    archive(tmp_path / "cache/lfw")
    assert opened("lfw", tmp_path).name == "lfw"


def test_an_archive_that_tries_to_get_out_is_read_in_memory_only(tmp_path):
    link = tarfile.TarInfo("lfw-deepfunneled/Al_Bo/Al_Bo_0009.jpg")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    outside = {"../../Ed_Up/Ed_Up_0001.jpg": encoded(picture(1, 250, 250)),
               f"{tmp_path}/Ed_No/Ed_No_0001.jpg": encoded(picture(2, 250, 250)), "link": link}
    path = write_tgz(tmp_path / "data/deep/lfw.tgz", {**lfw_images(PEOPLE), **outside})
    images = opened(path, tmp_path)
    assert len(images.train) + len(images.test) == sum(PEOPLE.values())      # what lies elsewhere is no part
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cache", "data"]
    assert [p.name for p in (tmp_path / "data").rglob("*")] == ["deep", "lfw.tgz"]
    assert all(p.suffix in (".npy", ".json") for p in (tmp_path / "cache").iterdir())
