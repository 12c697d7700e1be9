"""Where a metric of a good run lies, by the share of the training that is done: is a run on track?

page/bands.json holds it for the presets that runs were made of:  python -m experiment.bands RUN ...

At each share of the training a band reaches from the lowest to the highest report of all runs within a tenth
of the training around it, and as far again on both sides, as a few runs do not show all good ones. Of each
of eight seeds of a quick preset at most 2% of the reports lie outside the band of the others, of a GAN
without a gate 94%.
Only metrics of what is learned have bands, speed has not.
"""
import functools
import json
import math
import sys
from pathlib import Path

from experiment.run_folder import RunFolder
from experiment.settings import GIVEN

_FILE = Path(__file__).parent / "page" / "bands.json"
_SHARES = [i / 20 for i in range(21)]
_AROUND, _WIDER = 0.05 + 1e-9, 1
_METRICS = ("kl", "feature_loss", "pixel_loss", "attribute_loss", "test_attribute_loss", "cost_real",
            "cost_fake", "d_real", "d_fake", "gate_dis", "gate_dec")
_SHARES_OF_ONE = "d_", "gate_"
# what has no part in how good a run becomes, or is another draw of it
_OTHERWISE = ("seed", "cache", "skip_broken", "offline", "device", "cores", "precision", "graph",
              "report_every", "checkpoint_every", "keep_every", "tensorboard", "out", "resume",
              "data_changed", "dry_run")


def of(config):
    """{shares, metrics: {name: (lowest, highest)}, seeds} for a run of this config.json; None without one.

    lowest, highest: a number for each of the shares.
    """
    band = _stored().get(_key(config))
    if band is None or not _is_as(config, band["settings"]):
        return None
    return {name: band[name] for name in ("shares", "metrics", "seeds")}


def _is_as(config, expected):
    """Whether a run has the expected settings, and those that are younger than the band as they come."""
    settings, origin = config["settings"], config["origin"]
    return (all(name in settings and settings[name] == value for name, value in expected.items())
            and not any(origin.get(name) == GIVEN for name in _what_matters(config) if name not in expected))


def make(runs):
    """The content of bands.json from the folders of good runs of presets."""
    by_preset = {}
    for run in runs:
        folder = RunFolder(run)
        config = folder.config()
        by_preset.setdefault(_key(config), []).append((config, folder.metrics()))
    return {key: _band(some) for key, some in sorted(by_preset.items())}


def _band(runs):
    config = runs[0][0]
    if any(_what_matters(other) != _what_matters(config) for other, _ in runs):
        raise ValueError(f"{_key(config)}: these runs have other settings than each other")
    metrics = {}
    for name in _METRICS:
        lows, highs = zip(*(_reach(runs, name, share) for share in _SHARES))
        if None not in lows:
            metrics[name] = [lows, highs]
    return {"seeds": [config["settings"]["seed"] for config, _ in runs],
            "commits": sorted({config["commit"] for config, _ in runs}),
            "settings": _what_matters(config), "shares": _SHARES, "metrics": metrics}


def _reach(runs, name, share):
    """(lowest, highest) of a metric around a share of the training."""
    values = [report[name] for config, reports in runs for report in reports
              if name in report and abs(report["step"] / _steps(config) - share) <= _AROUND]
    if not values:
        return None, None
    low, high = min(values), max(values)
    wider, most = (high - low) * _WIDER, 1 if name.startswith(_SHARES_OF_ONE) else math.inf
    return tuple(float(f"{value:.4g}") for value in (max(low - wider, 0), min(high + wider, most)))


def _steps(config):
    return config["settings"]["epochs"] * config["settings"]["epoch_size"]


def _key(config):
    return f"{config['script']} {config['settings'].get('preset')}"


def _what_matters(config):
    return {name: value for name, value in config["settings"].items() if name not in _OTHERWISE}


@functools.cache
def _stored():
    return json.loads(_FILE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    lines = (f"{json.dumps(key)}: {json.dumps(band)}" for key, band in make(sys.argv[1:]).items())
    _FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
