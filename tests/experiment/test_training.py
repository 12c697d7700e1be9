"""The training loop with a fake model: what it writes, how it resumes, how it ends."""
import errno
import io
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import dataset
from experiment import checkpoints
from experiment.exit import Diverged, Interrupted, UsageError
from experiment.pictures import grid
from experiment.run_folder import RunFolder
from experiment.settings import generator
from experiment.training import Training, learning_rate
from tests.experiment.fakes import FakeModel, images, settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def train(model=None, **given):
    given = settings(**{"out": "run"} | given)
    training = Training(given, model or FakeModel(z_size=given.z_size), images(), "cpu", "asked for")
    training.run()
    return training


def lines(run="run"):
    with open(f"{run}/metrics.jsonl") as file:
        return [json.loads(line) for line in file]


def values(run="run"):
    """The reports of a run without what a clock says."""
    clock = "seconds", "images_per_s", "waiting"
    return [{name: value for name, value in line.items() if name not in clock} for line in lines(run)]


def test_a_run_leaves_what_its_folder_promises(tmp_path):
    train(checkpoint_every=2)
    run = tmp_path / "run"
    found = {str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()}
    assert found == {"config.json", "metrics.jsonl", "originals.png", "curves.png", "index.html",
                     "report_data.js",
                     *(f"samples/epoch_000{n}.png" for n in (1, 2, 3)),
                     *(f"reconstructions/epoch_000{n}.png" for n in (1, 2, 3)),
                     "checkpoints/epoch_0002.npz", "checkpoints/epoch_0003.npz"}


def test_a_terminal_that_is_gone_before_the_first_step_leaves_a_saved_state(monkeypatch):
    class Gone(io.StringIO):
        def write(self, text):
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(sys, "stdout", Gone())
    with pytest.raises(Interrupted, match="interrupted at step 1: state saved in ") as stop:
        train()
    assert stop.value.signal_number == signal.SIGHUP


def test_broken_pictures_that_were_left_out_are_listed(tmp_path):
    left_out = replace(images(), skipped=("a.png: an empty file", "b.png: HEIC"))
    Training(settings(out="run"), FakeModel(), left_out, "cpu", "asked for")
    assert (tmp_path / "run/skipped.txt").read_text() == "a.png: an empty file\nb.png: HEIC\n"


def test_reports_tell_step_epoch_and_speed():
    model = FakeModel()
    train(model, report_every=3)
    reports = lines()
    assert [(report["step"], report["epoch"]) for report in reports] == [
        (1, 1), (3, 1), (4, 1), (6, 2), (8, 2), (9, 3), (12, 3)]
    assert all(report["images_per_s"] > 0 and 0 <= report["waiting"] <= 1 for report in reports)
    assert np.all(np.diff([report["seconds"] for report in reports]) >= 0)
    assert all(report["learning_rate"] == 0.5 for report in reports) and model.rates == [0.5] * 12


def test_the_learning_rate_follows_its_schedule():
    model = FakeModel()
    train(model, schedule="released", warmup=2)
    assert model.rates[:3] == pytest.approx([0.5 / 3, 1 / 3, 0.5])
    assert model.rates[3] == 0.5 > model.rates[4] == model.rates[7] > model.rates[8]


def test_pictures_come_from_the_same_z_and_images_every_epoch():
    training = train()
    first, last = (np.asarray(Image.open(f"run/samples/epoch_000{n}.png")) for n in (1, 3))
    assert (first == last).all() and first.shape == (8 * 10 - 2, 8 * 10 - 2, 3)
    rows = [int(np.argmin([abs(test - shown).sum() for test in images().test.pictures(slice(None))]))
            for shown in training._shown[0]]
    assert len(set(rows)) == 64 and rows == sorted(rows)
    shown = images().test.pictures(rows)
    assert (np.asarray(Image.open("run/originals.png")) == grid(shown)).all()
    assert (np.asarray(Image.open("run/reconstructions/epoch_0002.png")) == grid(-shown)).all()


def test_generators_differ_by_purpose_and_seed():
    draws = {generator(seed, purpose).integers(2**62) for seed in (0, 1) for purpose in ("weights", "order")}
    assert len(draws) == 4 and generator(1, "weights").integers(2**62) in draws


def state_at_end(run):
    saved = checkpoints.load(f"{run}/checkpoints/epoch_0003.npz")
    arrays = {name: array.tobytes() for name, array in saved.model.items()}
    return arrays, saved.batches, saved.z.tobytes()


