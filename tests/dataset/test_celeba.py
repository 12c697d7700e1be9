"""CelebA's own files."""
import functools

import numpy as np
import pytest

from dataset import CELEBA, DataError, open_dataset
from dataset.crop import cut, frame_for
from tests.dataset.make import (
    FACES, celeba_attributes, celeba_images, celeba_partition, encoded, picture, write_files, write_zip)

# images 1-12 train, 13-15 validate, 16-20 test
PARTS = {i: 0 if i <= 12 else 1 if i <= 15 else 2 for i in range(1, 21)}

FEW = "only {} images to train with: a model may learn them by heart; thousands are usual"


def celeba(folder, images=PARTS, attributes=range(1, 30), parts=PARTS, layout=("", "", "")):
    """A folder with CelebA's files; None leaves a list out."""
    files = celeba_images(images, layout[0] + "img_align_celeba/")
    if attributes is not None:
        files[layout[1] + "list_attr_celeba.txt"] = celeba_attributes(attributes)
    if parts is not None:
        files[layout[2] + "list_eval_partition.txt"] = celeba_partition(parts)
    return write_files(folder, files)


def opened(path, tmp_path, **options):
    return open_dataset(path, 16, cache=tmp_path / "cache", **options)


@functools.cache
def crops_of_all():
    """{pixels of a crop, as kept to train and to test with: number of its picture}"""
    return {cut(picture(i), 40, 15, 148, frame_for("celeba", 16, use)).tobytes(): i
            for i in range(1, 30) for use in (CELEBA, None)}


def numbers(split):
    """Which pictures a split holds, in its order."""
    return [crops_of_all()[row.tobytes()] for row in split.images]


def test_official_partition_and_crop(tmp_path):
    images = opened(celeba(tmp_path / "celeba"), tmp_path)
    assert images.name == "celeba" and images.notes == [FEW.format(15)]
    assert sorted(numbers(images.train)) == list(range(1, 16))
    assert sorted(numbers(images.test)) == list(range(16, 21))
    assert images.train.attributes is None and images.train.dropped == 0


def test_attributes_go_with_their_images(tmp_path):
    images = opened(celeba(tmp_path / "celeba"), tmp_path, want_attributes=True)
    for split in (images.train, images.test):
        expected = [[1 if i >> a & 1 else -1 for a in range(3)] for i in numbers(split)]
        np.testing.assert_array_equal(split.attributes, expected)
        assert split.attributes.dtype == np.float32
        assert split.attribute_names == tuple(FACES) and split.dropped == 0


def test_official_folders_and_a_zipped_list(tmp_path):
    path = celeba(tmp_path / "CelebA", attributes=None, layout=("Img/", "Anno/", "Eval/"))
    write_zip(path / "Anno/list_attr_celeba.zip", {"list_attr_celeba.txt": celeba_attributes(range(1, 30))})
    for place in (path, path / "Img/img_align_celeba"):
        images = opened(place, tmp_path, want_attributes=True)
        assert images.name == "celeba" and images.notes == [FEW.format(15)]
        assert (len(images.train), len(images.test)) == (15, 5)


@pytest.mark.parametrize("inside", [False, True])
def test_zip_of_images_beside_the_lists(tmp_path, inside):
    path = celeba(tmp_path / "celeba", images=())
    archive = write_zip(path / "img_align_celeba.zip", celeba_images(PARTS))
    images = opened(archive if inside else path, tmp_path, want_attributes=True)
    assert images.name == "celeba" and sorted(numbers(images.train)) == list(range(1, 16))


def test_the_name_celeba_stands_for_a_folder_in_the_cache(tmp_path):
    with pytest.raises(DataError, match=r"--offline.* get list_eval_partition\.txt .* and "
                       r"img_align_celeba\.zip .*cache/celeba"):
        opened("celeba", tmp_path, offline=True)
    celeba(tmp_path / "cache/celeba")
    assert len(opened("celeba", tmp_path).train) == 15


def test_images_without_a_row_are_dropped_only_where_attributes_are_used(tmp_path):
    path = celeba(tmp_path / "celeba", attributes=[1, 2, 3, 17, 25])
    assert len(opened(path, tmp_path).train) == 15
    images = opened(path, tmp_path, want_attributes=True)
    assert sorted(numbers(images.train)) == [1, 2, 3] and images.train.dropped == 12
    assert numbers(images.test) == [17] and images.test.dropped == 4


