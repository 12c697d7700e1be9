"""Training on several processes, as programs: what it gives, and that all of them end, whatever happens."""
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.gpuarray.check import assert_close
from tests.scripts.scripts import ENVIRONMENT, ROOT, TINY, arrays, values

LAST = "checkpoints/epoch_0001.npz"
ONE_EPOCH = *TINY, "--batch-size", "5", "--epochs", "1"
LONG = *TINY, "--epochs", "1", "--epoch-size", "5000", "--report-every", "1"


def typed(launcher, arguments, cache, script="celeba_aegan.py"):
    """A script's command line; a number of cores, so that a machine may have fewer than processes."""
    return [*launcher, str(ROOT / script), *map(str, arguments), "--cache", str(cache), "--cores", "1"]


def run(launcher, *arguments, cache, cwd, **options):
    return subprocess.run(typed(launcher, arguments, cache, **options), env=ENVIRONMENT, cwd=cwd,
                          capture_output=True, text=True, timeout=300)


def model_of(run):
    with np.load(run / LAST) as file:
        return {name: file[name] for name in file.files if name.startswith("model/")}


def assert_all_ended(folder):
    """No process of a run in this folder is left after a few seconds."""
    def left():
        found = []
        for process in os.listdir("/proc"):
            try:
                if process.isdecimal() and os.readlink(f"/proc/{process}/cwd") == str(folder):
                    found.append(process)
            except OSError:
                continue
        return found

    deadline = time.monotonic() + 20
    while left():
        assert time.monotonic() < deadline, left()
        time.sleep(0.1)


