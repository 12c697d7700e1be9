"""MNIST and Fashion-MNIST: IDX files, gzipped or not, whole and damaged; and the real Fashion-MNIST."""
import gzip

import numpy as np
import pytest

import dataset.mnist
from dataset import DataError, open_all, open_dataset
from dataset.fashion_mnist import CLASSES
from tests.dataset.make import idx, mnist, write_files, write_tgz, write_zip, zipped

FILES, PARTS = mnist()
IMAGES, LABELS, TEST_IMAGES, TEST_LABELS = FILES


def opened(path, tmp_path, size=28, **options):
    return open_dataset(path, size, cache=tmp_path / "cache", progress=False, **options)


def pixels(images):
    return sorted(image.tobytes() for image in images)


# -------------------------------------------------------------------------------------------- small files

def dotted(files):
    """As some unpack them: train-images.idx3-ubyte."""
    return {name.replace("-idx", ".idx"): content for name, content in files.items()}


@pytest.mark.parametrize("files", [
    FILES, zipped(FILES), dotted(FILES), {f"MNIST/raw/{name}": content for name, content in FILES.items()},
    zipped(FILES) | FILES])
@pytest.mark.parametrize("pack", [write_files, write_zip, write_tgz])
def test_every_picture_and_its_class_are_there(tmp_path, files, pack):
    images = opened(pack(tmp_path / "digits", files), tmp_path, want_attributes=True)
    assert (images.name, images.augmentation, images.train.attribute_names) == (
        "mnist", None, tuple("0123456789"))
    for split, (pictures, labels) in zip((images.train, images.test), PARTS.values()):
        label_of = {picture.tobytes(): label for picture, label in zip(pictures, labels)}
        expected = [label_of.pop(picture.tobytes()) for picture in split.images]
        assert not label_of                                      # each came once
        np.testing.assert_array_equal(split.attributes, 2.0 * np.eye(10)[expected] - 1)


def test_pictures_keep_their_places(tmp_path):
    names, split = open_all(write_files(tmp_path / "digits", zipped(FILES)), 28, cache=tmp_path / "cache")
    assert (names[7], names[8], names[-1], len(names)) == ("test/000007", "train/000000", "train/000069", 78)
    np.testing.assert_array_equal(split.images[:8], PARTS["test"][0])
    np.testing.assert_array_equal(split.images[8:], PARTS["train"][0])


def test_another_file_of_the_same_name_is_read_anew(tmp_path):
    path = write_files(tmp_path / "digits", FILES)
    opened(path, tmp_path)
    other, parts = mnist(71)
    write_files(path, other)
    assert pixels(opened(path, tmp_path).train.images) == pixels(parts["train"][0])


def test_at_another_size(tmp_path):
    path = write_files(tmp_path / "digits", FILES)
    images = opened(path, tmp_path, 32, limit=5)
    assert images.train.images.shape == (5, 32, 32, 1)
    assert "6 images are smaller than 32 x 32 and enlarged: they look soft" in images.notes
    assert not any("enlarged" in note for note in opened(path, tmp_path, 14, limit=5).notes)


@pytest.mark.parametrize("place, name", [
    ("fashion", "fashion_mnist"), ("FashionMNIST/raw", "fashion_mnist"),
    ("dataset-fashion-mnist", "fashion_mnist"), ("fashion/week/digits", "mnist")])
def test_fashion_is_known_by_its_folder(tmp_path, place, name):
    images = opened(write_files(tmp_path / place, FILES), tmp_path, want_attributes=True)
    assert images.name == name and (images.train.attribute_names == CLASSES) == (name != "mnist")


@pytest.mark.parametrize("part, sizes", [("train", (63, 7)), ("t10k", (7, 1))])
def test_one_part_alone_is_split(tmp_path, part, sizes):
    files = {name: content for name, content in FILES.items() if name.startswith(part)}
    images = opened(write_files(tmp_path / "digits", files), tmp_path)
    assert (len(images.train), len(images.test)) == sizes
    assert f"only the part named {part} is there: a tenth of it is held out for testing" in images.notes


def test_more_classes_than_digits(tmp_path):
    files, _ = mnist(classes=12, train=24)
    images = opened(write_files(tmp_path / "letters", files), tmp_path, want_attributes=True)
    assert images.train.attribute_names[-1] == "11"


# ------------------------------------------------------------------------------------------------- damage

def changed(name, content):
    return {**FILES, name: content}


def zip_of(content, change=lambda data: data):
    return {name: data for name, data in FILES.items() if name != IMAGES} | {
        f"{IMAGES}.gz": change(gzip.compress(content))}


WHOLE = FILES[IMAGES]


