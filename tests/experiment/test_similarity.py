"""The attribute similarity of a model and a regressor that are known: pixels show the attributes."""
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from dataset import Split
from experiment.evaluation import charts, similarity

SIGNS = np.array([1, 1, 1], np.float32)
QUERIES = np.array([[1, -1, 0.5], [-1, -1, 0.25], [0.5, 1, -1], [-0.5, 0.75, 1]], np.float32)


def painter(signs=SIGNS, noise=0.0):
    """A model that paints each attribute, with a sign, over a channel of its images."""
    def sample(z, attributes):
        painted = attributes * signs + noise * z
        return np.tile(painted[:, None, None], (1, 4, 4, 1)).astype(np.float32)

    return SimpleNamespace(sample=sample, z_size=3)


READER = SimpleNamespace(predict=lambda x: x.mean((1, 2)))


def of_samples(model, seed=0):
    return similarity.of_samples(model, READER, QUERIES, "cpu", seed, "painted")


def test_scores_by_hand():
    queries = np.array([[3.0, 4.0]])
    read = np.array([[[4.0, -3.0], [6.0, 8.0]]])
    assert similarity.scores(read, queries) == pytest.approx(
        {"cosine_best": 1, "cosine": 0.5, "error_best": 25, "error": (50 + 25) / 2, "signs": 3 / 4})


def test_a_model_that_does_as_told_is_perfect():
    for scores in of_samples(painter()):
        assert scores == pytest.approx(
            {"cosine_best": 1, "cosine": 1, "error_best": 0, "error": 0, "signs": 1}, abs=1e-6)


def test_a_swapped_sign_shows():
    scores = of_samples(painter(signs=np.array([1, -1, 1], np.float32)))[0]
    other = QUERIES * [1, -1, 1]
    norms = np.linalg.norm(QUERIES, axis=1)
    assert scores["cosine"] == pytest.approx(np.mean((other * QUERIES).sum(1) / norms**2), rel=1e-5)
    assert scores["error"] == pytest.approx(np.mean(4 * QUERIES[:, 1] ** 2), rel=1e-5)
    assert scores["signs"] == pytest.approx(2 / 3)


def test_repetitions_have_their_own_z_and_a_seed_gives_them_again():
    noisy = of_samples(painter(noise=1.0))
    assert len(noisy) == 3 and len({scores["cosine"] for scores in noisy}) == 3
    assert noisy == of_samples(painter(noise=1.0)) != of_samples(painter(noise=1.0), seed=1)
    assert all(scores["cosine_best"] > scores["cosine"] and scores["error_best"] < scores["error"]
               for scores in noisy)
    mean, spread = similarity.mean_and_spread(noisy)["cosine"]
    values = [scores["cosine"] for scores in noisy]
    assert (mean, spread) == pytest.approx((np.mean(values), np.std(values, ddof=1)))


def test_images_are_read_from_their_pixels_alone():
    """A regressor that were given the attributes would not notice that the images show others."""
    pixels = np.tile(np.rint((QUERIES[::-1, None, None] + 1) * 127.5).astype(np.uint8), (1, 4, 4, 1))
    split = Split(pixels, 0, attributes=QUERIES)
    read, scores = similarity.of_images(READER, split, 4, "cpu")
    assert np.allclose(read, QUERIES[::-1], atol=0.01) and scores["cosine"] < 0.5
    split.attributes = QUERIES[::-1]
    assert similarity.of_images(READER, split, 4, "cpu")[1]["cosine"] == pytest.approx(1, abs=1e-3)


def test_other_images_are_never_the_image_itself():
    found = similarity.of_others(np.eye(20), np.eye(20), seed=0)
    assert [scores["cosine_best"] for scores in found] == [0, 0, 0]
    assert similarity.of_others(QUERIES, QUERIES, seed=0)[0]["cosine_best"] < 1         # fewer than samples


def test_what_stands_out():
    mean, std, names = np.zeros(4), np.array([1, 1, 0.1, 0]), ("a", "b", "c", "d")
    assert similarity.standing_out(np.array([2, -3, 0.5, 0]), mean, std, names) == ["c", "a"]
    assert similarity.standing_out(np.array([2, 3, 0.5, 0]), mean, std, names, count=2) == ["c", "b"]


def test_the_page_shows_test_images_and_faces_of_every_model(tmp_path):
    rng = np.random.default_rng(0)
    pages = []
    for models in (1, 2):
        made = {f"model {i}": rng.uniform(-1, 1, (3, 5, 8, 8, 3)).astype(np.float32) for i in range(models)}
        page = charts.queries(rng.uniform(-1, 1, (3, 8, 8, 3)), ["Smiling", "", "Bald, Male"], made)
        (tmp_path / "page.png").write_bytes(page)
        pages.append(Image.open(tmp_path / "page.png").size)
    assert pages[1][0] > pages[0][0] and pages[1][1] == pages[0][1]