def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit():
    train(out="whole")
    train(epochs=1)
    model = FakeModel()
    train(model, resume=True)
    assert model.count == 12 and len(model.rates) == 8
    assert state_at_end("run") == state_at_end("whole")
    assert [report["step"] for report in lines()][-1] == 12
    config = json.load(open("run/config.json"))
    assert config["settings"]["epochs"] == 3 and config["resumed"][0]["step"] == 4
    assert config["resumed"][0]["changed"] == {"epochs": 3, "resume": True}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_saves_its_state_and_goes_on_from_it(number, capsys):
    train(out="whole")
    before = signal.getsignal(number)
    with pytest.raises(Interrupted, match="interrupted at step 6: state saved in "
                       "run/checkpoints/epoch_0001_plus_00002.npz: go on with --out run --resume") as stop:
        train(FakeModel(on_step=lambda step: step == 6 and signal.raise_signal(number)))
    assert stop.value.signal_number == number and signal.getsignal(number) == before
    train(resume=True)
    assert state_at_end("run") == state_at_end("whole")
    assert values("run") == values("whole")
    assert "going on from run/checkpoints/epoch_0001_plus_00002.npz, step 6 of 12" in capsys.readouterr().out


INSIST = """
import signal
from tests.experiment.test_training import FakeModel, train

class Unlucky:
    def __del__(self):
        signal.raise_signal(signal.SIGTERM)

def insist(step):
    if step == 6:
        signal.raise_signal(signal.SIGINT)
        Unlucky()

train(FakeModel(on_step=insist))
"""


def test_a_second_signal_ends_the_run_at_once_even_inside_a_del():
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", INSIST], env={**os.environ, "PYTHONPATH": str(root)},
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 143
    assert done.stderr == "interrupted twice: what was done since the last checkpoint is lost\n"
    assert checkpoints.latest(RunFolder("run")).name == "epoch_0001.npz"


def test_reports_beyond_the_checkpoint_are_forgotten_on_resume():
    with pytest.raises(Diverged):
        train(FakeModel(break_at=7), report_every=1)
    assert [report["step"] for report in lines()] == [1, 2, 3, 4, 5, 6]
    train(resume=True, report_every=1)
    assert [report["step"] for report in lines()] == list(range(1, 13))


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_last_good_state():
    with pytest.raises(Diverged, match=r"kl is nan at step 8: the training diverged: the last good state is "
                       r"run/checkpoints/epoch_0001.npz: go on from it with --resume --lr 0.25"):
        train(FakeModel(break_at=7))
    assert checkpoints.load("run/checkpoints/epoch_0001.npz").step == 4
    assert lines()[-1]["step"] == 4


def test_a_loss_that_is_not_finite_before_the_first_checkpoint():
    with pytest.raises(Diverged, match="kl is nan at step 1: .*start again with a smaller --lr"):
        train(FakeModel(break_at=1))


def test_a_parameter_that_is_not_finite_is_never_saved():
    model = FakeModel()
    model.on_step = lambda step: step == 8 and model.weight.fill(np.inf)
    with pytest.raises(Diverged, match="weight is no longer finite at step 8"):
        train(model)
    assert checkpoints.latest(RunFolder("run")).name == "epoch_0001.npz"


def test_a_batch_larger_than_the_data_leaves_no_folder(tmp_path):
    with pytest.raises(dataset.DataError, match="12"):
        train(batch_size=12)
    assert list(tmp_path.iterdir()) == []


def test_a_finished_run_has_nothing_to_resume():
    train()
    with pytest.raises(UsageError, match="has done its 3 epochs: give more with --epochs"):
        train(resume=True)


def test_a_checkpoint_that_does_not_fit_is_refused():
    train(epochs=1)
    with pytest.raises(UsageError, match="epoch_0001.npz: belongs to a model with 5 latent dimensions, .* 7"):
        train(resume=True, z_size=7)


def test_other_data_is_refused_on_resume():
    train(epochs=1)
    with pytest.raises(UsageError, match="these are not the images .* learned from .11 of them then, 9 now"):
        Training(settings(out="run", resume=True), FakeModel(), images(count=9), "cpu", "")


# ------------------------------------------------------------------------------------------- learning rate

RELEASED = settings(lr=0.025 / 64, schedule="released", batch_size=64, epochs=250, epoch_size=250)


def test_constant_rate_never_moves():
    assert {learning_rate(settings(), step) for step in (0, 1, 11)} == {0.5}


@pytest.mark.parametrize("epoch, rate", [
    (0, 0.025 / 64),
    (125, (0.025 - 0.5946035575013605 * (0.025 - 1e-5)) / 64),        # 0.5^0.75 = 0.5946...
    (249, (0.025 - (249 / 250) ** 0.75 * (0.025 - 1e-5)) / 64)])
def test_released_rate_is_that_of_the_released_code(epoch, rate):
    assert learning_rate(RELEASED, epoch * 250) == pytest.approx(rate, rel=1e-12)


def test_released_rate_moves_between_epochs_only():
    assert learning_rate(RELEASED, 250) == learning_rate(RELEASED, 499) < learning_rate(RELEASED, 249)


def test_warm_up_rises_in_equal_parts_to_the_start():
    warming = replace(settings(), warmup=3)
    rates = [learning_rate(warming, step) for step in range(5)]
    assert rates == pytest.approx([0.125, 0.25, 0.375, 0.5, 0.5])
