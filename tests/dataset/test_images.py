"""Toyfaces as an opened set, and what opening has in common."""
import subprocess
import sys

import numpy as np

from dataset import AUGMENTATIONS, images, open_dataset, toyfaces


def test_toyfaces(tmp_path):
    opened = open_dataset("toyfaces", 32, cache=tmp_path, limit=70, want_attributes=True)
    assert (opened.name, opened.size, opened.margin, opened.notes) == ("toyfaces", 32, 2, [])
    assert (len(opened.train), len(opened.test)) == (70, 7)
    np.testing.assert_array_equal(opened.train.images, toyfaces.render(range(70), 32, seed=0, margin=2))
    unseen = range(20_000, 20_007)
    np.testing.assert_array_equal(opened.test.images, toyfaces.render(unseen, 32, seed=0, margin=2))
    np.testing.assert_array_equal(opened.train.attributes, 2 * toyfaces.attributes(range(70), 0) - 1)
    assert opened.test.attribute_names == tuple(toyfaces.ATTRIBUTES)
    assert opened.test.attributes.shape == (7, len(toyfaces.ATTRIBUTES))


def test_toyfaces_of_another_seed(tmp_path):
    first, other = (open_dataset("toyfaces", 16, cache=tmp_path, limit=10, seed=seed) for seed in (0, 1))
    assert (first.train.images != other.train.images).any()
    np.testing.assert_array_equal(other.train.images, toyfaces.render(range(10), 16, seed=1, margin=1))


def test_many_toyfaces_are_painted_by_processes_and_are_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(images, "WORTH_PROCESSES", 100)
    opened = open_dataset("toyfaces", 16, cache=tmp_path, limit=150, workers=2)
    np.testing.assert_array_equal(opened.train.images, toyfaces.render(range(150), 16, seed=0, margin=1))


def test_all_toyfaces_are_twenty_and_two_thousand():
    assert [len(faces) for faces in images.TOYFACES.values()] == [20_000, 2_000]
    assert not set(images.TOYFACES["train"]) & set(images.TOYFACES["test"])


def test_every_kind_of_data_has_its_augmentation():
    assert set(AUGMENTATIONS) == {"toyfaces", "celeba", "lfw", "folder"}


def test_importing_does_not_bring_in_the_networks():
    code = "import sys, dataset; print({'nets', 'experiment', 'cupy', 'matplotlib'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"
