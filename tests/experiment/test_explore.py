"""What a page of the explorer holds, and how the command is used."""
import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from dataset import DataError
from experiment.commands import explore, main
from experiment.evaluation.subject import Subject
from experiment.exit import UsageError
from experiment.explore import uploads
from experiment.explore.content import content, digest
from experiment.explore.decoder import operations, packed
from experiment.reopen import reopen
from nets.architectures import decoder
from tests.experiment.explorers import FEW, painted
from tests.experiment.runs import finished_run


@pytest.fixture(scope="module")
def explored(tmp_path_factory):
    return painted(tmp_path_factory.mktemp("cache"))


def numbers(text):
    return np.frombuffer(base64.b64decode(text), "<f4")


def known_of(about):
    """The vectors of a page as the command attributes leaves them."""
    found = about["attributes"]
    return {"names": found["names"], **{kind: numbers(found[kind]).reshape(-1, about["z_size"]).copy()
                                        for kind in ("plain", "regressed")}}


def test_directions_are_principal_components_of_a_standard_deviation_each(explored):
    subject, about = explored
    z = subject.encode(subject.images(attributes=True).train, FEW, "encoded")
    directions = numbers(about["directions"]["vectors"]).reshape(-1, about["z_size"])
    values, axes = np.linalg.eigh(np.cov(z.T.astype(float)))
    shares = about["directions"]["shares"]
    for direction, share, value, axis in zip(directions, shares, values[::-1], axes.T[::-1]):
        assert abs(direction @ axis) == pytest.approx(np.sqrt(value), rel=1e-3)
        assert np.linalg.norm(direction) == pytest.approx(np.sqrt(value), rel=1e-3)
        assert share == pytest.approx(value / values.sum(), abs=1e-4)


def test_faces_are_held_out_images_and_their_encodings(explored):
    subject, about = explored
    split = subject.images(attributes=True).test
    assert len(about["faces"]) == len(split)
    assert np.allclose(numbers(about["faces"][3]["z"]), subject.encode(split, 4, "encoded")[3], atol=1e-5)


def test_known_vectors_are_taken_and_those_without_numbers_left_out(explored):
    subject, about = explored
    known = known_of(about)
    known["plain"][2] = np.nan
    found = content(subject, known)["attributes"]
    assert found["names"] == [name for i, name in enumerate(known["names"]) if i != 2]
    assert len(numbers(found["regressed"])) == len(found["names"]) * about["z_size"]


def test_vectors_that_are_not_known_are_computed(explored):
    found = content(explored[0])["attributes"]
    assert "Male" in found["names"] and np.isfinite(numbers(found["regressed"])).all()


def test_a_gan_has_random_faces_alone(tmp_path):
    finished_run(tmp_path / "run", "celeba_gan")
    subject = Subject(reopen(tmp_path / "run", "cpu"), "cpu")
    about = content(subject)
    assert not any(about[name] for name in ("faces", "attributes", "directions", "encodes"))
    assert packed(subject.model)["layers"]


def test_missing_data_leaves_random_faces_unless_it_was_asked_for(explored, capsys):
    subject = Subject(reopen("toyfaces", "cpu"), "cpu")
    subject.data = "/nowhere"
    about = content(subject, known_of(explored[1]))
    assert about["faces"] == [] and about["attributes"]["names"]
    assert "without test faces: /nowhere" in capsys.readouterr().out
    with pytest.raises(DataError):
        content(subject, data_is_asked_for=True)


def test_models_are_told_apart(explored):
    other = reopen("toyfaces", "cpu").model
    assert digest(other) == explored[1]["model"]
    other.networks["decoder"].parameters[0] += 1
    assert digest(other) != explored[1]["model"]


def test_weights_too_large_for_half_precision_are_refused(explored):
    model = reopen("toyfaces", "cpu").model
    model.networks["decoder"].layers[1].weights.value[0, 0, 0, 0] = 1e6
    with pytest.raises(UsageError, match="--static: upconv1"):
        packed(model)


