"""What a page tells of a run. Its folder may come from anywhere: what is read is checked, and short."""
import json
import os
import re
from urllib.parse import quote

from experiment import bands, page_commands
from experiment.pictures import PANELS

KINDS = "samples", "reconstructions"
_MORE_PANELS = (("Learning rate", [("learning_rate", "learning rate")], False),
                ("Share of time spent waiting for data", [("waiting", "waiting")], False))
_NO_CURVES = "step", "epoch", "seconds"
_SHOWN = ".png", ".webp", ".gif", ".mp4"
_CAPTIONS = {
    "faces_plain": "Test faces, their reconstructions, then each attribute added: plain difference of means",
    "faces_regressed": "The same, with the other attributes regressed out of each vector",
    "strengths": "Each attribute at strengths from -2 to 2",
    "changes": "What an attribute network reads of each change, in all attributes",
    "neighbours": "Samples, and below each its nearest training images",
    "walk": "A random walk in z",
    "interpolation_faces": "From test face to test face, along arcs in z",
    "interpolation_samples": "From sample to sample, along arcs in z",
    "convergence_samples": "Samples of the same z, epoch after epoch",
    "convergence_reconstructions": "Reconstructions of the same test images, epoch after epoch",
}
_EPOCH = re.compile(r"epoch_(\d{1,9})\.png")
_MOST_REPORTS, _MOST_METRICS, _MOST_OTHERS, _MOST_ROWS, _MOST_LETTERS = 4000, 40, 12, 300, 2000
_MOST_BYTES, _FEW = 2**22, 8


class Summary:
    """A RunFolder, read once. Raises UsageError where it is none.

    base: the beginning of the addresses of its files, '' on a page that lies in it.
    """

    def __init__(self, folder, base=""):
        self.folder, self.base, self.config = folder, base, folder.config()
        self.script, self.settings = short(self.config["script"]), self.config["settings"]
        self.preset = short(self.settings.get("preset"))
        self.name = short(folder.path.resolve().name)
        self.reports = _in_order(folder.metrics())
        self.latest = {name: value for report in self.reports for name, value in report.items()}
        self.commands = page_commands.commands(folder.path, self.config)
        self.measures, self.about_measures = _measures(_json(folder.path / "measures.json"))

    # ------------------------------------------------------------------------------------------------ data

    def data(self):
        """What the page's programs show, JSON-able."""
        epochs, size = (whole(self.settings.get(name)) for name in ("epochs", "epoch_size"))
        return {"name": self.name, "steps": epochs * size if epochs and size else None, "epochs": epochs,
                "image_size": whole(self.settings.get("image_size")), "metrics": self._columns(),
                "pictures": {kind: self._addresses(kind) for kind in KINDS},
                "originals": self.address("originals.png"), "warnings": self._warnings(),
                "band": bands.of(self.config)}

    def _columns(self):
        """{metric: [value, or None where a report has none]}."""
        columns = {short(name): [number(report.get(name)) for report in self.reports]
                   for name in list(self.latest)[:_MOST_METRICS]}
        return columns | {"step": [report["step"] for report in self.reports]}

    def address(self, name):
        """Where a page finds the file of that name in the run's folder."""
        return quote(os.fsencode(self.base + name))

    def _addresses(self, kind):
        """[(epoch, address)], first epoch first."""
        found = [(_EPOCH.fullmatch(path.name), path) for path in self.folder.pictures(kind)]
        return sorted((int(match[1]), self.address(f"{kind}/{path.name}")) for match, path in found if match)

    def newest_pictures(self):
        """[(address, path)] of originals.png and the last picture of each kind."""
        names = ["originals.png", *(f"{kind}/{path.name}" for kind in KINDS
                                    for path in self.folder.pictures(kind)[-1:])]
        return [(self.address(name), self.folder.path / name) for name in names]

    def _warnings(self):
        """Of health.json, a list: a warning is a text, or has a 'message' and, where known, a 'step'."""
        found = _json(self.folder.path / "health.json")
        found = found.get("warnings") if isinstance(found, dict) else found
        warnings = []
        for warning in found[-_MOST_ROWS:] if isinstance(found, list) else []:
            warning = warning if isinstance(warning, dict) else {"message": warning}
            if isinstance(warning.get("message"), str):
                warnings.append({"message": short(warning["message"]), "step": whole(warning.get("step"))})
        return warnings

    # ------------------------------------------------------------------------------------- for the templates

    def settings_rows(self):
        """[(setting, value, where it comes from, what it is)]."""
        docs, origin = page_commands.docs(self.script), self.config["origin"]
        return [(short(name), short(value), short(origin.get(name, "")), docs.get(name, ""))
                for name, value in list(self.settings.items())[:_MOST_ROWS]]

    def circumstances(self):
        """[(what, value)]: the rest of config.json."""
        return flatten({name: value for name, value in self.config.items()
                        if name not in ("settings", "origin")})

    def figures(self, pattern):
        """[(address, caption, whether it is a video)] of the pictures that a command left in the folder."""
        paths = sorted(path for path in self.folder.path.glob(pattern) if path.suffix in _SHOWN)
        return [(self.address(path.relative_to(self.folder.path).as_posix()),
                 _CAPTIONS.get(path.stem, short(path.stem.replace("_", " "))), path.suffix == ".mp4")
                for path in paths[:_MOST_ROWS]]


