"""The GPU benchmark, run tiny on the CPU and without PyTorch: everything but the timings."""
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest

import gpuarray as ga
from benchmarks.gpu import kernels, step, tests
from benchmarks.gpu.ceilings import rates
from benchmarks.gpu.device import Device
from benchmarks.gpu.results import OUT_OF_TIME, Results
from gpuarray.cuda import products, winograd
from tests.cuda_on_cpu import device as simulated
from tests.cuda_on_cpu.workload import winograd_everywhere

ROOT = Path(__file__).parents[2]
NO_TORCH = 'raise ModuleNotFoundError("No module named \'torch\'", name="torch")\n'
MEASURED = {"ms", "lowest", "highest", "rate", "tflops", "gb_per_s", "share", "peak_mib", "over_ours"}


def run(folder, *flags):
    (folder / "torch.py").write_text(NO_TORCH)
    paths = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "benchmarks.gpu", "--simulate", "--out", str(folder / "out"), *flags]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": paths}, capture_output=True,
                          text=True)


def all_keys(content):
    if isinstance(content, dict):
        return set(content).union(*map(all_keys, content.values()))
    return set().union(*map(all_keys, content)) if isinstance(content, list) else set()


def test_all_of_it_without_a_gpu_and_no_number_is_made_up(tmp_path):
    done = run(tmp_path, "--precisions", "fp32", "--batches", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["simulated"] and results["machine"]["gpu"] is None
    assert not all_keys(results) & MEASURED
    rows = {name: section["rows"] for name, section in results["sections"].items()}
    assert set(rows) == {"tests", "ceilings", "step", "kernels"}
    assert rows["tests"][0]["passed"] > 10 and rows["tests"][0]["failing"] == []
    assert {row.get("error") for row in rows["step"] if row["whose"] == "ours"} == {None}
    for row in rows["step"]:
        assert row["whose"] == "ours" or row["error"] == "not run: PyTorch is not installed"
    assert not any("error" in row["ours"] for row in rows["kernels"])
    assert {row["operation"].split(" ")[0] for row in rows["kernels"]} == {
        *kernels.BESIDE_PYTORCH, *kernels.ALONE} - {"cast"}                      # fp32 has none
    tables = (tmp_path / "out" / "results.md").read_text()
    assert "| 2 | fp32 | ours | graph | not measured yet |" in tables
    assert "| 2 | fp32 | pytorch | compile | no PyTorch |" in tables


def test_measurements_of_a_gpu_are_not_replaced_by_a_simulation(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "results.json").write_text('{"simulated": false}')
    done = run(tmp_path)
    assert done.returncode == 1 and "holds measurements of a GPU: choose another --out" in done.stderr
    assert (tmp_path / "out" / "results.json").read_text() == '{"simulated": false}'


@pytest.mark.parametrize("flags, what", [(["--only", "speed"], "invalid choice: 'speed'"),
                                         (["--batches", "x"], "'x': expected a whole number of 2 or more")])
def test_refuses_flags_it_does_not_know(tmp_path, flags, what):
    done = run(tmp_path, *flags)
    assert done.returncode == 2 and what in done.stderr


@pytest.fixture
def results(tmp_path):
    return Results(tmp_path, SimpleNamespace(simulated=False, batches=[64], machine=lambda: dict(
        gpu="a GPU", python="3", packages={})))


def row(whose, variant):
    return {"whose": whose, "variant": variant, "precision": "fp32", "batch": 64}


def test_a_failure_is_recorded_and_the_rest_goes_on(results):
    def fail():
        raise ValueError("no such thing\nand more")

    with results.section("step", float("inf")) as section:
        section.attempt(row("ours", "eager"), fail)
        section.attempt(row("ours", "graph"), lambda: {"ms": 2.0})
        section.attempt(row("pytorch", "eager"), lambda: {"ms": 3.0})
        step._compare(section.content["rows"])
    assert json.loads(results.path.read_text()) == results.content
    tables = results.markdown({"step": step})
    assert section.content["rows"][0]["error"] == "ValueError: no such thing"
    assert "| 64 | fp32 | ours | eager | failed | failed | failed |" in tables
    assert "| 64 | fp32 | ours | graph | 2.00 | 1.00 | not measured yet |" in tables
    assert "| 64 | fp32 | pytorch | eager | 3.00 | 1.50 | not measured yet |" in tables
    assert "- step, ours eager fp32 64: ValueError: no such thing" in tables
    assert not results.wrong


def test_a_section_that_fails_makes_the_whole_fail_and_the_next_one_runs(results):
    with results.section("ceilings", float("inf")):
        raise RuntimeError("gone")
    with results.section("step", 0) as section:
        section.attempt(row("ours", "eager"), lambda: {"ms": 1.0})
    assert [row.get("error") for row in results.wrong] == ["RuntimeError: gone"]
    assert section.content["rows"][0]["error"] == OUT_OF_TIME


@pytest.mark.parametrize("element, wgmma", [("bfloat16", True), ("float32", False)])
def test_what_wgmma_multiplies_is_timed_by_mma_sync_too(results, element, wgmma):
    times, defines = iter((2.0, 4.0)), []

    def clock(replay, *_, **__):
        with mock.patch.object(products, "launch", wraps=products.launch) as launch:
            replay()
        defines.extend(made.kwargs["defines"] for made in launch.call_args_list)
        return {"ms": next(times)}

    device = SimpleNamespace(simulated=True, runtime=simulated, recorded=lambda work: work, time=clock,
                             torch_precision=lambda _: None, tidy=lambda: None)
    x, w = (ga.cast(simulated.zeros(shape, np.float32), element) for shape in ((1, 8, 8, 32), (2, 2, 32, 96)))
    call = kernels.Call("conv2d", x, w, 1)
    with results.section("kernels", float("inf")) as section:
        kernels._measure(device, section, call.facts(device, {}) | {"precision": "bf16"}, call, {})
    row, = section.content["rows"]
    assert row["ours"]["ms"] == 2.0 and row.get("mma_sync", {}).get("over_ours") == (2.0 if wgmma else None)
    assert [("WGMMA", 1) in of_one for of_one in defines] == ([True, False] if wgmma else [False])


def test_share_of_the_ceiling():
    """0.8 GB at 4 TB/s take 0.2 ms, 100 GFLOP at 400 TFLOP/s 0.25 ms: half of 0.5 ms."""
    rows = [{"ceiling": "copy", "unit": "GB/s", "rate": 4000},
            {"ceiling": "tf32", "unit": "TFLOP/s", "rate": 400}]
    ceilings = rates({"sections": {"ceilings": {"rows": rows}}})
    found = kernels.add_rates({"ms": 0.5}, {"bytes": 0.8e9, "flop": 100e9, "precision": "tf32"}, ceilings)
    assert found["share"] == pytest.approx(0.5) and found["bound_by"] == "tf32"
    assert found["tflops"] == pytest.approx(200) and found["gb_per_s"] == pytest.approx(1600)


def test_what_winograds_algorithm_computes_is_timed_without_it_too(monkeypatch):
    called = []
    for name in "_product", "applies":
        original = getattr(winograd, name)
        monkeypatch.setattr(winograd, name, lambda *a, f=original, n=name: called.append(n) or f(*a))
    x, w = simulated.zeros((2, 8, 8, 4), "float32"), simulated.zeros((5, 5, 4, 8), "float32")
    times = iter([{"ms": 2.0}, {"ms": 5.0}])

    def time(replay, seconds, per):
        called.clear()
        replay()
        return next(times) | {"by": list(called)}

    device = SimpleNamespace(simulated=True, runtime=simulated, time=time, tidy=lambda: None,
                             recorded=lambda work: work)
    section = SimpleNamespace(attempt=lambda row, work, key: row.update({key: work()}))
    monkeypatch.setattr(kernels, "BESIDE_PYTORCH", ())
    with winograd_everywhere():
        call = kernels.Call("conv2d", x, w, 2)
        row = call.facts(device, {}) | {"precision": "fp32"}
        kernels._measure(device, section, row, call, {})
    assert row["operation"] == "conv2d, Winograd" and row["ours"]["by"] == ["applies", "_product"]
    assert row["direct"]["by"] == [] and row["direct"]["over_ours"] == 2.5


def test_failing_tests_are_named(tmp_path):
    (tmp_path / "test_it.py").write_text("def test_a(): pass\ndef test_b(): assert 0\n")
    found = tests._pytest([str(tmp_path)], time.monotonic() + 600)
    assert (found["passed"], found["failed"], found["wrong"]) == (1, 1, True)
    assert found["failing"][0].endswith("test_it.py::test_b")
    (tmp_path / "test_it.py").write_text("no Python")
    assert tests._pytest([str(tmp_path)], time.monotonic() + 600)["wrong"]


def test_after_a_test_that_breaks_the_gpu_the_others_go_on(tmp_path):
    (tmp_path / "conftest.py").write_text("""if True:
        from gpuarray.cuda import runtime
        from tests.gpuarray.cuda.conftest import pytest_addoption, pytest_runtest_makereport

        class Card:
            broken = False

            def synchronize(self):
                if self.broken:
                    raise OSError("an illegal memory access was encountered")

        runtime.CuPyRuntime = Card
        """)
    (tmp_path / "test_it.py").write_text("""if True:
        import pytest
        from gpuarray.cuda import runtime

        @pytest.mark.parametrize("number", range(24))
        def test_it(number):
            card = runtime.default_runtime()
            card.broken = card.broken or number == 2
            assert not card.broken
        """)
    found = tests._pytest([str(tmp_path), "--gpu"], time.monotonic() + 600)
    assert (found["passed"], found["failing"][0][-10:], found["failed"]) == (23, "test_it[2]", 1)


def test_tests_that_take_too_long_are_stopped_and_counted(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "import time\ndef test_a(): pass\ndef test_b():\n    while True: time.sleep(1)\n")
    for seconds in (8, 30, 120):                                   # a busy machine takes long to start pytest
        found = tests._pytest([str(tmp_path)], time.monotonic() + seconds)
        if found["passed"]:
            break
    assert (found["passed"], found["failed"], found["ended"], found["wrong"]) == (1, 0, "out of time", False)


def test_times_are_medians_per_call_of_runs_between_events():
    clock = iter(range(10 ** 6))

    class Event:
        def record(self):
            self.at = next(clock)

    cuda = SimpleNamespace(Event=Event, get_elapsed_time=lambda before, after: after.at - before.at)
    runtime = SimpleNamespace(cupy=SimpleNamespace(cuda=cuda), synchronize=lambda: None)
    calls = []
    found = DeviceOf(runtime).time(lambda: calls.append(next(clock)), 0.1, per=4)
    assert found == {"ms": 0.5, "lowest": 0.5, "highest": 0.5, "runs": 50}       # 2 ticks a run, 100 of them
    assert len(calls) == 1 + 3 + 50


class DeviceOf(Device):
    """A GPU with a runtime of the test's own."""

    def __init__(self, runtime):
        self.simulated, self.runtime = False, runtime
