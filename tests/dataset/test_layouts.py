"""The ways in which CelebA and LFW are passed on, and what is neither."""
import functools

import numpy as np
import pytest

from dataset import CELEBA, DataError, open_dataset
from dataset.crop import cut, frame_for
from tests.dataset.make import (
    FACES, celeba_attributes, celeba_images, celeba_partition, encoded, lfw_attributes, lfw_images,
    lfw_people, picture, write_files, write_tgz, write_zip)

PARTS = {i: 0 if i <= 12 else 1 if i <= 15 else 2 for i in range(1, 21)}
IMAGES = celeba_images(PARTS)
ATTRIBUTES, PARTITION = celeba_attributes(PARTS, "\n"), celeba_partition(PARTS, "\n")


def opened(path, tmp_path, **options):
    return open_dataset(path, 16, cache=tmp_path / "cache", progress=False, **options)


@functools.cache
def numbers():
    """{pixels of a crop: number of its picture}"""
    return {cut(picture(i), 40, 15, 148, frame_for("celeba", 16, use)).tobytes(): i
            for i in PARTS for use in (CELEBA, None)}


def is_official(images):
    """Whether these are the official parts, with the right attributes where there are any."""
    parts = [[numbers()[row.tobytes()] for row in split.images] for split in (images.train, images.test)]
    for split, part in zip((images.train, images.test), parts):
        if split.attributes is not None:
            expected = [[1 if i >> a & 1 else -1 for a in range(3)] for i in part]
            np.testing.assert_array_equal(split.attributes, expected)
            assert split.attribute_names == tuple(FACES)
    return images.name == "celeba" and [sorted(part) for part in parts] == [[*range(1, 16)], [*range(16, 21)]]


def below(folder, files):
    return {f"{folder}/{name}": content for name, content in files.items()}


def commas(text, header):
    """A list with commas, as Kaggle's, of one with spaces."""
    lines = [",".join(line.split()) for line in text.splitlines()]
    if len(lines) > 20:
        lines = [f"image_id,{lines[1]}", *lines[2:]]
    else:
        lines = [header, *lines]
    return "\r\n".join(lines) + "\r\n"


def kaggle():
    return {**below("img_align_celeba", IMAGES), "list_attr_celeba.csv": commas(ATTRIBUTES, "").encode(),
            "list_eval_partition.csv": commas(PARTITION, "image_id,partition").encode(),
            "list_bbox_celeba.csv": b"image_id,x_1\n", "list_landmarks_align_celeba.csv": b"image_id,x\n"}


LISTS = {"list_attr_celeba.txt": ATTRIBUTES, "list_eval_partition.txt": PARTITION}


@pytest.mark.parametrize("layout, given", [
    (kaggle(), "."), (kaggle(), "img_align_celeba"), (kaggle(), "img_align_celeba/img_align_celeba"),
    (below("celeba", {**IMAGES, **LISTS, "identity_CelebA.txt": "1 5\n"}), "."),      # torchvision's
    (below("a/Img", IMAGES) | below("a/Anno", LISTS), "."),
    ({**below("faces", celeba_images(PARTS, "")), **LISTS}, "."),
    ({**celeba_images(PARTS, ""), **LISTS}, "."),
    (below("img_align_celeba_png", {f"{i:06d}.PNG": encoded(picture(i)) for i in PARTS}) | LISTS, "."),
    ({name.replace(".jpg", ".JPG"): content for name, content in IMAGES.items()} | LISTS, "."),
    ({**IMAGES, **below("img_celeba", {"000001.jpg": encoded(picture(1, 90, 70))}), **LISTS}, ".")])
def test_celeba_in_every_layout(tmp_path, layout, given):
    path = write_files(tmp_path / "data", layout)
    assert is_official(opened(path / given, tmp_path, want_attributes=True))


def test_celeba_as_kaggle_packs_it(tmp_path):
    assert is_official(opened(write_zip(tmp_path / "archive.zip", kaggle()), tmp_path, want_attributes=True))


