"""Whole scripts in surroundings that are not made for them."""
import json
import os
import pty
import signal
import subprocess

import pytest

from tests.scripts.scripts import ENVIRONMENT, TINY, call, command, train
from tests.scripts.test_bad_input import picture

LAST = "checkpoints/epoch_0001.npz"


def start(arguments, cache, cwd, **options):
    typed = command("celeba_vae", *TINY, "--epochs", 1, *arguments, cache=cache)
    usual = {"env": ENVIRONMENT, "cwd": cwd, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(typed, **usual | options)


def test_the_backend_of_a_notebook_costs_no_curves(cache, tmp_path):
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\n")
    environment = ENVIRONMENT | {"MPLBACKEND": "module://nowhere.at_all", "PYTHONIOENCODING": "cp1252"}
    with start(["--out", "läufe \u4eba"], cache, tmp_path, env=environment, stdout=subprocess.PIPE,
               encoding="cp1252") as process:
        shown, errors = process.communicate(timeout=300)
    assert (process.returncode, errors) == (0, "")
    assert "open läufe \\u4eba" in shown and (tmp_path / "läufe \u4eba" / "curves.png").exists()


def test_without_the_package_for_tensorboard_nothing_is_begun(cache, tmp_path):
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "tensorboardX.py").write_text("raise ImportError('not installed')")
    environment = ENVIRONMENT | {"PYTHONPATH": str(tmp_path / "packages"), "PYTHONDONTWRITEBYTECODE": "1"}
    with start(["--out", "run", "--tensorboard"], cache, tmp_path, env=environment) as process:
        errors = process.communicate(timeout=300)[1]
    assert process.returncode == 2 and errors.startswith("error: --tensorboard: ") and errors.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["packages"]


@pytest.mark.parametrize("stdout", ["closed", "/dev/full"])
def test_a_run_without_a_standard_output_trains_on(stdout, cache, tmp_path):
    if stdout == "closed":
        process = start(["--out", "run"], cache, tmp_path, preexec_fn=lambda: os.close(1))
        expected = ""
    else:
        with open(stdout, "w") as full:
            process = start(["--out", "run"], cache, tmp_path, stdout=full)
        expected = "warning: no more is told on the standard output ([Errno 28] No space left on device): " \
                   "the work goes on\n"
    with process:
        errors = process.communicate(timeout=300)[1]
    assert (process.returncode, errors) == (0, expected) and (tmp_path / "run" / LAST).exists()


def test_a_reader_that_goes_away_leaves_a_saved_state(cache, tmp_path):
    long = ["--out", "run", "--epoch-size", 500, "--report-every", 1]
    with start(long, cache, tmp_path, stdout=subprocess.PIPE) as process:
        while not process.stdout.readline().startswith("epoch 1/1  step 1/500"):
            assert process.poll() is None
        process.stdout.close()
        process.wait(timeout=300)
        errors = process.stderr.read()
    assert process.returncode == 128 + 13
    assert errors.startswith("interrupted at step ") and errors.endswith("--out run --resume\n")


def test_a_terminal_that_goes_away_leaves_a_saved_state(cache, tmp_path):
    ours, theirs = pty.openpty()
    long = ["--out", "run", "--epoch-size", 500, "--report-every", 1]
    with start(long, cache, tmp_path, stdin=theirs, stdout=theirs, start_new_session=True,
               preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as process:
        os.close(theirs)
        while b"/500" not in os.read(ours, 1000):
            assert process.poll() is None
        os.close(ours)
        errors = process.communicate(timeout=300)[1]
    assert process.returncode == 128 + signal.SIGHUP
    assert errors.startswith("interrupted at step ") and errors.count("\n") == 1


def test_a_run_goes_on_in_another_folder_with_a_name_that_is_not_utf_8(cache, tmp_path):
    for number in range(12):
        picture(tmp_path / "faces" / f"{number}.png")
    name = os.fsdecode(b"caf\xe9 \x1b[31m")
    done = train("celeba_vae", "--data", "faces", "--epochs", 1, "--out", name, cache=cache, cwd=tmp_path)
    assert r"open caf\udce9 \x1b[31m/index.html" in done.stdout
    (tmp_path / "sub").mkdir()
    again = call("celeba_vae", "--out", f"../{name}", "--resume", "--epochs", 2, cache=cache,
                 cwd=tmp_path / "sub")
    assert (again.returncode, again.stderr) == (0, "")
    assert json.load(open(tmp_path / name / "config.json"))["settings"]["data"] == str(tmp_path / "faces")
