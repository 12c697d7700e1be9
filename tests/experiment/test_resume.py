"""Going on with a run of the fake model: from where, on what, and what is refused."""
import json
import os
import time

import numpy as np
import pytest

from experiment import checkpoints, pictures
from experiment.exit import UsageError
from experiment.run_folder import RunFolder
from experiment.training import Training
from tests.experiment.fakes import FakeModel, images, settings
from tests.experiment.test_training import state_at_end, train, values


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def resume(model=None, data=None, **given):
    """A run that goes on, with other images where given."""
    training = Training(settings(**{"out": "run", "resume": True} | given), model or FakeModel(),
                        data or images(), "cpu", "asked for")
    training.run()
    return training


class Killed(Exception):
    pass


def die(step):
    """For FakeModel.on_step: the process ends without a word."""
    raise Killed


def killed(at, **given):
    """A run that was killed in step `at`, with something half written."""
    with pytest.raises(Killed):
        train(FakeModel(on_step=lambda step: step == at and die(step)), **given)
    for name in ("checkpoints/.epoch_0003.npz.0123abcd.part", ".config.json.0123abcd.part", ".trial"):
        RunFolder("run").write(name, b"half")


@pytest.mark.parametrize("at", [1, 2, 3, 4, 5, 9, 12])
def test_a_run_goes_on_from_wherever_it_was_killed_to_the_same_end(at, tmp_path):
    train(out="whole")
    killed(at)
    resume()
    assert state_at_end("run") == state_at_end("whole") and values("run") == values("whole")
    assert [path.name for path in (tmp_path / "run").rglob(".*")] == []
    for name in ("originals.png", "samples/epoch_0003.png", "reconstructions/epoch_0001.png"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_before_the_first_checkpoint_it_begins_again(capsys):
    killed(3)
    resume()
    assert "going on from the beginning, step 0 of 12\n" in capsys.readouterr().out
    assert json.load(open("run/config.json"))["resumed"][0]["step"] == 0


def test_what_was_to_be_shown_after_the_last_checkpoint_is_made_up_for(tmp_path):
    train()
    page, picture = tmp_path / "run" / "index.html", tmp_path / "run" / "samples" / "epoch_0003.png"
    shown = picture.read_bytes()
    os.remove(picture)
    old = time.time() - 100
    os.utime(page, (old, old))
    resume()
    assert picture.read_bytes() == shown and page.stat().st_mtime > old + 1
    with pytest.raises(UsageError, match="has done its 3 epochs"):
        resume()


def test_a_damaged_newest_checkpoint_costs_one_epoch(tmp_path, capsys):
    train(out="whole")
    train(epochs=2)
    (tmp_path / "run" / "checkpoints" / "epoch_0002.npz").write_bytes(b"damaged")
    resume()
    told = capsys.readouterr().out
    assert "epoch_0002.npz is damaged, or holds numbers that are not finite: the one before is used\n" in told
    assert "going on from run/checkpoints/epoch_0001.npz" in told
    assert state_at_end("run") == state_at_end("whole") and values("run") == values("whole")


def test_other_images_of_the_same_number_are_refused_unless_agreed_to(tmp_path, capsys):
    train(epochs=1)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    others = images()
    others.train.images = others.train.images.copy()
    others.train.images[7, 3, 3] ^= 1
    with pytest.raises(UsageError, match="--data toyfaces: these are not the images .*add --data-changed"):
        resume(data=others)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    resume(data=others, data_changed=True, epochs=2)
    assert "the images are not those that the run learned from so far" in capsys.readouterr().out
    resume(data=others)                                         # which it knows now


def test_more_images_are_taken_and_the_originals_drawn_again(tmp_path):
    train(epochs=1)
    others = images(count=15, tests=3)
    resume(data=others, data_changed=True)
    expected = pictures.png(pictures.grid(others.test.pictures(slice(None))))
    assert (tmp_path / "run" / "originals.png").read_bytes() == expected
    assert checkpoints.load("run/checkpoints/epoch_0003.npz").batches["images"] == 15


def test_a_run_of_a_version_that_kept_no_digest_goes_on():
    train(epochs=1)
    folder = RunFolder("run")
    config = folder.config()
    del config["data"], config["cores"]
    folder.write_config(config | {"resumed": None})
    resume()
    assert folder.config()["data"]["digest"] == images().digest


def test_other_cores_are_told(capsys, monkeypatch):
    monkeypatch.setattr("gpuarray.available_cores", lambda: 4)
    train(epochs=1)
    resume(epochs=2, cores=2)
    told = capsys.readouterr().out
    assert "other cores than before (4 before, 2 now): sums may be rounded differently" in told
    resume(cores=2)
    assert "other cores" not in capsys.readouterr().out


def test_a_refused_resumption_leaves_the_folder_free():
    train(epochs=1)
    for _ in range(2):
        with pytest.raises(UsageError, match="belongs to a model with 5 latent dimensions"):
            resume(FakeModel(z_size=7))
    resume()


def test_nothing_beside_the_training_ends_it(monkeypatch, capsys):
    def fail(*arguments):
        raise OSError(28, "No space left on device")

    for name in ("png", "curves"):
        monkeypatch.setattr(pictures, name, fail)
    monkeypatch.setattr("experiment.report.Summary", fail)
    monkeypatch.setattr("experiment.health.warnings", fail)
    train()
    assert checkpoints.load("run/checkpoints/epoch_0003.npz").step == 12
    told = capsys.readouterr().out
    for what in ("the picture of test images", "the picture of samples", "the picture of reconstructions",
                 "the plot of the curves", "the page", "the search for signs of trouble"):
        assert told.count(f"warning: {what} failed ([Errno 28] No space left on device): training go") == 1


def test_the_checkpoint_comes_first(monkeypatch):
    seen = []
    monkeypatch.setattr(Training, "_show",
                        lambda self, epoch: seen.append(checkpoints.latest(self.folder).stem))
    train()
    assert seen == ["epoch_0001", "epoch_0002", "epoch_0003"]


def test_signs_of_trouble_are_told_once(monkeypatch, capsys):
    monkeypatch.setattr("experiment.health.warnings", lambda folder: [("lost", "the discriminator has lost")])
    train()
    assert capsys.readouterr().out.count("warning: the discriminator has lost\n") == 1
    told = [{"message": "the discriminator has lost", "step": 0}]
    assert json.load(open("run/health.json")) == told
    assert "the discriminator has lost" in open("run/index.html").read()
    monkeypatch.setattr("experiment.health.warnings", lambda folder: [])
    resume(epochs=4)                                            # from where it is over
    assert not os.path.exists("run/health.json")


def test_totals_that_are_not_finite_are_never_saved():
    model = FakeModel()
    model.totals = lambda: (1, {"kl": np.array([np.inf])})
    with pytest.raises(Exception, match="kl is no longer finite at step 4"):
        train(model)
