"""How programs end: statuses, lines, signals."""
import multiprocessing.process
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import dataset
import gpuarray
from experiment.exit import Diverged, Interrupted, UsageError, guard_start, run_program

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def keep_handlers(monkeypatch):
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    yield
    signal.signal(signal.SIGTERM, before)


def leave(error, capsys):
    """(status, stderr) of a script whose main raises `error`."""
    def main():
        if error is not None:
            raise error

    with pytest.raises(SystemExit) as left:
        run_program(main)
    return left.value.code, capsys.readouterr().err


@pytest.mark.parametrize("error, status, line", [
    (None, 0, ""),
    (UsageError("--x: bad:\n do this"), 2, "error: --x: bad: do this\n"),
    (dataset.DataError("no images"), 2, "error: no images\n"),
    (gpuarray.DeviceError("no driver"), 2, "error: no driver\n"),
    (gpuarray.ArgumentError("conv2d: x is too large"), 2, "error: conv2d: x is too large\n"),
    (MemoryError("9 GB"), 2, "error: out of memory (9 GB): use a smaller --batch-size or --width\n"),
    (Diverged("kl is nan"), 1, "error: kl is nan\n"),
    (Interrupted(signal.SIGTERM, "interrupted at step 3"), 143, "interrupted at step 3\n"),
    (Interrupted(signal.SIGINT, "interrupted at step 3"), 130, "interrupted at step 3\n"),
    (KeyboardInterrupt(), 130, "interrupted outside of training: nothing was saved\n")])
def test_exit_status_and_one_line(error, status, line, capsys):
    assert leave(error, capsys) == (status, line)


def test_a_fault_of_ours_keeps_its_traceback(capsys):
    def main():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_program(main)


def test_terminated_outside_of_training(capsys):
    def main():
        signal.raise_signal(signal.SIGTERM)

    with pytest.raises(SystemExit) as left:
        run_program(main)
    assert left.value.code == 143
    assert capsys.readouterr().err == "terminated outside of training: nothing was saved\n"


INTERRUPTED_IN_DEL = """
import signal
from experiment.exit import run_program

class Unlucky:
    def __del__(self):
        signal.raise_signal(signal.{name})

def main():
    Unlucky()
    print("goes on")

run_program(main)
"""


@pytest.mark.parametrize("name, status, how", [
    ("SIGTERM", 143, "terminated"), ("SIGINT", 130, "interrupted")])
def test_a_signal_inside_a_del_is_not_lost(name, status, how):
    done = subprocess.run([sys.executable, "-c", INTERRUPTED_IN_DEL.format(name=name)], capture_output=True,
                          text=True, timeout=60, cwd=ROOT)
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr == f"{how} outside of training: nothing was saved\n"


def test_other_faults_inside_a_del_are_told_as_ever(capsys):
    class Faulty:
        def __del__(self):
            raise ZeroDivisionError

    assert leave(None, capsys) == (0, "")
    Faulty()
    assert "ZeroDivisionError" in capsys.readouterr().err


STARTING = """
import runpy, signal, sys

class OnImport:
    def find_spec(self, name, *arguments):
        if name == {module!r}:
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, OnImport())
sys.path.insert(0, {root!r})
sys.argv = [{program!r}, "--help"]
try:
    {start}
except KeyboardInterrupt:
    print("caught")
"""


def start(program, module, start):
    """The finished process of a program that gets a SIGINT when it is about to import `module`."""
    code = STARTING.format(program=program, module=module, start=start, root=str(ROOT))
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("module", ["dataclasses", "numpy", "nets", "experiment.settings", "experiment.run"])
@pytest.mark.parametrize("name", ["celeba_gan", "lfw_aegan"])
def test_ctrl_c_while_a_script_starts_ends_in_one_line(name, module):
    script = str(ROOT / f"{name}.py")
    done = start(script, module, f"runpy.run_path({script!r}, run_name='__main__')")
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "interrupted while starting: nothing was done\n"


def test_ctrl_c_while_a_command_starts_ends_in_one_line():
    done = start("-m", "experiment.commands.sample", "runpy.run_module('experiment', run_name='__main__')")
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "interrupted while starting: nothing was done\n"


def test_the_processes_of_a_script_leave_ctrl_c_to_it(monkeypatch):
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(sys, "argv", [str(ROOT / "celeba_gan.py")])
    monkeypatch.setattr(multiprocessing.process, "parent_process", lambda: "the script")
    try:
        guard_start()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_programs_keep_their_own_handling_of_ctrl_c():
    done = start("/elsewhere/notebook.py", "nets", "import experiment")
    assert (done.returncode, done.stdout, done.stderr) == (0, "caught\n", "")
