"""CIFAR-10 and STL-10: their binary files, packed as published or not, whole and damaged."""
import pickle

import numpy as np
import pytest

from dataset import CROPS, DataError, open_all, open_dataset
from dataset.augment import STL10
from dataset.crop import crop_picture, frame_for
from tests.dataset.make import cifar10, stl10, write_files, write_tar, write_tgz, write_zip

CIFAR, CIFAR_PARTS = cifar10()
STL, STL_PARTS = stl10()
TRAIN = [f"data_batch_{number}" for number in range(1, 6)]


def below(folder, files):
    return {f"{folder}/{name}": content for name, content in files.items()}


def opened(path, tmp_path, size, **options):
    return open_dataset(path, size, cache=tmp_path / "cache", progress=False, **options)


def in_a_folder(name):
    def pack(path, files):
        write_tgz(path / name, files)
        return path

    return pack


def classes(split, pictures, labels):
    """The classes that `split` gives, and those that it should, where its images are these pictures."""
    label_of = {picture.tobytes(): label for picture, label in zip(pictures, labels)}
    expected = [label_of.pop(image.tobytes()) for image in split.images]
    assert not label_of                                          # each came once
    return split.attributes.tolist(), (2.0 * np.eye(10)[expected] - 1).tolist()


# ---------------------------------------------------------------------------------------------- CIFAR-10

@pytest.mark.parametrize("pack", [
    write_files, write_zip, write_tgz, write_tar, in_a_folder("cifar-10-binary.tar.gz")])
def test_cifar10(tmp_path, pack):
    path = pack(tmp_path / "data", below("cifar-10-batches-bin", CIFAR | {"batches.meta.txt": b"airplane"}))
    images = opened(path, tmp_path, 32, want_attributes=True)
    assert (images.name, images.augmentation) == ("cifar10", None)
    assert images.train.attribute_names[0] == "airplane" and images.train.attribute_names[9] == "truck"
    train = [np.concatenate([CIFAR_PARTS[part][i] for part in TRAIN]) for i in (0, 1)]
    for split, part in ((images.train, train), (images.test, CIFAR_PARTS["test_batch"])):
        given, expected = classes(split, *part)
        assert given == expected


def test_cifar10s_pictures_keep_their_places(tmp_path):
    names, split = open_all(write_files(tmp_path / "x", CIFAR), 32, cache=tmp_path / "cache")
    assert names[3:5] == ["data_batch_2/000000", "data_batch_2/000001"]
    expected = np.concatenate([images for images, _ in CIFAR_PARTS.values()])
    np.testing.assert_array_equal(split.images, expected)


@pytest.mark.parametrize("files, complaint", [
    (CIFAR | {"data_batch_3.bin": CIFAR["data_batch_3.bin"][:-1]},
     "data_batch_3.bin: is of 9,218 bytes, not of whole pictures of 3,073 each: fetch it again"),
    (CIFAR | {"test_batch.bin": b""}, "test_batch.bin: is of 0 bytes, not of whole pictures"),
    (CIFAR | {"data_batch_4.bin": b"\x0a" + CIFAR["data_batch_4.bin"][1:]},
     "data_batch_4.bin: has a label 10, but there are 10 classes: fetch it again"),
    ({name: content for name, content in CIFAR.items() if name != "data_batch_5.bin"},
     "has files of CIFAR-10's, but no data_batch_5.bin: put cifar-10-binary.tar.gz there"),
    ({"cifar-10-batches-py/data_batch_1": pickle.dumps({"data": 1})},
     "is the Python version of CIFAR-10, pickles, which could hold any code: get the binary version")])
def test_cifar10_that_cannot_be_used(tmp_path, files, complaint):
    for number, pack in enumerate((write_files, write_tgz)):
        with pytest.raises(DataError, match=complaint) as raised:
            opened(pack(tmp_path / f"cifar{number}", files), tmp_path, 32, want_attributes=True)
        assert "\n" not in str(raised.value)
    assert not list((tmp_path / "cache").glob("*.npy"))


def test_links_to_nowhere(tmp_path):
    for number, files in enumerate((CIFAR, STL)):
        path = write_files(tmp_path / str(number), files)
        for name in files:
            (path / name).unlink()
            (path / name).symlink_to(tmp_path / "nowhere")
        with pytest.raises(DataError, match=r"\.bin: cannot be read .*: fetch it again"):
            opened(path, tmp_path, 32)


def test_pickles_are_never_opened(tmp_path, monkeypatch):
    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, lambda *_: pytest.fail("unpickled"))
    path = write_files(tmp_path / "x", {"cifar-10-python.tar.gz": b"x", "data_batch_1": b"x"})
    with pytest.raises(DataError, match="the Python version of CIFAR-10"):
        opened(path, tmp_path, 32)


