"""Running the root scripts as a user does."""
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from experiment.reopen import script_file
from tests.scripts import warm

ROOT = Path(__file__).resolve().parents[2]
TINY = ("--data", "toyfaces", "--image-size", "32", "--width", "0.1", "--z-size", "6", "--epoch-size", "2",
        "--batch-size", "4", "--limit", "64", "--lr", "3e-4", "--schedule", "constant", "--device", "cpu")


def tiny(script, arguments=()):
    """The flags of a tiny run, beside `arguments`, which may have their own --data; a regressor has no z."""
    flags = TINY if script != "lfw_regressor" else (*TINY[:6], *TINY[8:])
    return flags[2:] if "--data" in arguments else flags


# One BLAS thread: tiny products are slower on more.
ENVIRONMENT = {**os.environ, "PYTHONUNBUFFERED": "1", "OPENBLAS_NUM_THREADS": "1"}


def command(script, *arguments, cache):
    """What to type: the script by its path, so that it can run in any folder."""
    return [sys.executable, str(ROOT / script_file(script)), *map(str, arguments), "--cache", str(cache)]


def call(script, *arguments, cache, cwd, anew=False):
    """The finished process, with stdout and stderr as text. anew: of a Python that is started for it."""
    typed = command(script, *arguments, cache=cache)
    if anew:
        return subprocess.run(typed, env=ENVIRONMENT, cwd=cwd, capture_output=True, text=True, timeout=300)
    return warm.call(*typed[1:], cwd=cwd, env=ENVIRONMENT)


def train(script, *arguments, cache, cwd, anew=False):
    """A run that must succeed, quietly on stderr."""
    done = call(script, *tiny(script, arguments), *arguments, cache=cache, cwd=cwd, anew=anew)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done


def metrics(run):
    """The reports of a run, oldest first."""
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def values(run):
    """The reports of a run without what a clock says."""
    clock = "seconds", "images_per_s", "waiting"
    return [{name: value for name, value in report.items() if name not in clock} for report in metrics(run)]


def arrays(checkpoint):
    """({name: type and digest}, step, data stream) of a checkpoint: its state, but not the time it took."""
    with np.load(checkpoint) as file:
        content = {name: file[name] for name in file.files}
    about = json.loads(str(content.pop("about")))
    digests = {name: (array.dtype.str, hashlib.sha256(array.tobytes()).hexdigest())
               for name, array in content.items()}
    return digests, about["step"], about["batches"]
