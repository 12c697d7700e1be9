"""The results as they come in: rows of sections, saved after each row as results.json; as Markdown tables."""
import json
import time
from contextlib import contextmanager
from pathlib import Path

OUT_OF_TIME, NO_TORCH = "not run: out of time", "not run: PyTorch is not installed"
IN_SHORT = {OUT_OF_TIME: "out of time", NO_TORCH: "no PyTorch"}        # of errors; any other is 'failed'
LABEL = "tests", "ceiling", "whose", "variant", "operation", "layer", "shapes", "precision", "batch"


class Results:
    """content: what becomes results.json. Raises SystemExit where simulated results would replace a GPU's."""

    def __init__(self, folder, device):
        self.folder = Path(folder)
        self.path = self.folder / "results.json"
        if device.simulated and self.path.exists() and not json.loads(self.path.read_text())["simulated"]:
            raise SystemExit(f"error: {self.path} holds measurements of a GPU: choose another --out")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.content = {"simulated": device.simulated, "machine": device.machine(), "batches": device.batches,
                        "sections": {}}

    @contextmanager
    def section(self, name, deadline):
        section = Section(name, deadline, self)
        self.content["sections"][name] = section.content
        start = time.monotonic()
        try:
            yield section
        except Exception as error:                     # the other sections go on without this one
            section.content["error"] = in_a_line(error)
            print(f"{name}: {section.content['error']}", flush=True)
        section.content["seconds"] = round(time.monotonic() - start, 1)
        self.save()

    def save(self):
        self.path.write_text(json.dumps(self.content, indent=1) + "\n")

    @property
    def wrong(self):
        """The sections that ended early and the rows that found something wrong."""
        sections = self.content["sections"].values()
        return [section for section in sections if "error" in section] + \
            [row for section in sections for row in section["rows"] if row.get("wrong")]

    def markdown(self, sections):
        """A table for each section and a list of what failed.

        sections: modules by name, with a docstring and TABLE = {head: (key in a row, format)}; the key
        "ours.ms" is "ms" in the row's "ours".
        """
        blocks, failed = [_machine(self.content["machine"])], []
        for name, section in self.content["sections"].items():
            columns = sections[name].TABLE
            lines = [columns, ["---"] * len(columns),
                     *([_cell(row, *column) for column in columns.values()] for row in section["rows"])]
            blocks += [f"### {name.capitalize()}", sections[name].__doc__.strip(),
                       "\n".join("| " + " | ".join(line) + " |" for line in lines)]
            failed += [f"- {name}: the section ended early: {section['error']}"] if "error" in section else []
            failed += [f"- {name}, {line}" for row in section["rows"] for line in _failures(row)]
        blocks += ["### What failed or was left out", "\n".join(failed)] if failed else []
        return "\n\n".join(blocks)


class Section:
    """rows: dicts; what could not be done has 'error', what found something wrong 'wrong'."""

    def __init__(self, name, deadline, results):
        self.name, self.deadline, self.results = name, deadline, results
        self.content = {"rows": []}

    def attempt(self, row, work, key=None):
        """row with what work() returns (a dict, or under `key`), or with the error that it ends in."""
        if row not in self.content["rows"]:
            self.content["rows"].append(row)
        label = _label(row)
        try:
            found = work() if time.monotonic() < self.deadline else {"error": OUT_OF_TIME}
        except Exception as error:                     # one variant's failure is a result like others
            found = {"error": in_a_line(error)}
        row.update({key: found} if key else found)
        print(f"{self.name}: {label}: {found}", flush=True)
        self.results.save()


def in_a_line(error):
    if isinstance(error, ModuleNotFoundError) and error.name == "torch":
        return NO_TORCH
    return f"{type(error).__name__}: {(str(error).strip() or 'no message').splitlines()[0][:300]}"


def _machine(machine):
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    where = machine["gpu"] or \
        "No GPU: all of it has run tiny on the CPU, kernels on a simulated device; nothing is measured yet"
    return f"{where}. Python {machine['python']}, {packages}. Made with `python -m benchmarks.gpu`."


def _cell(row, key, form):
    part, _, key = key.rpartition(".")
    row = row.get(part) if part else row
    if row is None:
        return "-"
    if key in row:
        return form.format(row[key])
    return IN_SHORT.get(row["error"], "failed") if "error" in row else "not measured yet"


def _failures(row):
    yield from (f"{_label(row)}: failed: {test}" for test in row.get("failing", []))
    for part in (row, *(value for value in row.values() if isinstance(value, dict))):
        if "error" in part:
            yield f"{_label(row)}: {part['error']}"


def _label(row):
    return " ".join(str(row[key]) for key in LABEL if key in row)