def test_celebas_official_zip_in_a_folder_further_down(tmp_path):
    write_zip(tmp_path / "data/CelebA/Img/img_align_celeba.zip", IMAGES)
    write_files(tmp_path / "data/CelebA", {**below("Anno", LISTS), "README.txt": "words"})
    assert is_official(opened(tmp_path / "data", tmp_path, want_attributes=True))


@pytest.mark.parametrize("change", [
    lambda text: text.encode("utf-8-sig"), lambda text: text.encode("utf-16"),
    lambda text: text.encode("utf-16-le"), lambda text: ("\ufeff" + text).encode("utf-16-be"),
    lambda text: text.encode("utf-16-be"),
    lambda text: text.replace("\n", "\r\n"), lambda text: text.replace("\n", "\r"),
    lambda text: text.replace("\n", "\n\n"), lambda text: text.replace(" ", "\t"),
    lambda text: text.replace(".jpg", ".png"), lambda text: text.replace(" -1", "  0"),
    lambda text: text.removeprefix("20\n")])
def test_celebas_lists_however_they_were_saved(tmp_path, change):
    lists = {name: change(text) for name, text in LISTS.items()}
    path = write_files(tmp_path / "celeba", {**IMAGES, **lists})
    assert is_official(opened(path, tmp_path, want_attributes=True))


def test_celebas_validation_images_test_where_no_others_can(tmp_path):
    path = write_files(tmp_path / "celeba", {**celeba_images(range(1, 16)), **LISTS})
    images = opened(path, tmp_path)
    assert (len(images.train), len(images.test)) == (12, 3)
    assert "the official validation images test" in images.notes[0]


@pytest.mark.parametrize("height, width, note", [
    (64, 64, "the images are 64 x 64, not 178 x 218: taken as cut already"),
    (109, 89, "the images are 89 x 109, not 178 x 218: cut in proportion"),
    (78, 64, "the images are 64 x 78, not 178 x 218: cut in proportion")])
def test_celeba_resized(tmp_path, height, width, note):
    images = {f"img_align_celeba/{i:06d}.jpg": encoded(picture(i, height, width)) for i in PARTS}
    opened_images = opened(write_files(tmp_path / "celeba", {**images, **LISTS}), tmp_path)
    assert (len(opened_images.train), len(opened_images.test)) == (15, 5) and opened_images.notes[0] == note
    if height == 109:
        frame = frame_for("celeba", 16, CELEBA)
        expected = {cut(picture(i, 109, 89), 20, 8, 74, frame).tobytes() for i in range(1, 16)}
        assert {row.tobytes() for row in opened_images.train.images} == expected


@pytest.mark.parametrize("side, name", [
    ((218, 178), "celeba"), ((100, 100), "folder"), ((218, 179), "folder")])
def test_images_alone_are_celebas_by_name_and_size(tmp_path, side, name):
    images = {f"{i:06d}.jpg": encoded(picture(i, *side)) for i in range(10)}
    path = write_files(tmp_path / "x", images)
    assert opened(path, tmp_path).name == name


# LFW
FIRST, SECOND = {"Al_Bo": 2, "Cy_De_Fu": 1}, {"Ed_Ox-Yam": 3, "Li_Wu": 2, "Ola_Pi": 1}
PEOPLE = FIRST | SECOND
SCORES = {(person, i): (1, -len(person), 0.5) for person, n in PEOPLE.items() for i in range(1, n + 1)}
LFW_LISTS = {"people.txt": lfw_people([FIRST, SECOND]), "lfw_attributes.txt": lfw_attributes(SCORES)}

SCIKIT_LEARN = lfw_images(PEOPLE, folder="lfw_home/lfw_funneled/") | below("lfw_home", LFW_LISTS)


@pytest.mark.parametrize("layout, given", [
    (below("lfw-deepfunneled", lfw_images(PEOPLE)) | LFW_LISTS | {"people.csv": "name\n"}, "."), # Kaggle's
    (below("lfw-py", lfw_images(PEOPLE)) | below("lfw-py", LFW_LISTS), "."),            # torchvision's
    (SCIKIT_LEARN, "."), (SCIKIT_LEARN, "lfw_home/lfw_funneled"),
    (lfw_images(PEOPLE) | lfw_images(dict.fromkeys(PEOPLE, 3), folder="lfw_funneled/") | LFW_LISTS, "."),
    (lfw_images(PEOPLE, folder="") | LFW_LISTS, ".")])
