import re
from types import SimpleNamespace

import numpy as np
import pytest

import nets
from experiment import dry_run
from experiment.dry_run import estimates, print_plan
from gpuarray.cpu import memory
from tests.experiment.fakes import FakeModel, settings


@pytest.fixture
def model():
    rng = np.random.default_rng(0)
    parts = (nets.encoder(32, 5, rng, 40, 0.1), nets.decoder(32, 5, rng, 0.1),
             nets.discriminator(32, rng, width=0.1))
    return nets.VAEGAN(*parts, z_size=5, gamma=1e-4, seed=0, learning_rate=1e-3)


def test_everything_is_told_and_nothing_written(model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    print_plan(settings(seed=7), model, "cpu")
    shown = capsys.readouterr().out
    assert re.search(r"seed +7 +flag\n", shown) and re.search(r"strength +1.0 +ours\n", shown)
    for name, network in model.networks.items():
        assert re.search(rf"\n{name} ", shown) and f"{network.parameter_count:,}\n" in shown
    assert "decoder 5\n" in shown and "encoder 32 x 32 x 3\n" in shown and "32 x 32 x 3 " in shown
    assert re.search(r"steps +12 of 2 images\n", shown) and re.search(r"time +about \d+ s here", shown)
    assert list(tmp_path.iterdir()) == []


def test_disk_is_three_states_and_memory_grows_with_the_batch(model, monkeypatch):
    monkeypatch.setattr(memory._pool, "idle", {})               # what earlier tests left is not measured
    monkeypatch.setattr(memory._pool, "idle_bytes", 0)
    state = sum(array.nbytes for array in model.state().values())
    small, large = (dict(estimates(settings(batch_size=n), model, "cpu")) for n in (2, 40))
    assert small["disk"] == large["disk"] == f"about {3 * state / 1e6:.0f} MB for the last checkpoints"
    images = 40 * 32 * 32 * 3 * 4 / 1e6              # MB; a step keeps many arrays larger than these
    megabytes = [int(re.match(r"about (\d+) MB", plan["memory"])[1]) for plan in (small, large)]
    assert megabytes[1] - megabytes[0] > 5 * images


def test_the_step_that_is_timed_neither_compiles_nor_records(monkeypatch):
    clock = [0.0]
    costs = iter([60, 8, 0.5])               # of a GPU: compile, record, replay

    def pass_time(step):
        clock[0] += next(costs)

    monkeypatch.setattr(dry_run, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    monkeypatch.setattr(dry_run.ga, "to_device", lambda images, device: images)
    plan = dict(estimates(settings(), FakeModel(on_step=pass_time), "cuda"))
    assert plan["time"] == "about 6 s here, 0.5 s a step"
