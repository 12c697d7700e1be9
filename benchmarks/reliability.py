"""Whether a run survives being killed, and a full disk: with the same bits in the end as one left alone.

    python -m benchmarks.reliability kills 100     kill runs at random moments, go on with each, compare
    python -m benchmarks.reliability full 40       let the disk be full at as many sizes (Linux, as root)

A run is killed while Python imports, images are decoded, networks train, a checkpoint, a picture or the page
is written. Then it goes on (--resume; or begins, where there is no folder yet), is killed once more in every
second case, and must end with the arrays, the lines of metrics.jsonl but for the clock, and the pictures of
the undisturbed run. Prints a line for each that does not, and a count.
"""
import argparse
import collections
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
TINY = ("--device", "cpu", "--width", 0.1, "--z-size", 6, "--encoder-hidden", 64, "--epochs", 3,
        "--epoch-size", 7, "--batch-size", 4, "--report-every", 3, "--limit", 40)
CLOCK = "seconds", "images_per_s", "waiting"
SIGNALS = signal.SIGKILL, signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP


def command(run, cache, resume=False):
    """What to type for the tiny run in the folder `run`."""
    flags = ["--resume"] if resume else [*TINY]
    return list(map(str, [sys.executable, ROOT / "celeba_aegan.py", *flags, "--out", run, "--cache", cache]))


def start(arguments):
    """A process of its own session, so that its children end with it."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, start_new_session=True)


def finish(run, cache):
    """Go on with what is in the folder `run`, or begin: (whether it ended well, the last line it printed)."""
    process = start(command(run, cache, resume=run.exists()))
    lines = process.communicate()[0].splitlines() or [""]
    return process.returncode == 0 or "has done its" in lines[-1], lines[-1]


def kill(run, cache, after, number):
    """Start the run, or go on with it, and send a signal after so many seconds; the last line it printed."""
    process = start(command(run, cache, resume=run.exists()))
    time.sleep(after)
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass
    return (process.communicate()[0].splitlines() or [""])[-1]


def outcome(run):
    """All that must not depend on interruptions: {name: content}."""
    result = {}
    with np.load(sorted((run / "checkpoints").glob("*.npz"))[-1]) as file:
        result |= {name: file[name].tobytes() for name in file.files if name != "about"}
        about = json.loads(str(file["about"]))
    result |= {"step": about["step"], "batches": about["batches"]}
    for line in (run / "metrics.jsonl").read_text().splitlines():
        report = json.loads(line)
        result[f"line {len(result)}"] = {name: report[name] for name in report if name not in CLOCK}
    pictures = [run / "originals.png", *run.glob("samples/*"), *run.glob("reconstructions/*")]
    return result | {str(path.relative_to(run)): path.read_bytes() for path in pictures}


def differences(run, expected):
    """What of outcome(run) is not as expected: names."""
    found = outcome(run)
    names = [name for name in {**found, **expected} if found.get(name) != expected.get(name)]
    leftovers = [path.name for path in run.rglob(".*")]
    return names + leftovers


def where(run):
    """How far a killed run has come, in words."""
    if not run.exists():
        return "no folder yet"
    if not list(run.glob("checkpoints/*.npz")):
        return "before the first checkpoint"
    return "done" if (run / "index.html").exists() and "0003" in str(list(run.glob("samples/*"))) else "later"


def kills(count, folder, seed=0):
    """Kill `count` runs; returns how many ended otherwise than the undisturbed one, and prints each."""
    rng, wrong, places = random.Random(seed), 0, collections.Counter()
    cache = folder / "cache"
    began = time.perf_counter()
    finish(folder / "cold", folder / "cold cache")
    cold = time.perf_counter() - began
    finish(folder / "warm", cache)
    began = time.perf_counter()
    assert finish(folder / "undisturbed", cache)[0]
    warm, expected = time.perf_counter() - began, outcome(folder / "undisturbed")
    for number in range(count):
        run, fresh = folder / f"run {number}", rng.random() < 0.25          # with images to decode
        used, seconds = (folder / f"cache {number}", cold) if fresh else (cache, warm)
        for _ in range(rng.choice((1, 2))):
            last = kill(run, used, rng.uniform(0, seconds), rng.choice(SIGNALS))
            places[where(run)] += 1
            if "Traceback" in last or "Error" in last:
                print(f"{number}: killed, it said {last}", flush=True)
        well, last = finish(run, used)
        trouble = differences(run, expected) if well else [last]
        if trouble:
            wrong += 1
            print(f"{number}: {where(run)}: {', '.join(trouble)[:300]}", flush=True)
    print(f"{count - wrong} of {count} killed runs ended as the undisturbed one; killed " +
          ", ".join(f"{place}: {times}" for place, times in places.items()))
    return wrong


def full(count, folder):
    """Fill the disk at `count` sizes; returns how many runs then ended badly, and prints each."""
    cache, wrong, ends = folder / "cache", 0, collections.Counter()
    assert finish(folder / "undisturbed", cache)[0]
    expected = outcome(folder / "undisturbed")
    size = sum(file.stat().st_size for file in (folder / "undisturbed").rglob("*") if file.is_file())
    disk = folder / "disk"
    disk.mkdir()
    for number in range(1, count + 1):
        limit = 4096 * (size * number // count // 4096 + 1)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={limit}", "tmpfs", disk],
                                 capture_output=True, text=True)
        if mounted.returncode:
            print(f"cannot mount a small disk here ({mounted.stderr.strip()}): run it as root, on Linux")
            return 0
        try:
            process = start(command(disk / "run", cache))
            lines = process.communicate()[0].splitlines()
            ends[process.returncode] += 1
            trouble = [] if process.returncode in (0, 2) and "Traceback" not in str(lines) else lines[-1:]
            subprocess.run(["mount", "-o", f"remount,size={10 * size}", disk], check=True)
            well, last = finish(disk / "run", cache)
            trouble += differences(disk / "run", expected) if well else [last]
            if trouble:
                wrong += 1
                print(f"{limit:,} bytes: {', '.join(trouble)[:300]}", flush=True)
        finally:
            subprocess.run(["umount", disk], check=True)
    print(f"{count - wrong} of {count} runs went on to the same end after a disk of up to {size:,} bytes; "
          "they had ended with " + ", ".join(f"status {end}: {times}" for end, times in ends.items()))
    return wrong


def main():
    parser = argparse.ArgumentParser("reliability", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("kills", "full"))
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=0, help="of the moments and signals")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.what == "full":
            return full(options.count, Path(folder))
        return kills(options.count, Path(folder), options.seed)


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