def test_lfw_in_every_layout(tmp_path, layout, given):
    images = opened(write_files(tmp_path / "data", layout) / given, tmp_path, want_attributes=True)
    assert images.name == "lfw" and (len(images.train), len(images.test)) == (6, 3)
    np.testing.assert_array_equal(np.unique(images.test.attributes[:, 1]), [-8, -5])


@pytest.mark.parametrize("pack, name", [(write_tgz, "lfw-funneled.tgz"), (write_zip, "archive.zip")])
def test_lfw_packed_with_its_pairs_and_lists(tmp_path, pack, name):
    inside = {f"lfw_funneled/pairs_{i:02d}.txt": b"x" for i in range(1, 11)}
    lists = {name: text.encode() for name, text in LFW_LISTS.items()}
    path = pack(tmp_path / name, {**lfw_images(PEOPLE, folder="lfw_funneled/"), **inside, **lists})
    images = opened(path, tmp_path, want_attributes=True)
    assert images.name == "lfw" and (len(images.train), len(images.test)) == (6, 3)


def test_lfws_other_official_split(tmp_path):
    listed = {"peopleDevTest.txt": "2\nLi_Wu\t2\nOla_Pi\t1\n"}
    path = write_files(tmp_path / "lfw", lfw_images(PEOPLE) | listed)
    images = opened(path, tmp_path)
    assert (len(images.train), len(images.test)) == (6, 3)
    assert "no people.txt beside the images: the people of peopledevtest.txt test" in images.notes


def test_lfws_scores_with_spaces_for_tabs(tmp_path):
    spaces = lfw_attributes(SCORES, ("Male", "Smiling", "Young")).replace("\t", " ")
    path = write_files(tmp_path / "lfw", {**lfw_images(PEOPLE), **LFW_LISTS, "lfw_attributes.txt": spaces})
    images = opened(path, tmp_path, want_attributes=True)
    assert images.train.attribute_names == ("Male", "Smiling", "Young")
    np.testing.assert_array_equal(np.unique(images.test.attributes[:, 1]), [-8, -5])


def animals(kinds, side, count=6):
    return {f"{kind}/{kind}_{i + 1:04d}.jpg": encoded(picture(i, side, side))
            for kind in kinds for i in range(count)}


@pytest.mark.parametrize("files, name", [
    (animals(["cat", "dog"], 100), "folder"), (animals(["cat", "dog"], 250), "folder"),
    (animals(["cat"], 250), "folder"), (animals("abcdef", 100), "folder"),
    (animals(["cat"], 250) | {f"{i}.png": encoded(picture(i, 250, 250)) for i in range(20)}, "folder"),
    (animals(["cat", "dog"], 100) | {"my_people.txt": "x"}, "folder"),
    (below("lfw-and-more", animals(["cat"], 250)), "folder"),
    (below("lfw", animals("ab", 99)) | {f"x{i}.png": encoded(picture(i, 9, 9)) for i in range(20)}, "folder"),
    ({**{f"{i}.png": encoded(picture(i, 20, 20)) for i in range(5)}, "people.txt": "Ann, Bob"}, "folder"),
    (lfw_images(PEOPLE, folder="faces/"), "lfw"), (lfw_images(FIRST, 64, "lfw-64px/"), "lfw")])
def test_lfw_is_recognised_by_strong_evidence_alone(tmp_path, files, name):
    images = opened(write_files(tmp_path / "data", files), tmp_path)
    assert images.name == name
    assert len(images.train) + len(images.test) == sum(not name.endswith(".txt") for name in files)
    assert any("taken as Labeled Faces in the Wild" in note for note in images.notes) == (name == "lfw")


def test_lists_of_lfw_with_other_images(tmp_path):
    path = write_files(tmp_path / "data", {"lfw_attributes.txt": LFW_LISTS["lfw_attributes.txt"]})
    with pytest.raises(DataError, match="has files of LFW's and no images: put lfw-deepfunneled.tgz there"):
        opened(path, tmp_path)
