"""Opening sets of images: what all kinds have in common, toyfaces, whole sets, and single pictures."""
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from dataset import (
    CELEBA, CROPS, FLIPS, LFW, DataError, Images, Split, attribute_names, channels, held_out_attributes,
    open_all, open_dataset, read_pictures, split, toyfaces)
from dataset.toyfaces import reader
from tests.dataset.make import (
    celeba_images, celeba_partition, cifar10, encoded, lfw_images, mnist, picture, stl10, write_files,
    write_tgz, write_zip)
from dataset.augment import STL10


def test_toyfaces(tmp_path):
    opened = open_dataset("toyfaces", 32, cache=tmp_path, limit=70, want_attributes=True)
    assert (opened.name, opened.size, opened.notes) == ("toyfaces", 32, [])
    assert (len(opened.train), len(opened.test)) == (70, 7)
    np.testing.assert_array_equal(opened.train.images, toyfaces.render(range(70), 32, seed=0))
    unseen = range(20_000, 20_007)
    np.testing.assert_array_equal(opened.test.images, toyfaces.render(unseen, 32, seed=0))
    np.testing.assert_array_equal(opened.train.attributes, 2 * toyfaces.attributes(range(70), 0) - 1)
    assert opened.test.attribute_names == tuple(toyfaces.ATTRIBUTES)
    assert opened.test.attributes.shape == (7, len(toyfaces.ATTRIBUTES))


def test_toyfaces_of_another_seed(tmp_path):
    first, other = (open_dataset("toyfaces", 16, cache=tmp_path, limit=10, seed=seed, want_attributes=True)
                    for seed in (0, 1))
    assert (first.train.images != other.train.images).any()
    np.testing.assert_array_equal(other.train.images, toyfaces.render(range(10), 16, seed=1))
    np.testing.assert_array_equal(other.train.attributes, 2 * toyfaces.attributes(range(10), 1) - 1)


def test_many_toyfaces_are_painted_by_processes_and_are_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "WORTH_PROCESSES", 100)
    opened = open_dataset("toyfaces", 16, cache=tmp_path, limit=150, workers=2)
    np.testing.assert_array_equal(opened.train.images, toyfaces.render(range(150), 16, seed=0))


def test_all_toyfaces_are_twenty_and_two_thousand():
    source = reader.open_source(None)
    train, test, notes = source.split()
    assert (len(train), len(test), notes) == (20_000, 2_000, [])
    assert source.names == sorted(train + test) and len(set(source.names)) == 22_000


SETS = {"mnist": mnist(3, 2), "fashion_mnist": mnist(3, 2), "cifar10": cifar10(1, 1), "stl10": stl10(2, 1, 1)}


def data_of(kind, folder):
    """What to open for a kind of data, with three pictures at least."""
    if kind == "celeba":
        files = {**celeba_images([3, 1, 2]), "list_eval_partition.txt": celeba_partition({1: 0, 2: 1, 3: 2})}
        return write_files(folder / "data", files)
    if kind == "lfw":
        return write_tgz(folder / "data/lfw.tgz", lfw_images({"Li_Wu": 2, "Al_Bo": 1}))
    if kind in SETS:
        return write_files(folder / kind, SETS[kind][0])
    if kind == "folder":
        return write_zip(folder / "data.zip", {f"{i}.png": encoded(picture(i, 40, 50)) for i in (2, 0, 1)})
    return kind


@pytest.mark.parametrize("kind, augmentation, crop", [
    ("toyfaces", FLIPS, "centre"), ("celeba", CELEBA, "celeba"), ("lfw", LFW, "lfw"),
    ("mnist", None, "centre"), ("fashion_mnist", None, "centre"),
    ("cifar10", None, "centre"), ("stl10", STL10, "stl10"), ("folder", FLIPS, "centre")])
