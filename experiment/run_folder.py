"""The folder of a run: what lies where, and what config.json tells. No file in it is ever half written."""
import contextlib
import json
import platform
import shlex
import subprocess
import sys
from dataclasses import asdict
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

from experiment.exit import UsageError

# advice where nothing can be resumed: a run begins in an empty folder only
START_ANEW = "start anew with another --out, or after deleting this folder"

_ROOT = Path(__file__).resolve().parent.parent
_PACKAGES = "numpy", "scipy", "pillow", "matplotlib", "cupy-cuda12x", "cupy-cuda13x"


class RunFolder:
    """config.json, metrics.jsonl, originals.png, samples/, reconstructions/, curves.png, checkpoints/,
    index.html, report_data.js."""

    def __init__(self, path):
        self.path = Path(path)
        self.checkpoints = self.path / "checkpoints"
        self._metrics = self.path / "metrics.jsonl"

    # -------------------------------------------------------------------------------------------- the folder

    def check_free(self):
        """Raises UsageError unless a run can begin here: empty, and writable. Leaves nothing behind."""
        with self._made():
            pass

    def create(self, config):
        """Begin a run: make the folder with its config.json. Raises UsageError like check_free."""
        with self._made() as keep:
            self.write_config(config)
            keep()

    @contextlib.contextmanager
    def _made(self):
        """The folder, empty and writable. Without keep() it is removed, with the parents made for it."""
        made, kept = [], []
        try:
            if self.path.is_dir() and any(self.path.iterdir()):
                raise UsageError(f"--out {self.path}: there is something in this folder: choose another, "
                                 "or add --resume to go on with the run in it")
            made = [folder for folder in (self.path, *self.path.parents) if not folder.exists()]
            self.path.mkdir(parents=True, exist_ok=True)
            trial = self.path / ".trial"
            trial.write_bytes(b"")
            trial.unlink()
            yield lambda: kept.append(True)
        except OSError as error:
            raise UsageError(f"--out {self.path}: cannot be written ({error.strerror}): "
                             "choose another folder") from error
        finally:
            if not kept:
                for folder in made:
                    with contextlib.suppress(OSError):       # never made, or no longer empty
                        folder.rmdir()

    # -------------------------------------------------------------------------------------------- config.json

    def write_config(self, config):
        """config: JSON-able, with script, settings and origin; `describe` gives it."""
        self.write("config.json", json.dumps(config, indent=2) + "\n")

    def config(self):
        """What write_config wrote. Raises UsageError where there is none, or it is no run's."""
        path = self.path / "config.json"
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UsageError(f"{self.path}: not the folder of a run (no config.json in it): "
                             "check the path") from None
        except OSError as error:
            raise UsageError(f"{path}: cannot be read ({error.strerror}): check the path") from error
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{path}: is damaged (not JSON): start a new run") from error
        return checked(config, path)

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
            with contextlib.suppress(ValueError, RecursionError):    # neither UTF-8 nor JSON; nested deep
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
            file.write(content.encode() if isinstance(content, str) else content)

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
        advice = "go on with --resume" if any(self.checkpoints.glob("epoch_*.npz")) else START_ANEW
        return UsageError(f"{path}: cannot be written ({error.strerror}): make room, then {advice}")

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
    return (isinstance(line, dict) and "step" in line
            and all(isinstance(value, (int, float)) for value in line.values()))


# ------------------------------------------------------------------------------------------- its config.json

def describe(settings, images, device, why):
    """The content of config.json, enough to make the run again.

    images: the dataset.Images it trains on. device: 'cpu' or 'cuda', taken because of `why`.
    """
    return {"script": settings.script, **_what_is_set(settings, images), **_circumstances(device, why)}


def add_resume(config, settings, images, step, device, why):
    """config.json of a run that goes on at `step`, with what has changed."""
    before = config["settings"]
    changed = {name: value for name, value in asdict(settings).items() if value != before.get(name)}
    resumed = {"step": step, "changed": changed, **_circumstances(device, why)}
    return {**config, **_what_is_set(settings, images), "resumed": [*config.get("resumed", []), resumed]}


def _what_is_set(settings, images):
    data = {"name": images.name, "crop": images.crop, "train": len(images.train), "test": len(images.test)}
    if settings.needs_attributes:
        data["attributes"] = images.train.attribute_names
    return {"settings": asdict(settings), "origin": settings.origin, "data": data}


def _circumstances(device, why):
    return {"command": shlex.join(sys.argv),
            "started": datetime.now(timezone.utc).isoformat(timespec="seconds"), "commit": _commit(),
            "device": f"{device}: {why}", "machine": platform.platform(), "versions": _versions()}


def _versions():
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _commit():
    """The commit of this code, with '-dirty' where files differ from it; None outside a git checkout."""
    if not (_ROOT / ".git").exists():
        return None
    try:
        command = ["git", "-C", str(_ROOT), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