def chart_panels(summaries):
    """[{title, log, lines: [{run, metric, label}]}] of the charts: of one run, or with a line for each run.

    run: its index. Metrics that are in no panel of the project get one each.
    """
    measured = dict.fromkeys(name for summary in summaries for name in list(summary.latest)[:_MOST_METRICS])
    known = [*PANELS, *_MORE_PANELS]
    placed = {metric for _, lines, _ in known for metric, _ in lines}
    others = [name for name in measured if name not in placed and name not in _NO_CURVES][:_MOST_OTHERS]
    panels = []
    for title, lines, log in [*known, *((short(name), [(name, "")], False) for name in others)]:
        lines = [(metric, label) for metric, label in lines if metric in measured]
        if len(summaries) == 1 and lines:
            panels.append({"title": title, "log": log, "lines": [
                {"run": 0, "metric": metric, "label": label} for metric, label in lines]})
        elif lines:
            panels += [{"title": f"{title}: {label}" if len(lines) > 1 else title, "log": log, "lines": [
                {"run": run, "metric": metric, "label": summary.name}
                for run, summary in enumerate(summaries)]} for metric, label in lines]
    return panels


# ------------------------------------------------------------------------------------------ checked values

def number(value):
    """A number with five digits that a chart can show; None where it is none."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e30:
        return float(f"{value:.5g}")
    return None


def whole(value):
    """A whole number from 0 to 10^9; None where it is none."""
    return value if type(value) is int and 0 <= value <= 10**9 else None


def short(value):
    """A value as text that UTF-8 can hold: numbers with few digits, long texts cut."""
    if isinstance(value, float):
        return f"{value:.6g}"
    text = "none" if value is None else value if isinstance(value, str) else json.dumps(value)
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= _MOST_LETTERS else text[:_MOST_LETTERS] + "…"


def flatten(value, name=""):
    """[(name, text)] of a JSON value: the names of nested values are joined."""
    if isinstance(value, dict) and name.count(" / ") < 6:
        rows = [row for key, inner in list(value.items())[:_MOST_ROWS]
                for row in flatten(inner, f"{name} / {key}" if name else str(key))]
        return rows[:_MOST_ROWS]
    return [(short(name), short(value))] if name else []


def _in_order(reports):
    """Reports with a possible step each, the steps rising, thinned to a number that a page can draw."""
    kept, last = [], 0
    for report in reports:
        if whole(report["step"]) and report["step"] > last:
            kept.append(report)
            last = report["step"]
    every = -(-len(kept) // _MOST_REPORTS)
    return kept[:-1:every] + kept[-1:] if every > 1 else kept


def _json(path):
    """The content of a JSON file; None where there is none that can be read."""
    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:       # a pipe would never end
            return None
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def _measures(found):
    """(main measures, the others and how all were made): [(name, text)] each, of what measures.json holds."""
    if not isinstance(found, dict) or not isinstance(found.get("measures"), dict):
        return [], []
    main = flatten(_without_long(found["measures"]))
    others = [row for row in flatten(found["measures"]) if row not in main]
    return main, others + flatten({name: value for name, value in found.items() if name != "measures"})


def _without_long(values):
    """Nested dicts without those inside that have a number for each of many things, such as attributes."""
    return {name: _without_long(value) if isinstance(value, dict) else value for name, value in values.items()
            if not isinstance(value, dict) or len(value) <= _FEW}
