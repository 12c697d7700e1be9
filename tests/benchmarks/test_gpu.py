"""The GPU benchmark, run tiny on the CPU and without PyTorch: everything but the timings."""
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks.gpu.ceilings import rates
from benchmarks.gpu.kernels import _rate
from benchmarks.gpu.place import Place, _driver
from benchmarks.gpu.record import OUT_OF_TIME, Record
from benchmarks.gpu.report import markdown

ROOT = Path(__file__).parents[2]
NO_TORCH = 'raise ModuleNotFoundError("No module named \'torch\'", name="torch")\n'


def run(folder, *flags):
    (folder / "torch.py").write_text(NO_TORCH)
    paths = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "benchmarks.gpu", "--simulate", "--out", str(folder / "out"), *flags]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True)


def all_keys(content):
    if isinstance(content, dict):
        return set(content).union(*map(all_keys, content.values()))
    return set().union(*map(all_keys, content)) if isinstance(content, list) else set()


def test_all_of_it_without_a_gpu_and_no_number_is_made_up(tmp_path):
    done = run(tmp_path, "--precisions", "fp32", "--batches", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["simulated"] and results["machine"]["gpu"] is None
    assert not all_keys(results) & {"ms", "lowest", "highest", "rate", "tflops", "gb_per_s", "share", "peak_mib"}
    rows = {name: section["rows"] for name, section in results["sections"].items()}
    assert set(rows) == {"correctness", "ceilings", "step", "kernels"}
    assert all(row["same_bits_twice"] and row["error_over_tolerance"] <= 1 for row in rows["correctness"])
    assert {row.get("error") for row in rows["step"] if row["whose"] == "ours"} == {None}
    assert not any("error" in row["ours"] for row in rows["kernels"])
    for row in rows["step"]:
        assert row["whose"] == "ours" or row["error"] == "not run: PyTorch is not installed"
    tables = (tmp_path / "out" / "results.md").read_text()
    assert "| 2 | fp32 | not measured yet | not measured yet | no PyTorch |" in tables


def test_measurements_of_a_gpu_are_not_replaced_by_a_simulation(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "results.json").write_text('{"simulated": false}')
    done = run(tmp_path)
    assert done.returncode == 1 and "holds measurements of a GPU: choose another folder with --out" in done.stderr
    assert (tmp_path / "out" / "results.json").read_text() == '{"simulated": false}'


@pytest.mark.parametrize("flags, what", [(["--only", "speed"], "'speed': expected some of"),
                                         (["--batches", "64,x"], "'64,x': expected whole numbers of 2 or more")])
def test_refuses_flags_it_does_not_know(tmp_path, flags, what):
    done = run(tmp_path, *flags)
    assert done.returncode == 2 and what in done.stderr


@pytest.fixture
def record(tmp_path):
    return Record(tmp_path, SimpleNamespace(simulated=False, batches=[64], machine=lambda: dict(
        gpu="a GPU", driver="1", python="3", packages={})))


def row(whose, variant):
    return {"whose": whose, "variant": variant, "precision": "fp32", "batch": 64}


def test_a_failure_is_recorded_and_the_rest_goes_on(record):
    def fail():
        raise ValueError("no such thing\nand more")

    with record.section("step", float("inf")) as section:
        section.attempt(row("ours", "eager"), fail)
        section.attempt(row("ours", "graph"), lambda: {"ms": 2.0})
        section.attempt(row("pytorch", "eager"), lambda: {"ms": 3.0})
    assert json.loads(record.path.read_text()) == record.results
    assert section.content["rows"][0]["error"] == "ValueError: no such thing"
    assert "| 64 | fp32 | failed | 2.00 | 3.00 | not measured yet |" in markdown(record.results)
    assert "| 1.50 (eager; 4 not measured) |" in markdown(record.results)
    assert not record.wrong


def test_a_section_that_fails_makes_the_whole_fail_and_the_next_one_runs(record):
    with record.section("ceilings", float("inf")):
        raise RuntimeError("gone")
    with record.section("step", 0) as section:
        section.attempt(row("ours", "eager"), lambda: {"ms": 1.0})
    assert [row.get("error") for row in record.wrong] == ["RuntimeError: gone"]
    assert section.content["rows"][0]["error"] == OUT_OF_TIME
    assert "out of time" in markdown(record.results)


def test_share_of_the_ceiling_and_ratio():
    """0.8 GB through a copy ceiling of 4 TB/s take 0.2 ms, 100 GFLOP at 400 TFLOP/s 0.25 ms: half of our 0.5 ms."""
    case = SimpleNamespace(flop=100e9)
    row = {"bytes": 0.8e9, "ours": {"ms": 0.5}, "pytorch": {"ms": 0.75}}
    ceilings = rates({"sections": {"ceilings": {"rows": [
        {"ceiling": "copy", "unit": "GB/s", "rate": 4000}, {"ceiling": "tf32", "unit": "TFLOP/s", "rate": 400}]}}})
    _rate(row, case, "tf32", ceilings)
    assert row["share"] == pytest.approx(0.5) and row["bound_by"] == "tf32"
    assert row["tflops"] == pytest.approx(200) and row["gb_per_s"] == pytest.approx(1600)
    assert row["pytorch_over_ours"] == pytest.approx(1.5)


def test_a_machine_without_nvidia_smi(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert _driver().startswith("nvidia-smi: ")


def test_times_are_medians_per_call_of_runs_between_events():
    clock = iter(range(10 ** 6))

    class Event:
        def record(self):
            self.at = next(clock)

    cuda = SimpleNamespace(Event=Event, get_elapsed_time=lambda before, after: after.at - before.at)
    runtime = SimpleNamespace(cupy=SimpleNamespace(cuda=cuda), synchronize=lambda: None)
    calls = []
    found = PlaceOf(runtime).time(lambda: calls.append(next(clock)), 0.1, per=4)
    assert found == {"ms": 0.5, "lowest": 0.5, "highest": 0.5, "runs": 50}       # 2 ticks a run, 100 of them
    assert len(calls) == 1 + 3 + 50


class PlaceOf(Place):
    """A GPU's place with a runtime of the test's own."""

    def __init__(self, runtime):
        self.simulated, self.runtime = False, runtime
