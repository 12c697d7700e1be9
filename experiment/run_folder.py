"""The folder of a run: what lies where, and what config.json tells. No file in it is ever half written."""
import contextlib
import itertools
import json
import platform
import shlex
import subprocess
import sys
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

import gpuarray
from experiment import claim
from experiment.exit import UsageError
from experiment.reading import reading
from experiment.settings import GIVEN, portable

_LARGEST = 1e300       # of a number in a report: larger ones, infinity and NaN are damage

_ROOT = Path(__file__).resolve().parent.parent
_PACKAGES = "numpy", "scipy", "pillow", "matplotlib", "cupy-cuda12x", "cupy-cuda13x"


def begin(settings, images, device, why):
    """The RunFolder of a new run, made and locked. Raises UsageError where it cannot be.

    A name that this program chose, not the user, gets a number where another run has it.
    """
    chosen = settings.out
    for number in itertools.count(2):
        folder = RunFolder(settings.out)
        try:
            folder.create(describe(settings, images, device, why))
            return folder
        except claim.InUse:
            if settings.origin["out"] == GIVEN:
                raise
            settings.out = f"{chosen}-{number}"


class RunFolder:
    """config.json, metrics.jsonl, originals.png, samples/, reconstructions/, curves.png, checkpoints/,
    index.html, report_data.js; health.json where something may be wrong; tensorboard/ if asked for."""

    def __init__(self, path):
        self.path = Path(path)
        self.checkpoints = self.path / "checkpoints"
        self._metrics = self.path / "metrics.jsonl"
        self._lock = None

    # -------------------------------------------------------------------------------------------- the folder

    def check_free(self):
        """Raises UsageError unless a run can begin here: empty, and writable. Leaves nothing behind."""
        claim.check_free(self.path)

    def create(self, config):
        """Begin a run: the folder appears with its config.json, locked. Raises UsageError like check_free."""
        self._lock = claim.begin(self.path, _text(config).encode())

    def lock(self):
        """Let no other process train here until close. Raises UsageError where one does."""
        self._lock = claim.lock(self.path)

    def close(self):
        """Let others train here."""
        if self._lock is not None:
            claim.release(self._lock)

    def sweep(self):
        """Remove what a killed process left half written."""
        claim.sweep(self.path)

    # -------------------------------------------------------------------------------------------- config.json

    def write_config(self, config):
        """config: JSON-able, with script, settings and origin; `describe` gives it."""
        self.write(claim.CONFIG, _text(config))

    def config(self):
        """What write_config wrote. Raises UsageError where there is none, or it is no run's."""
        path = self.path / claim.CONFIG
        try:
            with reading(path, "is damaged (not JSON): start a new run"):
                config = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UsageError(f"{self.path}: {self._no_run()}") from None
        return checked(config, path)

    def _no_run(self):
        """Why there is no config.json."""
        if self.path.is_dir() and claim.is_empty(self.path):
            return "not the folder of a run, it is empty: start a run in it, without --resume"
        return "not the folder of a run (no config.json in it): check the path"

    # ------------------------------------------------------------------------------------------ metrics.jsonl

    def add_metrics(self, report):
        """One more line of metrics.jsonl."""
        try:
            with open(self._metrics, "a", encoding="utf-8") as file:
                file.write(json.dumps(report) + "\n")
        except OSError as error:
            raise self._unwritable(self._metrics, error) from error

    def metrics(self):
        """All reports so far, oldest first. A damaged line, or one that a crash cut short, is left out."""
        reports = []
        for line in self._metrics.read_bytes().splitlines() if self._metrics.exists() else []:
            with contextlib.suppress(ValueError, RecursionError):        # not UTF-8, not JSON, too deep
                reports.append(json.loads(line))
        return list(filter(_is_report, reports))

    def rewind_metrics(self, step):
        """Forget reports after training step `step`, from where the run goes on."""
        kept = [report for report in self.metrics() if report["step"] <= step]
        self.write("metrics.jsonl", "".join(json.dumps(report) + "\n" for report in kept))

    # -------------------------------------------------------------------------------------------- other files

    def write(self, name, content):
        """Write a file of text or bytes, completely or not at all. Makes the folder it lies in."""
        with self.new_file(self.path / name) as file:
            file.write(content.encode(errors="backslashreplace") if isinstance(content, str) else content)

    @contextlib.contextmanager
    def new_file(self, path):
        """dataset.atomic_write with the error that this program raises."""
        from dataset import atomic_write             # here: --help need not wait for dataset

        try:
            with atomic_write(path) as file:
                yield file
        except OSError as error:
            raise self._unwritable(path, error) from error

    def _unwritable(self, path, error):
        return UsageError(f"{path}: cannot be written ({error.strerror}): make room, then go on with "
                          "--resume")

    def forget(self, name):
        """Remove a file, if it is there."""
        try:
            (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise self._unwritable(self.path / name, error) from error

    def pictures(self, kind):
        """Paths of the pictures of a kind ('samples', 'reconstructions'), first epoch first."""
        return sorted((self.path / kind).glob("epoch_*.png"))


def checked(config, path):
    """The content of the config.json at `path`. Raises UsageError where it is not that of a run."""
    if not (isinstance(config, dict) and isinstance(config.get("script"), str)
            and isinstance(config.get("settings"), dict) and isinstance(config.get("origin"), dict)):
        raise UsageError(f"{path}: not the settings of a run: check the path")
    return config


def _is_report(line):
    return (isinstance(line, dict) and type(line.get("step")) is int
            and all(isinstance(value, (int, float)) and abs(value) < _LARGEST for value in line.values()))


def _text(config):
    return json.dumps(config, indent=2) + "\n"


# ------------------------------------------------------------------------------------------- its config.json

def describe(settings, images, device, why):
    """The content of config.json, enough to make the run again.

    images: the dataset.Images it trains on. device: 'cpu' or 'cuda', taken because of `why`.
    """
    return {"script": settings.script, **_what_is_set(settings, images),
            **circumstances(settings, device, why)}


def add_resume(config, settings, images, step, device, why):
    """config.json of a run that goes on at `step`, with what has changed."""
    before, earlier = config["settings"], config.get("resumed")
    changed = {name: value for name, value in portable(settings).items() if value != before.get(name)}
    resumed = {"step": step, "changed": changed, **circumstances(settings, device, why)}
    return {**config, **_what_is_set(settings, images),
            "resumed": [*(earlier if isinstance(earlier, list) else []), resumed]}


def _what_is_set(settings, images):
    data = {"name": images.name, "crop": images.crop, "train": len(images.train), "test": len(images.test),
            "digest": images.digest, "channels": settings.channels}
    if settings.needs_attributes:
        data["attributes"] = images.train.attribute_names
    return {"settings": portable(settings), "origin": settings.origin, "data": data}


def circumstances(settings, device, why):
    """What a run's numbers depend on beside its settings."""
    here = gpuarray.available_cores()
    return {"command": shlex.join(sys.argv),
            "started": datetime.now(timezone.utc).isoformat(timespec="seconds"), "commit": commit(),
            "device": f"{device}: {why}",
            "cores": min(here, settings.cores or here) if device == "cpu" else None,
            "machine": platform.platform(), "versions": versions()}


def versions():
    """{package: version} of all that results depend on."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def commit():
    """The commit of this code, with '-dirty' where files differ from it; None outside a git checkout."""
    if not (_ROOT / ".git").exists():
        return None
    try:
        command = ["git", "-C", str(_ROOT), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
