"""A page of the explorer as one file of HTML: styles, programs and data are inside.

Its content security policy lets only these programs run; the live page may ask the server it came from.
"""
import base64
import functools
import hashlib
from pathlib import Path

_WEB, _REPORT = Path(__file__).parent / "web", Path(__file__).parents[1] / "page"
_STYLES = _REPORT / "style.css", _WEB / "explorer.css"
_SHARED = "arithmetic.js", "state.js", "screen.js", "sliders.js", "faces.js", "walk.js", "saving.js"
_LIVE, _STATIC = (*_SHARED, "live.js", "upload.js", "explorer.js"), (*_SHARED, "decoder.js", "explorer.js")


def live(content):
    """The page that asks a server for its pictures. content: see content.content."""
    return _render(content, _LIVE, is_live=True)


def static(content):
    """The page that needs no server: its content has a "decoder", see decoder.packed."""
    return _render(content, _STATIC, is_live=False)


def _render(content, names, is_live):
    paths = [_REPORT / "elements.js", *(_WEB / name for name in names)]
    program = "\n".join(['"use strict";', *(path.read_text(encoding="utf-8") for path in paths)])
    return _templates().get_template("explorer.html").render(
        content=content, is_live=is_live, program=program,
        program_hash=base64.b64encode(hashlib.sha256(program.encode()).digest()).decode(),
        style="".join(path.read_text(encoding="utf-8") for path in _STYLES))


@functools.cache
def _templates():
    from jinja2 import Environment, FileSystemLoader, StrictUndefined     # here: --help need not wait for it

    environment = Environment(loader=FileSystemLoader(_WEB), autoescape=True, trim_blocks=True,
                              lstrip_blocks=True, undefined=StrictUndefined)
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    return environment