def test_every_kind_of_data_says_how_it_is_augmented_and_cut(tmp_path, kind, augmentation, crop):
    opened = open_dataset(data_of(kind, tmp_path), 16, cache=tmp_path, limit=2)
    assert (opened.name, opened.augmentation, opened.crop) == (kind, augmentation, crop)
    assert crop in CROPS


@pytest.mark.parametrize("kind, expected", [
    ("toyfaces", ["toyfaces/000000", "toyfaces/000001", "toyfaces/000002"]),
    ("celeba", [f"img_align_celeba/00000{i}.jpg" for i in (1, 2, 3)]),
    ("lfw", [f"lfw-deepfunneled/{p}/{p}_{i:04d}.jpg" for p, i in (("Al_Bo", 1), ("Li_Wu", 1), ("Li_Wu", 2))]),
    ("mnist", ["test/000000", "test/000001", "train/000000"]), ("folder", ["0.png", "1.png", "2.png"])])
def test_all_pictures_in_the_order_of_their_names(tmp_path, kind, expected):
    data = data_of(kind, tmp_path)
    names, split = open_all(data, 16, cache=tmp_path, limit=3)
    assert names == expected and len(split) == 3 and split.attributes is None
    opened = open_dataset(data, 16, cache=tmp_path, limit=3, augment=False)
    assert sum((row == split.images).all(axis=(1, 2, 3)).any() for row in opened.train.images) >= 1
    assert open_all(data, 16, cache=tmp_path, limit=2)[0] == expected[:2]


def test_a_set_too_small_to_split_and_another_crop(tmp_path):
    data = write_files(tmp_path / "img_align_celeba", celeba_images([1], ""))
    with pytest.raises(DataError, match="a single image"):
        open_dataset(data, 16, cache=tmp_path)
    for crop in (None, "celeba", "centre", "lfw"):
        names, split = open_all(data, 16, crop, tmp_path)
        assert names == ["000001.jpg"]
        expected = read_pictures([data / "000001.jpg"], 16, crop or "celeba")
        np.testing.assert_array_equal(split.pictures([0]), expected)


def test_toyfaces_are_never_cut(tmp_path):
    _, split = open_all("toyfaces", 16, "celeba", tmp_path, limit=3)
    np.testing.assert_array_equal(split.images, toyfaces.render(range(3), 16))


def test_single_pictures_in_the_order_given(tmp_path):
    write_files(tmp_path, {f"{i}.png": encoded(picture(i, 16, 16)) for i in range(3)})
    pictures = read_pictures([tmp_path / "2.png", str(tmp_path / "0.png"), tmp_path / "2.png"], 16)
    assert pictures.dtype == np.float32
    expected = np.stack([picture(i, 16, 16) for i in (2, 0, 2)])
    np.testing.assert_allclose(pictures, expected / 127.5 - 1, atol=1e-6)
    assert read_pictures([], 16).shape == (0, 16, 16, 3)


def test_a_large_single_picture_is_read_without_a_warning(tmp_path, monkeypatch, recwarn):
    write_files(tmp_path, {"0.png": encoded(picture(0, 40, 50))})
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40 * 50 - 1)
    read_pictures([tmp_path / "0.png"], 16)
    assert not recwarn.list


@pytest.mark.parametrize("name, crop, complaint", [
    ("text.png", "centre", r"text.png: not an image .* \(of no known kind\): replace or remove it"),
    ("cut.jpg", "centre", "cut.jpg: not an image"),
    ("nowhere.png", "centre", "nowhere.png: cannot be read .*: check that it is there"),
    ("", "centre", "cannot be read"),
    ("0.png", "celeba", "0.png: is 50 x 40, not 178 x 218 .*: use those, or cut .*--crop centre"),
    ("0.png", "middle", "crop middle is not known: choose celeba, lfw, stl10, centre")])
