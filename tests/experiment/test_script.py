import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import dataset
import gpuarray
from experiment.errors import Diverged, Interrupted, UsageError
from experiment.script import open_device, open_images, run_script
from gpuarray.cuda import runtime
from tests.experiment.fakes import settings


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
        run_script(main)
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
        run_script(main)


def test_terminated_outside_of_training(capsys):
    def main():
        signal.raise_signal(signal.SIGTERM)

    with pytest.raises(SystemExit) as left:
        run_script(main)
    assert left.value.code == 143
    assert capsys.readouterr().err == "terminated outside of training: nothing was saved\n"


INTERRUPTED_IN_DEL = """
import signal
from experiment import run_script

class Unlucky:
    def __del__(self):
        signal.raise_signal(signal.{name})

def main():
    Unlucky()
    print("goes on")

run_script(main)
"""


@pytest.mark.parametrize("name, status, how", [("SIGTERM", 143, "terminated"), ("SIGINT", 130, "interrupted")])
def test_a_signal_inside_a_del_is_not_lost(name, status, how):
    done = subprocess.run([sys.executable, "-c", INTERRUPTED_IN_DEL.format(name=name)], capture_output=True,
                          text=True, timeout=60, cwd=Path(__file__).parents[2])
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr == f"{how} outside of training: nothing was saved\n"


def test_other_faults_inside_a_del_are_told_as_ever(capsys):
    class Faulty:
        def __del__(self):
            raise ZeroDivisionError

    assert leave(None, capsys) == (0, "")
    Faulty()
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_the_device_is_told(capsys):
    assert open_device(settings(device="cpu")) == ("cpu", "asked for")
    assert capsys.readouterr().out == "device: cpu (asked for)\n"


@pytest.mark.parametrize("precision", ["tf32", "bf16"])
def test_a_precision_the_cpu_lacks_is_refused(precision):
    with pytest.raises(UsageError, match=f"--precision {precision}: needs a GPU .* is cpu .* use --precision fp32"):
        open_device(settings(device="cpu", precision=precision))


@pytest.mark.parametrize("capability, known", [((7, 5), ["fp32"]), ((8, 0), ["fp32", "tf32", "bf16"])])
def test_a_precision_the_gpu_lacks_is_refused(capability, known, monkeypatch):
    gpu = SimpleNamespace(capability=capability, describe=lambda: "a GPU")
    monkeypatch.setattr(runtime, "default_runtime", lambda: gpu)
    for precision in ("fp32", "tf32", "bf16"):
        if precision in known:
            assert open_device(settings(device="cuda", precision=precision)) == ("cuda", "a GPU")
        else:
            with pytest.raises(UsageError, match=f"--precision {precision}: .* 8.0 or above, .* is cuda .a GPU."):
                open_device(settings(device="cuda", precision=precision))


def test_a_dry_run_opens_no_images(tmp_path):
    assert open_images(settings(dry_run=True, data="/nowhere", cache=str(tmp_path))) is None


def test_images_are_told(tmp_path, capsys):
    images = open_images(settings(limit=20, cache=str(tmp_path)))
    assert (len(images.train), len(images.test), images.size) == (20, 2, 32)
    assert "data: toyfaces, 20 images to train with, 2 to test\n" in capsys.readouterr().out