def test_operations_are_those_of_the_layers():
    class Model:
        networks, z_size, has_encoder, sample_path, draws_with_decoder_alone = {}, 128, True, 0, True

    Model.networks = {"decoder": decoder(64, 128, np.random.default_rng(0))}
    dense, ups = 128 * 8 * 8 * 256, 25 * (64 * 256 * 256 + 256 * 256 * 128 + 1024 * 128 * 32)
    assert operations(packed(Model), 128) == dense + ups + 25 * 4096 * 32 * 3


# --------------------------------------------------------------------------------------------------- uploads

def photo(width=160, height=120, at=(30, 50), side=60):
    """The bytes of a grey picture with a brighter square."""
    pixels = np.full((height, width, 3), 90, np.uint8)
    pixels[at[0]:at[0] + side, at[1]:at[1] + side] = 200
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_a_square_is_cut_where_it_was_put():
    image = uploads.square(photo(), 50 / 160, 30 / 120, 0.5, "centre", 16)
    assert image.shape == (1, 16, 16, 3) and np.abs((image + 1) * 127.5 - 200).max() < 1
    image = uploads.square(photo(), 40 / 160, 30 / 120, 0.5, "centre", 16)
    assert image[0, 8, 0, 0] < image[0, 8, -1, 0]


def test_a_large_photo_is_cut_at_the_same_place():
    image = uploads.square(photo(4800, 3600, (900, 1500), 1800), 1500 / 4800, 900 / 3600, 0.5, "centre", 16)
    assert np.abs((image + 1) * 127.5 - 200).max() < 2


def test_a_face_is_found_and_the_square_lies_around_it(tmp_path):
    from skimage import data

    file = tmp_path / "astronaut.png"
    Image.fromarray(data.astronaut()).save(file)
    found = uploads.face(file.read_bytes())
    middle = found["x"] + found["side"] / 2, found["y"] + found["side"] / 2
    assert np.allclose(middle, (0.43, 0.23), atol=0.05) and 0.15 < found["side"] < 0.45
    assert uploads.face(photo()) is None


# ------------------------------------------------------------------------------------------------ the command

def test_a_static_page_is_written_and_not_replaced_unasked(tmp_path, monkeypatch):
    monkeypatch.setattr(explore, "content", lambda subject, *known: content(_few(subject, tmp_path), *known))
    arguments = ["explore", "--static", str(tmp_path / "page.html"), "--device", "cpu"]
    main(arguments)
    page = (tmp_path / "page.html").read_text()
    assert len(page) < 3_000_000 and len(re.findall("data:image/png", page)) == FEW // 10
    with pytest.raises(UsageError, match="--static .*page.html: exists: add --overwrite"):
        main(arguments)
    with pytest.raises(UsageError, match="--static .*page.txt: give a name that ends in .html"):
        main(["explore", "--static", str(tmp_path / "page.txt")])


def test_originals_of_other_data_are_left_out_of_a_static_page(tmp_path, monkeypatch, capsys):
    def other(subject, *known):
        return content(_few(subject, tmp_path), *known) | {"data": "celeba"}

    monkeypatch.setattr(explore, "content", other)
    main(["explore", "--static", str(tmp_path / "page.html"), "--device", "cpu"])
    assert "data:image/png" not in (tmp_path / "page.html").read_text()
    assert "originals: left out" in capsys.readouterr().out


def _few(subject, cache):
    subject.settings.limit, subject.cache = FEW, str(cache)
    return subject


@pytest.mark.parametrize("script, words", [("lfw_regressor", "a regressor makes no pictures")])
def test_runs_that_make_no_faces_are_refused(script, words, tmp_path):
    finished_run(tmp_path / "run", script)
    with pytest.raises(UsageError, match=words):
        main(["explore", str(tmp_path / "run"), "--no-browser"])


def test_it_ends_with_ctrl_c(tmp_path, monkeypatch, capsys):
    def interrupted(server):
        raise KeyboardInterrupt

    finished_run(tmp_path / "run", "celeba_gan")
    monkeypatch.setattr(explore.Server, "serve_forever", interrupted)
    main(["explore", str(tmp_path / "run"), "--no-browser", "--device", "cpu"])
    address = r"explorer: http://127\.0\.0\.1:\d+/[\w-]{22}/ .*\n\nexplorer: closed"
    assert re.search(address, capsys.readouterr().out)