def test_an_attribute_list_of_other_images_stops_those_alone_who_use_attributes(tmp_path):
    path = celeba(tmp_path / "celeba", attributes=range(100, 110))
    assert len(opened(path, tmp_path).train) == 15
    with pytest.raises(DataError, match=r"list_attr_celeba\.txt: has no row for any of the images"):
        opened(path, tmp_path, want_attributes=True)


def test_a_split_without_attributes(tmp_path):
    path = celeba(tmp_path / "celeba", attributes=range(1, 5))
    with pytest.raises(DataError, match="none of the images to test with has attributes"):
        opened(path, tmp_path, want_attributes=True)


def test_a_damaged_row_is_named(tmp_path):
    path = celeba(tmp_path / "celeba")
    attributes = path / "list_attr_celeba.txt"
    for damage in ("", " 1 1", " ?", " nan"):
        text = attributes.read_text().replace("000002.jpg -1  1 -1", "000002.jpg -1  1" + damage)
        attributes.write_text(text)
        with pytest.raises(DataError, match=r"list_attr_celeba\.txt, line 4: expected 3 numbers"):
            opened(path, tmp_path, want_attributes=True)
        celeba(tmp_path / "celeba")


@pytest.mark.parametrize("text, complaint", [
    ("", "is an empty file, not a list"), ("<html>quota exceeded</html>\n", "is a web page, not a list"),
    ("000001.jpg 1 -1 1\n", "does not begin with a line of names"), (b"a\xff\n", "cannot be read")])
@pytest.mark.parametrize("name", ["list_attr_celeba.txt", "list_eval_partition.txt"])
def test_what_is_no_list(tmp_path, text, complaint, name):
    path = write_files(celeba(tmp_path / "celeba"), {name: text})
    if "partition" in name:
        complaint = complaint.replace("does not begin with a line of names", "none of the images there are")
    with pytest.raises(DataError, match=complaint):
        opened(path, tmp_path, want_attributes=True)


def test_a_page_in_place_of_the_zipped_list(tmp_path):
    path = write_files(celeba(tmp_path / "celeba", attributes=None), {"list_attr_celeba.zip": "<html>"})
    with pytest.raises(DataError, match=r"list_attr_celeba\.zip: cannot be read"):
        opened(path, tmp_path, want_attributes=True)


def test_without_a_partition_a_tenth_is_held_out(tmp_path):
    images = opened(celeba(tmp_path / "celeba", parts=None), tmp_path)
    assert (len(images.train), len(images.test)) == (18, 2)
    assert "no list_eval_partition.txt" in images.notes[0]


def test_images_of_the_training_set_alone(tmp_path):
    images = opened(celeba(tmp_path / "celeba", images=range(1, 11)), tmp_path)
    assert (len(images.train), len(images.test)) == (9, 1)
    assert "no image of the official test set" in images.notes[0]


@pytest.mark.parametrize("parts", [None, PARTS])
def test_a_single_image(tmp_path, parts):
    path = celeba(tmp_path / "celeba", images=[1], parts=parts)
    with pytest.raises(DataError, match="celeba: holds a single image .*: give at least two"):
        opened(path, tmp_path)


def test_images_of_the_test_set_alone(tmp_path):
    with pytest.raises(DataError, match="none of the images there are is for training"):
        opened(celeba(tmp_path / "celeba", images=range(16, 21)), tmp_path)


def test_images_without_a_partition_row_are_left_out_and_told(tmp_path):
    images = opened(celeba(tmp_path / "celeba", images=range(1, 24)), tmp_path)
    assert (len(images.train), len(images.test)) == (15, 5)
    assert images.notes == ["3 images without a row in list_eval_partition.txt are left out", FEW.format(15)]


def test_a_partition_of_other_images(tmp_path):
    with pytest.raises(DataError, match=r"list_eval_partition\.txt: has no row for any of the images"):
        opened(celeba(tmp_path / "celeba", parts={100: 0, 101: 2}), tmp_path)


def test_images_that_are_not_aligned(tmp_path):
    path = celeba(tmp_path / "celeba")
    write_files(path, {"img_align_celeba/000003.jpg": encoded(picture(3, 64, 80))})
    with pytest.raises(DataError, match=r"000003\.jpg: is 80 x 64, not 178 x 218"):
        opened(path, tmp_path)


def test_lists_without_images(tmp_path):
    with pytest.raises(DataError, match="has files of CelebA's and no images: put img_align_celeba.zip"):
        opened(celeba(tmp_path / "celeba", images=()), tmp_path)
    write_files(tmp_path / "celeba", {"img_align_celeba/1.png": "x"})
    with pytest.raises(DataError, match=r"images, but none named like 000001\.jpg"):
        opened(tmp_path / "celeba", tmp_path)
