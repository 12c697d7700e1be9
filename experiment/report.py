"""The page of a run, live while it trains, and the page of several runs.

A page is one file: styles, programs, data and the newest pictures are inside, older pictures lie beside it.
It opens from disk, where a page cannot fetch: so it follows a run by loading report_data.js, which lies
beside it, as a script, again and again. A run's folder may come from anywhere: all that is read from it is
checked in run_data or escaped here, and the page's content security policy lets nothing else run.
"""
import base64
import functools
import hashlib
import os
import time
from pathlib import Path

from experiment import comparison
from experiment.run_data import Summary, chart_panels

PAGE, LIVE = "index.html", "report_data.js"
_TEMPLATES = Path(__file__).parent / "page"
_PROGRAMS = "elements.js", "scale.js", "chart.js", "chart_reading.js", "pictures.js", "run.js", "page.js"
_INSIDE = 5 * 2**20              # bytes of pictures that a page holds
_PNG = b"\x89PNG\r\n\x1a\n"
REFRESH = 10                     # seconds between refreshes
SHARE = 0.01                     # of the time of a training, that pages may take


def write(folder):
    """Make index.html and report_data.js of a RunFolder anew. Raises UsageError where that cannot be done."""
    summary = Summary(folder)
    data = _data([summary])
    _write_live(folder, data)
    folder.write(PAGE, _render("run.html", data, _newest([summary]), run=summary))


class Page:
    """The page of a run that trains, made anew while that takes no more than SHARE of the time."""

    def __init__(self, folder):
        self._folder, self._began, self._spent, self._made = folder, time.monotonic(), 0.0, None

    def update(self, at_once=False):
        """Make it anew where it is older than REFRESH, or where there is more than a report to show."""
        now = time.monotonic()
        if self._made is None:                     # not counted: imports what it needs
            write(self._folder)
            self._made = time.monotonic()
        elif self._spent <= SHARE * (now - self._began) and (at_once or now - self._made >= REFRESH):
            write(self._folder)
            self._made = time.monotonic()
            self._spent += self._made - now


def compare(folders, beside):
    """The text of the page of several RunFolders, for a file in the folder `beside`."""
    summaries = [Summary(folder, _link(folder.path, beside)) for folder in folders]
    return _render("compare.html", _data(summaries), _newest(summaries), runs=summaries,
                   differing=comparison.differing_settings(summaries),
                   measured=comparison.measures(summaries),
                   same_pictures=comparison.same_pictures(summaries))


def _link(path, beside):
    """The way from one folder to another, as the beginning of an address."""
    return Path(os.path.relpath(path.resolve(), Path(beside).resolve())).as_posix() + "/"


def _data(summaries):
    return {"runs": [summary.data() for summary in summaries], "panels": chart_panels(summaries),
            "written": round(time.time())}


def _newest(summaries):
    """{address: the picture itself, as a data URI} of the newest pictures, as many as the page may hold."""
    inside, room = {}, _INSIDE
    for summary in summaries:
        for address, path in summary.newest_pictures():
            content = path.read_bytes() if path.is_file() and path.stat().st_size <= room else b""
            if content.startswith(_PNG):         # a link could lead to any file of this machine
                inside[address] = "data:image/png;base64," + base64.b64encode(content).decode()
                room -= len(content)
    return inside


def _write_live(folder, data):
    from jinja2.utils import htmlsafe_json_dumps

    folder.write(LIVE, f"showReport({htmlsafe_json_dumps(data, separators=(',', ':'))});\n")


def _render(template, data, inside, **content):
    return _templates().get_template(template).render(data=data, inside=inside, **content)


@functools.cache
def _templates():
    from jinja2 import Environment, FileSystemLoader, StrictUndefined     # here: --help need not wait for it

    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True,
                              lstrip_blocks=True, undefined=StrictUndefined)
    parts = [(_TEMPLATES / name).read_text(encoding="utf-8") for name in _PROGRAMS]
    program = "\n".join(['"use strict";', *parts])
    environment.globals.update(
        program=program, style=(_TEMPLATES / "style.css").read_text(encoding="utf-8"),
        program_hash=base64.b64encode(hashlib.sha256(program.encode()).digest()).decode())
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    return environment