# ------------------------------------------------------------------------------------------------ STL-10

@pytest.mark.parametrize("pack", [
    write_files, write_zip, write_tgz, write_tar, in_a_folder("stl10_binary.tar.gz")])
def test_stl10s_unlabelled_images_train(tmp_path, pack):
    images = opened(pack(tmp_path / "data", below("stl10_binary", STL)), tmp_path, 64)
    assert (images.name, images.augmentation, images.crop) == ("stl10", STL10, "stl10")
    for split, part, use in ((images.train, "unlabeled", STL10), (images.test, "test", None)):
        frame = frame_for("stl10", 64, use)
        expected = [crop_picture(picture, frame, "x").tobytes() for picture in STL_PARTS[part][0]]
        assert sorted(map(bytes, split.images)) == sorted(expected)
    assert images.notes[0] == ("images without a class train: for attributes give a folder without "
                               "unlabeled_X.bin")
    assert CROPS["stl10"].side == 96 and images.train.images.shape[1] > 96      # moved before they shrink


@pytest.mark.parametrize("beginning", [b"P1", b"BM", b"\xff\xd8\xff"])
def test_pixels_that_look_like_a_pictures_beginning(tmp_path, beginning):
    files = dict(STL)
    for name in ("train_X.bin", "unlabeled_X.bin"):
        files[name] = beginning + files[name][len(beginning):]
    images = opened(write_files(tmp_path / "data", files), tmp_path, 32)
    assert images.name == "stl10" and len(images.train) == len(STL_PARTS["unlabeled"][0])


def test_stl10s_labelled_images_train_where_no_others_are(tmp_path):
    files = {name: content for name, content in STL.items() if name != "unlabeled_X.bin"}
    images = opened(write_files(tmp_path / "x", files), tmp_path, 96, want_attributes=True, augment=False)
    for split, part in ((images.train, "train"), (images.test, "test")):
        given, expected = classes(split, *STL_PARTS[part])
        assert given == expected
    assert "no unlabeled_X.bin is there: the images of train_X.bin train" in images.notes


def test_stl10_unlabelled_with_attributes(tmp_path):
    with pytest.raises(DataError, match="none of the images to train with has attributes"):
        opened(write_files(tmp_path / "x", STL), tmp_path, 64, want_attributes=True)


def without(*names, **changed):
    files = {name: content for name, content in STL.items() if name not in ("unlabeled_X.bin", *names)}
    return files | {f"{name}.bin": content for name, content in changed.items()}


@pytest.mark.parametrize("files, complaint", [
    (without(test_X=STL["test_X.bin"][:-1]),
     "test_X.bin: is of 110,591 bytes, not of whole pictures of 27,648 each: fetch it again"),
    (without(test_y=b"\1\2\3"),
     "test_y.bin: has 3 labels for 4 images: put images and labels of one set together"),
    (without(train_y=b"\1" * 9), "train_y.bin: has more labels for 3 images"),
    (without(train_y=b"\1\0\3"), "train_y.bin: has labels from 0 to 3, not from 1 to 10: fetch it again"),
    (without(train_y=b"\1\2\x0b"), "train_y.bin: has labels from 1 to 11, not from 1 to 10"),
    (without("train_X.bin"), "has files of STL-10's, but no unlabeled_X.bin: put stl10_binary.tar.gz there"),
    (without("test_X.bin"), "has files of STL-10's, but no test_X.bin"),
    (without("test_y.bin"), "has no attribute list beside it")])
def test_stl10_that_cannot_be_used(tmp_path, files, complaint):
    with pytest.raises(DataError, match=complaint) as raised:
        opened(write_files(tmp_path / "stl", files), tmp_path, 64, want_attributes=True)
    assert "\n" not in str(raised.value)


# ----------------------------------------------------------------------------------------------- archives

@pytest.mark.parametrize("damage", [
    lambda content: content[:len(content) // 2], lambda content: content[:-5],
    lambda content: content[:5000] + bytes(100) + content[5100:]])
@pytest.mark.parametrize("name, files", [("cifar-10-binary.tar.gz", CIFAR), ("stl10_binary.tar.gz", STL)])
def test_damaged_archives(tmp_path, name, files, damage):
    path = write_tgz(tmp_path / name, files)
    path.write_bytes(damage(path.read_bytes()))
    for place in (path, tmp_path):
        with pytest.raises(DataError, match=f"{name}: .*fetch it|unpack it again") as raised:
            opened(place, tmp_path, 32)
        assert "\n" not in str(raised.value)
