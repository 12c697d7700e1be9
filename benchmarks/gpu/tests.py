"""The tests of the CUDA backend, run by pytest on the GPU; without one, a few on the simulated device.

Several processes share the GPU: most of the time goes into compiling.
"""
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = "tests/gpuarray/cuda"
NOT_OF_A_GPU = "compile", "sanitizers", "simulator"           # they compile and run kernels on the CPU
PROCESSES = min(8, os.cpu_count())
OUTCOME = re.compile(r"^\[gw\d+\] \[ *\d+%\] (PASSED|FAILED|ERROR) (\S+::.*?) *$", re.M)
TABLE = {"pytest": ("tests", "`{}`"), "passed": ("passed", "{}"), "failed": ("failed", "{}"),
         "ended": ("ended", "{}")}


def run(device, section, precisions):
    if device.simulated:
        chosen = [f"{FOLDER}/test_cast.py", f"{FOLDER}/test_memory.py"]
    else:
        chosen = [FOLDER, "--gpu", *(f"--ignore={FOLDER}/test_{name}.py" for name in NOT_OF_A_GPU)]
    section.attempt({"tests": " ".join(chosen)}, lambda: _pytest(chosen, section.deadline))


def _pytest(chosen, deadline):
    """How many tests passed and failed, the failing ones, how pytest ended, and whether that is wrong."""
    command = [sys.executable, "-m", "pytest", "-v", "--tb=no", "-p", "no:cacheprovider",
               "-n", str(PROCESSES), *chosen]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT,
                              env={**os.environ, "PYTEST_ADDOPTS": ""},    # they may change what is printed
                              timeout=deadline - time.monotonic())
        output, ended = done.stdout.decode(), f"with status {done.returncode}"
    except subprocess.TimeoutExpired as stopped:
        output, ended = (stopped.stdout or b"").decode(), "out of time"
    outcomes = OUTCOME.findall(output)
    failing = [name for outcome, name in outcomes if outcome != "PASSED"]
    wrong = bool(failing) or not outcomes or ended not in ("with status 0", "out of time")
    return {"passed": len(outcomes) - len(failing), "failed": len(failing), "failing": failing,
            "ended": ended, "wrong": wrong}