@pytest.fixture(scope="module")
def alone(cache, tmp_path_factory):
    """The folder of a run of one process."""
    folder = tmp_path_factory.mktemp("alone")
    done = run([sys.executable], *ONE_EPOCH, "--out", "run", cache=cache, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return folder / "run"


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_run_ends_as_that_of_one_process(count, mpiexec, alone, cache, tmp_path):
    done = run(mpiexec(count), *ONE_EPOCH, "--out", "run", cache=cache, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("run: run") == done.stdout.count("done in") == 1
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == sorted(
        path.name for path in alone.iterdir())
    if count == 1:
        assert arrays(tmp_path / "run" / LAST) == arrays(alone / LAST)
        return
    for name, array in model_of(alone).items():
        assert_close(model_of(tmp_path / "run")[name], array, 1e-4, name)     # float32 (seen: 1e-5)
    for ours, theirs in zip(values(tmp_path / "run"), values(alone)):
        assert ours == pytest.approx(theirs, rel=1e-4)


def test_a_checkpoint_goes_on_on_other_numbers_of_processes(mpiexec, alone, cache, tmp_path):
    """One epoch of steps as 1 on 2 processes, 1 on 3, and the rest on 1, an epoch a step each."""
    steps = *TINY, "--batch-size", "5", "--epoch-size", "1", "--out", "run"
    for launcher, flags in [(mpiexec(2), [*steps, "--epochs", "1"]),
                            (mpiexec(3), ["--out", "run", "--resume", "--epochs", "2"]),
                            ([sys.executable], ["--out", "run", "--resume", "--epochs", "3"])]:
        done = run(launcher, *flags, cache=cache, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
    whole = run([sys.executable], *steps[:-1], "whole", "--epochs", "3", cache=cache, cwd=tmp_path)
    assert whole.returncode == 0
    ours, theirs = (np.load(tmp_path / name / "checkpoints/epoch_0003.npz") for name in ("run", "whole"))
    for name in theirs.files:
        if name.startswith("model/"):
            assert_close(ours[name], theirs[name], 1e-4, name)


# ------------------------------------------------------------------------------------------- wrong use

@pytest.mark.parametrize("count, flags, line", [
    (2, ["--lr", "x"], "error: --lr x: expected"),
    (3, ["--batch-size", "2"], "error: --batch-size 2: too few images for 3 processes: use 3 or more"),
    (3, ["--batchnorm-per-rank"], "error: --batch-size 4: too few images for 3 processes: use 6 or more"),
    (2, ["--data", "nowhere"], "error: nowhere: no such file")])
def test_wrong_use_is_one_line(count, flags, line, mpiexec, cache, tmp_path):
    flags = *(TINY if "--data" not in flags else TINY[2:]), *flags
    done = run(mpiexec(count), *flags, "--out", "run", cache=cache, cwd=tmp_path)
    assert done.returncode == 2 and done.stderr.startswith(line) and done.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()
    assert_all_ended(tmp_path)


def test_processes_that_were_started_differently_do_not_train(mpiexec, cache, tmp_path):
    first, second = (typed(mpiexec(1), [*TINY, "--lr", lr, "--out", "run"], cache) for lr in ("1e-3", "1e-4"))
    done = subprocess.run([*first, ":", *second[1:]], env=ENVIRONMENT, cwd=tmp_path, capture_output=True,
                          text=True, timeout=300)
    assert done.returncode == 2 and done.stderr.startswith("error: process 1 of 2 has the flags [")
    assert done.stderr.count("\n") == 1 and "--lr" in done.stderr
    assert_all_ended(tmp_path)


def test_without_mpi_there_is_one_line(mpiexec, cache, tmp_path):
    (tmp_path / "mpi4py.py").write_text("raise ImportError('no mpi4py here')")
    launcher = [*mpiexec(2)[:-2], "-c", "import runpy, sys; sys.path.insert(0, '.'); "
                "sys.argv = sys.argv[1:]; sys.path.insert(1, sys.argv[0].rpartition('/')[0]); "
                "runpy.run_path(sys.argv[0], run_name='__main__')"]
    done = run(launcher, *TINY, "--out", "run", cache=cache, cwd=tmp_path)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: started as one of 2 processes, but there is no MPI")


# -------------------------------------------------------------------------------------- ends of all kinds

PLANTED = """
import sys
from mpi4py import MPI
import nets
sys.path.insert(0, {root!r})
def fail(self, *batch, step=nets.VAEGAN.step, counter=[0]):
    counter[0] += 1
    if MPI.COMM_WORLD.rank == {rank} and counter[0] == 3:
        {failure}
    step(self, *batch)
nets.VAEGAN.step = fail
from celeba_aegan import Config, PRESETS, build
from experiment import run_experiment
run_experiment(Config, PRESETS, build, "celeba_aegan.py")
"""


def planted(folder, rank, failure):
    """A script in which a process fails in its third step."""
    script = folder / "planted.py"
    script.write_text(PLANTED.format(root=str(ROOT), rank=rank, failure=failure))
    return script


@pytest.mark.parametrize("rank", [0, 1])
@pytest.mark.parametrize("failure, status, line", [
    ("raise MemoryError('planted')", 2, "error: out of memory (planted): use a smaller"),
    ("self.networks['encoder'].parameters[:] = float('nan')", 1, "error: ")])
def test_where_one_fails_all_end(rank, failure, status, line, mpiexec, cache, tmp_path):
    script = planted(tmp_path, rank, failure)
    done = run(mpiexec(3), *LONG, "--out", "run", cache=cache, cwd=tmp_path, script=script)
    assert (done.returncode, done.stderr.count("\n")) == (status, 1) and done.stderr.startswith(line)
    assert_all_ended(tmp_path)


def test_an_error_of_the_program_ends_all_with_its_traceback(mpiexec, cache, tmp_path):
    script = planted(tmp_path, 1, "raise RuntimeError('planted')")
    done = run(mpiexec(2), *LONG, "--out", "run", cache=cache, cwd=tmp_path, script=script)
    assert done.returncode == 1 and done.stderr.endswith("RuntimeError: planted\n")
    assert done.stderr.count("Traceback") == 1
    assert_all_ended(tmp_path)


@pytest.fixture
def training(mpiexec, cache, tmp_path):
    """A long run on three processes, past its second step."""
    with subprocess.Popen(typed(mpiexec(3), [*LONG, "--out", "run"], cache), env=ENVIRONMENT, cwd=tmp_path,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while "step 2/" not in process.stdout.readline():
            assert process.poll() is None
        yield process
        process.kill()


def ranks(folder):
    """{rank: process} of a run in this folder."""
    found = {}
    for process in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{process}/environ", "rb") as file:
                environment = dict(item.split(b"=", 1) for item in file.read().split(b"\0") if b"=" in item)
            if os.readlink(f"/proc/{process}/cwd") == str(folder) and b"PMI_RANK" in environment:
                found[int(environment[b"PMI_RANK"])] = int(process)
        except OSError:
            continue
    return found


@pytest.mark.parametrize("number, whom, status", [
    (signal.SIGINT, "mpiexec", 130), (signal.SIGTERM, "mpiexec", 143), (signal.SIGTERM, 0, 143),
    (signal.SIGTERM, 2, 143)])
def test_a_signal_saves_the_state(number, whom, status, training, mpiexec, cache, tmp_path):
    os.kill(training.pid if whom == "mpiexec" else ranks(tmp_path)[whom], number)
    _, errors = training.communicate(timeout=120)
    lines = [line for line in errors.splitlines() if not line.startswith("[mpiexec@")]    # Ctrl-C is noted
    assert training.returncode == status and len(lines) == 1
    assert lines[0].startswith("interrupted at step ") and lines[0].endswith("--out run --resume")
    assert_all_ended(tmp_path)
    done = run(mpiexec(2), "--out", "run", "--resume", "--dry-run", cache=cache, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("rank", [0, 1])
def test_where_one_is_killed_all_end(rank, training, tmp_path):
    os.kill(ranks(tmp_path)[rank], signal.SIGKILL)
    training.communicate(timeout=120)
    assert training.returncode != 0
    assert_all_ended(tmp_path)
