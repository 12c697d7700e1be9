"""Attribute vectors and what is read of them, where z is made from attributes."""
import numpy as np
import pytest

from experiment.evaluation import edits, measures, vectors
from experiment.exit import UsageError

RNG = np.random.default_rng(2)
NAMES = "Male", "Heavy_Makeup", "Smiling"
TRUE = RNG.standard_normal((3, 5)).astype(np.float32)          # what each attribute adds to z


def attributes(n):
    """(n, 3) bool: few men have makeup; who smiles is anybody."""
    male = RNG.random(n) < 0.5
    return np.stack([male, RNG.random(n) < np.where(male, 0.1, 0.7), RNG.random(n) < 0.5], axis=1)


HAS = attributes(4000)
Z = HAS @ TRUE + RNG.normal(0, 0.1, (4000, 5)).astype(np.float32)


def test_the_plain_difference_has_the_sign_of_having_and_takes_along_what_goes_with_it():
    makeup = HAS[:, 1]
    apart = HAS[makeup, 0].mean() - HAS[~makeup, 0].mean()      # of men
    assert apart < -0.4
    assert vectors.plain(Z, HAS)[1] == pytest.approx(TRUE[1] + apart * TRUE[0], abs=0.05)
    assert vectors.plain(Z, HAS)[2] == pytest.approx(TRUE[2], abs=0.1)


def test_regressing_out_leaves_the_attribute_alone():
    assert vectors.regressed_out(Z, HAS) == pytest.approx(TRUE, abs=0.03)


def test_an_attribute_that_others_determine_keeps_its_vector():
    hair = RNG.integers(0, 3, 3000)
    has = np.stack([hair == 0, hair == 1, hair == 2, RNG.random(3000) < 0.3], axis=1)
    directions = vectors.regressed_out(has @ np.eye(4, 5, dtype=np.float32), has)
    bald = np.array([1, -0.5, -0.5, 0, 0])                      # from either colour to none
    assert directions[0] == pytest.approx(bald, abs=0.05) and directions[3, 3] == pytest.approx(1)


def test_names_in_any_spelling_and_the_papers_by_default():
    has = attributes(200)
    assert vectors.chosen(["heavy makeup", "MALE"], NAMES, has, "faces") == [1, 0]
    papers = vectors.chosen(None, ("Smiling", "Big_Nose", "Heavy Makeup"), has, "faces")
    assert papers == [2, 0]                                      # in its order
    assert vectors.chosen(None, ("A", "B", "C"), has, "faces") == [0, 1, 2]


@pytest.mark.parametrize("wanted, words", [
    ("Smilling", "--attributes Smilling: faces has no such attribute: did you mean Smiling?"),
    ("Xyzzy", "faces has no such attribute: it has Male, Heavy_Makeup, Smiling"),
    ("Male", "--attributes Male: 3 training images of faces have it and 197 have not, at least 10")])
def test_an_attribute_that_cannot_be_shown(wanted, words):
    has = attributes(200)
    has[:, 0] = np.arange(200) < 3
    with pytest.raises(UsageError) as error:
        vectors.chosen([wanted], NAMES, has, "faces")
    assert words in str(error.value)


def test_too_few_images_of_every_attribute():
    with pytest.raises(UsageError, match="no attribute has 10 training images with it"):
        vectors.chosen(None, NAMES, attributes(12)[:12], "faces")


class Reader:
    """Reads three attributes from the first three of the five numbers that an 'image' is."""

    def read(self, pictures, count, what=""):
        return 10 * pictures(slice(0, count))[:, :3] - 4


class Painter:
    """Decodes z as itself."""

    def decode(self, z, what):
        return z


@pytest.fixture
def readings():
    has = attributes(400)
    return edits.Readings(Reader(), np.concatenate([has, has[:, :2]], axis=1).astype(np.float32), has), has


def test_a_change_of_1_is_that_of_real_images(readings):
    readings, has = readings
    assert readings.area == pytest.approx([1, 1, 1]) and readings.gap == pytest.approx([10, 10, 10])
    z = np.zeros((400, 5), np.float32)
    added = np.array([[1, 0, 0, 0, 0], [-0.5, 1, 0.25, 0, 0]], np.float32)
    change = edits.changes(Painter(), readings, z, has, added, [0, 1])
    assert change == pytest.approx(np.array([[1, 0, 0], [-0.5, 1, 0.25]]))
    assert edits.leakage(change, [0, 1], readings.readable) == pytest.approx([0, 0.375])


def test_a_vector_is_added_to_faces_without_the_attribute(readings):
    readings, has = readings
    z = np.concatenate([has, has[:, :2]], axis=1).astype(np.float32)
    z[has[:, 0], 0] = np.nan                                     # faces with it are not looked at
    change = edits.changes(Painter(), readings, z, has, np.eye(1, 5, dtype=np.float32), [0])
    assert change[0] == pytest.approx([1, 0, 0])


def test_what_cannot_be_read_is_no_leakage():
    has = attributes(400)
    images = RNG.random((400, 5)).astype(np.float32)
    images[:, 0] = has[:, 0]
    readings = edits.Readings(Reader(), images, has)
    assert readings.readable.tolist() == [True, False, False] and np.isnan(readings.gap[1:]).all()
    change = edits.changes(Painter(), readings, images, has, np.eye(1, 5, dtype=np.float32), [0])
    assert change[0, 0] == pytest.approx(1) and np.isnan(change[0, 1:]).all()
    assert np.isnan(edits.leakage(change, [0], readings.readable)[0])
    assert edits.companions(has, [0], readings.readable) == [None]


def test_companions_are_those_that_go_together_most_or_least():
    assert edits.companions(HAS, [0, 1], np.ones(3, bool)) == [
        (1, pytest.approx(np.corrcoef(HAS[:, 0], HAS[:, 1])[0, 1])), (0, pytest.approx(-0.6, abs=0.1))]


def test_z_that_holds_attributes_can_be_read_and_noise_cannot():
    areas = measures.readable(Z[:2000], HAS[:2000], Z[2000:], HAS[2000:], NAMES)
    assert list(areas) == list(NAMES) and min(areas.values()) > 0.99
    noise = RNG.standard_normal((4000, 5))
    assert measures.readable(noise[:2000], HAS[:2000], noise[2000:], HAS[2000:], NAMES)["Male"] < 0.56
    rare = HAS.copy()
    rare[:, 2] = np.arange(4000) == 0
    assert list(measures.readable(Z[:2000], rare[:2000], Z[2000:], rare[2000:], NAMES)) == list(NAMES[:2])


def test_agreement_of_readings_by_hand():
    read = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
    again = np.array([[2.0, -1], [2, 1], [-2, 1], [-2, -1]])
    found = measures.agreement(read, again, ["a", "b"])
    assert found["attributes"]["a"] == pytest.approx(dict(agreement=1, by_chance=0.5, correlation=1))
    assert found["attributes"]["b"] == pytest.approx(dict(agreement=0.5, by_chance=0.5, correlation=0))
    assert (found["agreement"], found["correlation"]) == (0.75, 0.5)
