"""The results as they come in: rows of sections, saved after each row, failures and refusals included."""
import json
import time
from contextlib import contextmanager
from pathlib import Path

OUT_OF_TIME, NO_TORCH = "not run: out of time", "not run: PyTorch is not installed"


class Record:
    """results: what becomes results.json. Raises SystemExit where simulated results would replace a GPU's."""

    def __init__(self, folder, place):
        self.folder = Path(folder)
        self.path = self.folder / "results.json"
        if place.simulated and self.path.exists() and not json.loads(self.path.read_text())["simulated"]:
            raise SystemExit(f"error: {self.path} holds measurements of a GPU: choose another folder with --out")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.results = {"simulated": place.simulated, "machine": place.machine(), "batches": place.batches,
                        "sections": {}}

    @contextmanager
    def section(self, name, deadline):
        section = Section(name, deadline, self)
        self.results["sections"][name] = section.content
        start = time.monotonic()
        try:
            yield section
        except Exception as error:                     # the other sections go on without this one
            section.content["error"] = in_a_line(error)
            print(f"{name}: {section.content['error']}", flush=True)
        section.content["seconds"] = round(time.monotonic() - start, 1)
        self.save()

    def save(self):
        self.path.write_text(json.dumps(self.results, indent=1) + "\n")

    @property
    def wrong(self):
        """The sections that ended early and the checks that failed."""
        sections = self.results["sections"].values()
        return [section for section in sections if "error" in section] + \
            [row for section in sections for row in section["rows"] if row.get("wrong")]


class Section:
    """rows: dicts; what could not be done has 'error', a check that failed 'wrong'."""

    def __init__(self, name, deadline, record):
        self.name, self.deadline, self.record = name, deadline, record
        self.content = {"rows": []}

    def attempt(self, row, work, key=None):
        """row with what work() returns (a dict, or under `key`), or with the error that it ends in."""
        if row not in self.content["rows"]:
            self.content["rows"].append(row)
        if time.monotonic() > self.deadline:
            found = {"error": OUT_OF_TIME}
        else:
            try:
                found = work()
            except Exception as error:                 # one variant's failure is a result like others
                found = {"error": in_a_line(error)}
        row.update({key: found} if key else found)
        label = " ".join(str(value) for name, value in row.items()
                         if isinstance(value, (str, int)) and name not in found)
        print(f"{self.name}: {label}: {found}", flush=True)
        self.record.save()


def in_a_line(error):
    if isinstance(error, ModuleNotFoundError) and error.name == "torch":
        return NO_TORCH
    return f"{type(error).__name__}: {(str(error).strip() or 'no message').splitlines()[0][:300]}"
