"""The folder of a run: what lies where in it, written so that no file is ever half there."""
import contextlib
import json
import os
from pathlib import Path

from experiment.errors import UsageError


# advice where nothing can be resumed: a run begins in an empty folder alone
START_ANEW = "start anew with another --out, or after deleting this folder"


class RunFolder:
    """config.json, metrics.jsonl, originals.png, samples/, reconstructions/, curves.png, checkpoints/,
    index.html."""

    def __init__(self, path):
        self.path = Path(path)
        self.checkpoints = self.path / "checkpoints"
        self._metrics = self.path / "metrics.jsonl"

    # -------------------------------------------------------------------------------------------- as a whole

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
        """The folder, empty and writable; taken away again, with parents made for it, without keep()."""
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
        """config: JSON-able, with script, settings and origin."""
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
        except ValueError as error:
            raise UsageError(f"{path}: is damaged (not JSON): start a new run") from error
        if not (isinstance(config, dict) and isinstance(config.get("script"), str)
                and isinstance(config.get("settings"), dict) and isinstance(config.get("origin"), dict)):
            raise UsageError(f"{path}: not the settings of a run: check the path")
        return config

    # ------------------------------------------------------------------------------------------ metrics.jsonl

    def add_metrics(self, report):
        """One more line of metrics.jsonl."""
        try:
            with open(self._metrics, "a", encoding="utf-8") as file:
                file.write(json.dumps(report) + "\n")
        except OSError as error:
            raise self._unwritable(self._metrics, error) from error

    def metrics(self):
        """All reports so far, oldest first. A line that is damaged, or that a crash cut short, is left out."""
        reports = []
        for line in self._metrics.read_bytes().splitlines() if self._metrics.exists() else []:
            with contextlib.suppress(ValueError):                # neither UTF-8 nor JSON
                reports.append(json.loads(line))
        return list(filter(_is_report, reports))

    def rewind_metrics(self, step):
        """Forget reports after training step `step`, from where the run goes on."""
        kept = [report for report in self.metrics() if report["step"] <= step]
        self.write("metrics.jsonl", "".join(json.dumps(report) + "\n" for report in kept))

    # -------------------------------------------------------------------------------------------- other files

    def write(self, name, content):
        """A file of text or bytes, at once or not at all. Makes the folder it lies in."""
        with self.written_whole(self.path / name) as file:
            file.write(content.encode() if isinstance(content, str) else content)

    @contextlib.contextmanager
    def written_whole(self, path):
        """A binary file that becomes `path` when the block ends well, and vanishes when it does not."""
        part = path.with_name(f".{path.name}.part")
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
            with open(part, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        except OSError as error:
            raise self._unwritable(path, error) from error
        finally:
            with contextlib.suppress(OSError):       # renamed, or never made
                part.unlink()

    def _unwritable(self, path, error):
        advice = "go on with --resume" if any(self.checkpoints.glob("epoch_*.npz")) else START_ANEW
        return UsageError(f"{path}: cannot be written ({error.strerror}): make room, then {advice}")

    def pictures(self, kind):
        """Paths of the pictures of a kind ('samples', 'reconstructions'), first epoch first."""
        return sorted((self.path / kind).glob("epoch_*.png"))


def _is_report(line):
    return (isinstance(line, dict) and "step" in line
            and all(isinstance(value, (int, float)) for value in line.values()))
