"""The network that reads attributes: what it learns, and how it is kept."""
import numpy as np
import pytest

from dataset import Images, open_dataset
from dataset.toyfaces import ATTRIBUTES, attributes, render
from dataset.toyfaces.reader import TRAIN
from experiment.evaluation import attribute_network as module
from experiment.evaluation.distances import above


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def faces(cache):
    return open_dataset("toyfaces", 32, cache, limit=1500, want_attributes=True)


@pytest.fixture(scope="module")
def few(cache):
    return open_dataset("toyfaces", 32, cache, limit=200, want_attributes=True)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setitem(module.SETTINGS, "images", 640)


class Painted:
    """What is asked of toyfaces' training images, painted when it is."""
    attribute_names = ATTRIBUTES

    def __init__(self):
        self.attributes = 2 * attributes(TRAIN) - 1

    def __len__(self):
        return len(TRAIN)

    def pictures(self, rows):
        return render(rows, 32).astype(np.float32) / np.float32(127.5) - np.float32(1)


def parameters(network):
    return network.regressor.networks["regressor"].parameters.copy()


def test_it_reads_what_the_faces_were_painted_from(faces, cache, monkeypatch):
    monkeypatch.setitem(module.SETTINGS, "images", 5000)
    network, test = module.attribute_network(faces, cache, "cpu"), faces.test
    read = network.read(test.pictures, len(test))
    for name in ("Black_Hair", "Eyeglasses", "Wearing_Hat", "Blond_Hair", "Bald"):
        column = network.names.index(name)
        has = test.attributes[:, column] > 0
        assert above(read[has, column], read[~has, column]) > 0.9, name
    assert np.abs(read.mean(0) - test.attributes.mean(0)).max() < 0.5                    # in the data's units
    assert ((read > 0) == (test.attributes > 0)).mean() > 0.8
    features = network.features(test.pictures, len(test))
    assert features.shape == (150, 128) and features.std(0).mean() > 0.1


def test_it_is_trained_once_and_always_the_same(few, tmp_path, quick, monkeypatch):
    first = module.attribute_network(few, tmp_path / "a", "cpu")
    again = module.attribute_network(few, tmp_path / "b", "cpu")
    assert (parameters(first) == parameters(again)).all() and first.digest == again.digest
    monkeypatch.setattr(module, "_train", None)                  # from here on it must not be called
    kept = module.attribute_network(few, tmp_path / "a", "cpu")
    pictures = few.test.pictures
    assert (kept.read(pictures, 20) == first.read(pictures, 20)).all()


def test_that_of_todays_toyfaces_comes_with_the_package(few, tmp_path, monkeypatch):
    """Where this fails toyfaces or SETTINGS have changed: train it again, and put it into the package."""
    monkeypatch.setattr(module, "_train", None)                  # it must not be called
    network = module.attribute_network(Images("toyfaces", 32, Painted(), few.test, []), tmp_path, "cpu")
    read = network.read(few.test.pictures, len(few.test))
    assert ((read > 0) == (few.test.attributes > 0)).mean() > 0.9


def test_a_grey_level_here_and_there_does_not_make_other_data():
    """As a processor makes that rounds a sine otherwise; a network of its own would take half a minute."""
    class Off(Painted):
        levels = 0

        def pictures(self, rows):
            pictures = super().pictures(rows)
            pictures[::100, 7, 9] += np.float32(self.levels / 127.5)
            return pictures

    images = Images("toyfaces", 32, Off(), None, [])
    before = module._digest(images)
    images.train.levels = 1
    assert module._digest(images) == before
    images.train.levels = 100
    assert module._digest(images) != before


def test_a_damaged_file_is_made_again(few, tmp_path, quick):
    first = module.attribute_network(few, tmp_path, "cpu")
    (file,) = tmp_path.iterdir()
    content = file.read_bytes()
    for damaged in (content[:1000], b""):
        file.write_bytes(damaged)
        assert (parameters(module.attribute_network(few, tmp_path, "cpu")) == parameters(first)).all()
        assert list(tmp_path.iterdir()) == [file] and len(file.read_bytes()) == len(content)


@pytest.mark.parametrize("change", ["images", "attributes", "settings"])
def test_other_data_and_other_settings_have_their_own(change, few, tmp_path, quick, monkeypatch):
    first = module.attribute_network(few, tmp_path, "cpu").digest
    changed = open_dataset("toyfaces", 32, tmp_path / "images", limit=200, want_attributes=True,
                           seed=int(change == "images"))
    if change == "attributes":
        changed.train.attributes = changed.train.attributes.copy()
        changed.train.attributes[7, 3] *= -1
    if change == "settings":
        monkeypatch.setitem(module.SETTINGS, "images", 1280)
    assert module.attribute_network(changed, tmp_path, "cpu").digest != first


def test_held_out_images_are_not_learned(few, tmp_path, quick):
    first = parameters(module.attribute_network(few, tmp_path / "a", "cpu"))
    other = open_dataset("toyfaces", 32, tmp_path, limit=200, want_attributes=True)
    other.test.images, other.test.attributes = other.test.images[:10], -other.test.attributes[:10]
    assert (parameters(module.attribute_network(other, tmp_path / "b", "cpu")) == first).all()
