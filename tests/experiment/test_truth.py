"""Edits held to the same face painted again, by a model that loses nothing: z are the pixels."""
from types import SimpleNamespace

import numpy as np
import pytest

from dataset.toyfaces import ATTRIBUTES, attributes, render
from experiment.evaluation import truth

SIZE, COUNT = 16, 60
GLASSES = ATTRIBUTES.index("Eyeglasses")
PICTURES = render(range(20_000, 20_000 + COUNT), SIZE).astype(np.float32) / np.float32(127.5) - np.float32(1)
HAS = attributes(range(20_000, 20_000 + COUNT)) > 0


class Pixels:
    """What `compare` asks of a Subject."""
    settings, device = SimpleNamespace(image_size=SIZE), "cpu"
    model = SimpleNamespace(encode=lambda images: images.reshape(len(images), -1))

    def decode(self, z, what):
        return z.reshape(-1, SIZE, SIZE, 3)


def held_to_truth(vector, has=HAS):
    """vector (Z,), of Eyeglasses."""
    vectors = np.full((len(ATTRIBUTES), vector.size), np.nan, np.float32)
    vectors[GLASSES] = vector.reshape(-1)
    return truth.compare(Pixels(), PICTURES.__getitem__, PICTURES.reshape(COUNT, -1), has, GLASSES,
                         "Eyeglasses", {"plain": vectors})


def true_vector():
    """The mean of what glasses change."""
    again = render(range(20_000, 20_000 + COUNT), SIZE, also="Eyeglasses").astype(np.float32) / 127.5 - 1
    return (again - PICTURES)[~HAS[:, GLASSES]].mean(0)


def test_the_true_change_is_found_and_its_opposite_is_told():
    right, wrong = held_to_truth(true_vector()), held_to_truth(-true_vector())
    assert right["faces"] == (~HAS[:, GLASSES]).sum()
    assert right["reachable"] == {"cosine": pytest.approx(1), "share": pytest.approx(1)}
    assert right["plain"]["cosine_z"] == pytest.approx(1) and 0.5 < right["plain"]["cosine"] < 1
    assert 0.5 < right["plain"]["share"] < 1.1
    for name, value in wrong["plain"].items():
        assert value == pytest.approx(-right["plain"][name], rel=1e-4)


def test_twice_the_vector_is_twice_the_share_in_the_same_direction():
    once, twice = held_to_truth(true_vector())["plain"], held_to_truth(2 * true_vector())["plain"]
    assert twice["share"] == pytest.approx(2 * once["share"], rel=1e-4)
    assert twice["cosine"] == pytest.approx(once["cosine"], rel=1e-4)


def test_no_face_that_could_get_it():
    has = HAS.copy()
    has[:, GLASSES] = True
    assert held_to_truth(true_vector(), has) is None