def test_a_single_picture_that_cannot_be_used(tmp_path, name, crop, complaint):
    write_files(tmp_path, {"text.png": "shopping", "0.png": encoded(picture(0, 40, 50)),
                           "cut.jpg": encoded(picture(0), "JPEG")[:2000]})
    with pytest.raises(DataError, match=complaint) as raised:
        read_pictures([tmp_path / "0.png", tmp_path / name], 16, crop)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("options, complaint", [
    (dict(size=4), "image size 4"), (dict(size=16, limit=0), "limit of 0"),
    (dict(size=16, crop="middle"), "crop middle is not known")])
def test_a_whole_set_that_cannot_be_opened_so(tmp_path, options, complaint):
    with pytest.raises(DataError, match=complaint):
        open_all("toyfaces", cache=tmp_path, **options)


@pytest.mark.parametrize("limit", [None, 20, 5])
def test_attributes_to_test_with_without_decoding(tmp_path, monkeypatch, limit):
    images = open_dataset("toyfaces", 8, cache=tmp_path, limit=limit or 40, want_attributes=True)
    monkeypatch.setattr(reader.Painter, "rows", lambda *_: pytest.fail("painted"))
    assert attribute_names("toyfaces", tmp_path) == images.test.attribute_names
    names, attributes = held_out_attributes("toyfaces", 8, tmp_path, limit)
    assert names == images.test.attribute_names
    assert len(attributes) == {None: 2000, 20: 2, 5: 1}[limit]
    count = min(len(attributes), len(images.test))
    np.testing.assert_array_equal(attributes[:count], images.test.attributes[:count])


def test_channels_of_names_and_paths(tmp_path):
    expected = {"toyfaces": 3, "celeba": 3, "mnist": 1, "fashion_mnist": 1, "cifar10": 3, "stl10": 3}
    assert {name: channels(name, tmp_path) for name in expected} == expected          # nothing is there
    places = {kind: data_of(kind, tmp_path / kind) for kind in expected}
    assert {kind: channels(place, tmp_path) for kind, place in places.items()} == expected
    with pytest.raises(DataError, match="nowhere: no such file or folder"):
        channels(tmp_path / "nowhere", tmp_path)


def test_attributes_of_data_without_any(tmp_path):
    write_files(tmp_path / "pictures", {f"{i}.png": encoded(picture(i, 16, 16)) for i in range(3)})
    for ask in (attribute_names, lambda data, cache: held_out_attributes(data, 16, cache)):
        with pytest.raises(DataError, match="pictures: has no attribute list beside it: add it, or use data"):
            ask(tmp_path / "pictures", tmp_path)


def test_the_digest_stands_for_the_pixels():
    rng = np.random.default_rng(0)
    train, test = (rng.integers(0, 256, (n, 10, 10, 3), np.uint8) for n in (9, 3))

    def digest(train, test):
        return Images("folder", 8, Split(train, 1), Split(test, 1), []).digest

    changed = test.copy()
    changed[2, 9, 9, 2] ^= 1
    others = [(train[::-1], test), (train[:8], test), (train, changed)]
    assert len({digest(train, test), *(digest(*other) for other in others)}) == 4
    assert digest(train.copy(), test.copy()) == digest(train, test)


def test_of_many_images_evenly_spread_ones_are_digested(monkeypatch):
    monkeypatch.setattr(split, "DIGESTED_BYTES", 10 * 300)
    rows = np.zeros((25, 10, 10, 3), np.uint8)
    digests = []
    for number in (0, 1, 3, 24):
        changed = rows.copy()
        changed[number] = 1
        digests.append(Images("folder", 8, Split(changed, 1), Split(rows[:1], 1), []).digest)
    assert len(set(digests)) == 4                  # 0, 3, 24, and the untouched 1


def test_importing_brings_in_neither_the_networks_nor_what_is_slow():
    slow = "'nets', 'experiment', 'cupy', 'matplotlib', 'scipy'"
    code = f"import sys, dataset; print({{{slow}}} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"
