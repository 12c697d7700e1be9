"""What config.json says of a run beside its settings: enough to make it again."""
import platform
import shlex
import subprocess
import sys
from dataclasses import asdict
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_PACKAGES = "numpy", "scipy", "pillow", "matplotlib", "cupy-cuda12x", "cupy-cuda13x"


def describe(settings, device, why):
    """The content of config.json, JSON-able. device: 'cpu' or 'cuda', taken because of `why`."""
    return {"script": settings.script, "settings": asdict(settings), "origin": settings.origin,
            **_circumstances(device, why)}


def note_resume(config, settings, step, device, why):
    """config.json of a run that goes on at `step`, with what has changed."""
    before = config["settings"]
    changed = {name: value for name, value in asdict(settings).items() if value != before[name]}
    sitting = {"step": step, "changed": changed, **_circumstances(device, why)}
    return {**config, "settings": asdict(settings), "origin": settings.origin,
            "resumed": [*config.get("resumed", []), sitting]}


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