@pytest.mark.parametrize("files, complaint", [
    (changed(IMAGES, WHOLE[:-1]),
     "idx3-ubyte: is of 54,895 bytes, but 70 pictures of 28 x 28 are to be in it: fetch it again"),
    (changed(IMAGES, WHOLE + b"x"), "is of 54,897 bytes, but 70 pictures of 28 x 28"),
    (changed(IMAGES, b""), "idx3-ubyte: does not begin as an IDX file of pictures does: fetch it again"),
    (changed(IMAGES, WHOLE[:15]), "does not begin as an IDX file of pictures"),
    (changed(IMAGES, b"\0\0\x0d" + WHOLE[3:]), "does not begin as an IDX file of pictures"),
    (changed(IMAGES, b"\0\0\x08\1" + WHOLE[4:]), "does not begin as an IDX file of pictures"),
    (changed(IMAGES, WHOLE[:4] + b"\0\0\0\0" + WHOLE[8:16]), "does not begin as an IDX file of pictures"),
    (changed(IMAGES, WHOLE[:4] + b"\xff" * 12), "but 4,294,967,295 pictures of 4294967295 x 4294967295 are"),
    (zip_of(WHOLE[:-1]), "idx3-ubyte.gz: is cut short, of 70 pictures: fetch it again"),
    (zip_of(WHOLE + b"x"), "goes on after its 70 pictures: fetch it again"),
    (zip_of(WHOLE[:4] + b"\7" + WHOLE[5:]), "pictures of 28 x 28 are to be in it"),
    (zip_of(WHOLE, lambda data: data[:-20000]), "idx3-ubyte.gz: cannot be read .*: fetch it again"),
    (zip_of(WHOLE, lambda data: data[:-8] + b"\0" + data[-7:]), "cannot be read .*CRC.*: fetch it again"),
    (zip_of(WHOLE, lambda data: WHOLE), "cannot be read .*: fetch it again"),
    (changed(LABELS, idx(np.zeros(69, np.uint8))),
     "labels-idx1-ubyte: has 69 labels for 70 images: put images and labels of one set together"),
    (changed(LABELS, FILES[LABELS] + b"x"), "has more labels for 70 images"),
    (changed(LABELS, FILES[LABELS][:-1]), "has 69 labels for 70 images"),
    (changed(LABELS, WHOLE), "labels-idx1-ubyte: does not begin as an IDX file of labels does: fetch it"),
    (changed(TEST_LABELS, idx(np.full(8, 10, np.uint8))),
     "t10k-labels-idx1-ubyte: has a label 10, but there are 10 classes: put images and labels of one set"),
    ({IMAGES: idx(np.zeros((1, 28, 28), np.uint8)), LABELS: idx(np.zeros(1, np.uint8))},
     "holds a single image: give at least two"),
    ({LABELS: FILES[LABELS]}, "holds no pictures")])
def test_damaged_files_are_one_line_and_leave_no_cache(tmp_path, files, complaint):
    path = write_files(tmp_path / "fashion", files)
    with pytest.raises(DataError, match=complaint) as raised:
        opened(path, tmp_path, want_attributes=True)
    assert "\n" not in str(raised.value)
    assert not list((tmp_path / "cache").glob("*train*"))


def test_a_header_of_more_pictures_than_any_set_has(tmp_path, monkeypatch):
    path = write_files(tmp_path / "digits", zipped(FILES))
    monkeypatch.setattr(dataset.mnist, "MOST_PICTURES", 69)
    with pytest.raises(DataError, match="but 70 pictures of 28 x 28 are to be in it"):
        opened(path, tmp_path)


def test_links_to_nowhere(tmp_path):
    path = write_files(tmp_path / "digits", changed(IMAGES, WHOLE))
    (path / IMAGES).unlink()
    (path / IMAGES).symlink_to(tmp_path / "nowhere")
    with pytest.raises(DataError, match="train-images-idx3-ubyte: cannot be read"):
        opened(path, tmp_path)


def test_damaged_labels_concern_those_alone_who_want_them(tmp_path):
    path = write_files(tmp_path / "digits", changed(LABELS, b"x"))
    assert len(opened(path, tmp_path).train) == 70
    path = write_files(tmp_path / "unlabelled", {IMAGES: WHOLE, TEST_IMAGES: FILES[TEST_IMAGES]})
    with pytest.raises(DataError, match="has no attribute list beside it"):
        opened(path, tmp_path, want_attributes=True)


# ------------------------------------------------------------------------------- the real Fashion-MNIST

def test_the_real_fashion_mnist(tmp_path, fashion_mnist):
    """Against what gzip and NumPy alone read of it."""
    images = opened(fashion_mnist, tmp_path, want_attributes=True)
    assert (images.name, len(images.train), len(images.test)) == ("fashion_mnist", 60_000, 10_000)
    assert images.notes == []

    def read(name, start):
        return np.frombuffer(gzip.decompress((fashion_mnist / name).read_bytes()), np.uint8, offset=start)

    for split, part in ((images.train, "train"), (images.test, "t10k")):
        pictures = read(f"{part}-images-idx3-ubyte.gz", 16).reshape(-1, 784)
        labels = dict(zip(map(bytes, pictures), read(f"{part}-labels-idx1-ubyte.gz", 8)))
        assert pixels(split.images) == sorted(map(bytes, pictures))
        shown = [labels[row.tobytes()] for row in split.images]
        np.testing.assert_array_equal(split.attributes.argmax(1), shown)
        np.testing.assert_array_equal(np.bincount(shown), [len(split) // 10] * 10)
