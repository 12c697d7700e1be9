"""The card of a model that is shared: what it is, what it learned from, how well it does, what it cannot."""
from pathlib import Path

import numpy as np

from experiment import exported, page_commands
from experiment.compute import compute
from experiment.pictures import to_bytes
from experiment.reopen import import_script
from experiment.run_data import Summary, short
from experiment.run_folder import RunFolder
from experiment.settings import generator

_NOT_SHOWN = ("out", "cache", "resume", "dry_run", "data_changed", "device", "graph", "cores", "skip_broken",
              "offline", "tensorboard", "report_every", "checkpoint_every", "keep_every")
_COMPARED = 64           # samples in half and in full precision
_LIMITS = {
    "toyfaces": "It learned from painted faces alone and knows no photographs: of one it makes the nearest "
                "painted face.",
    "celeba": "CelebA is lent for research that is not commercial, and its agreement covers what is derived "
              "from the images: do not pass this file on.",
    "lfw": "LFW's pictures are from the news, and no licence of theirs is known: do not pass this file on.",
}
_OTHERS = "Whether this file may be passed on depends on the terms of the pictures that it learned from."


def card(opened, run, name, size, vectors, device):
    """The card, Markdown, of an OpenedRun that is shared as the file `name` of `size` bytes.

    run: its folder or file. vectors: of attributes, in the file, or None. device: that the model is on.
    """
    config, settings = exported.portable(opened.config), opened.settings
    script, side = settings.script, settings.image_size
    data = config["data"]
    networks = {kind: network for kind, network in opened.model.networks.items() if kind != exported.LEFT_OUT}
    measured = _measures(opened, Path(run))
    return "\n\n".join([
        f"# {name}", import_script(script).__doc__.split("\n")[0],
        f"{' and '.join(networks).capitalize()}, "
        f"{sum(network.parameter_count for network in networks.values()):,} parameters in half precision, "
        f"{size / 1e6:.2f} MB; {side} x {side} pixels; step {opened.step:,} of "
        f"{settings.epochs * settings.epoch_size:,}."
        + (f" The vectors of {len(vectors['names'])} attributes are in it." if vectors else ""),
        _code(f"python -m experiment sample {name} --out samples.png"),
        "## Data", f"{data.get('name')}: {data.get('train')} training images, {data.get('test')} held out, "
                   f"crop: {data.get('crop')}.",
        "## How it was made", _code(*_commands(opened, config, name, measured, vectors)),
        _table(("setting", "value", "from"), [
            (setting, short(value), config["origin"].get(setting, ""))
            for setting, value in config["settings"].items() if setting not in _NOT_SHOWN]),
        "## Measures", _table(("measure", "value"), measured) if measured else
        "Not measured: run `python -m experiment measure RUN` before it is exported.",
        *_rounding(opened, device),
        "## Limits", f"{_LIMITS.get(data.get('name'), _OTHERS)} Its images are {side} x {side} pixels. What "
                     "it makes of a face says nothing about a person: base no decision on it."]) + "\n"


def _commands(opened, config, name, measured, vectors):
    settings, run = opened.settings, "RUN"
    again = page_commands.again(settings.script, config) or f"python {settings.script}.py"
    if opened.step < settings.epochs * settings.epoch_size:
        run += f" --checkpoint {opened.source.stem}"
        again += f" --keep-every {opened.step // settings.epoch_size}"
    return [f"{again} --out RUN", *[f"python -m experiment measure {run}"] * bool(measured),
            *[f"python -m experiment attributes {run}"] * bool(vectors),
            f"python -m experiment export {run} --share --out {name}"]


def _measures(opened, run):
    """[(measure, text)] that the command measure left in the run's folder for this checkpoint."""
    if not run.is_dir():
        return []
    summary = Summary(RunFolder(run))
    return summary.measures if ("step", str(opened.step)) in summary.about_measures else []


def _rounding(opened, device):
    """[what half precision changes, in words]; [] for a model that makes no pictures. Rounds the model."""
    model = opened.model
    if not model.has_decoder:
        return []
    z = generator(0, "samples").standard_normal((_COMPARED, model.z_size), np.float32)
    told = [np.zeros((_COMPARED, len(opened.settings.attribute_names)), np.float32)]
    inputs = z, *(told if opened.settings.attribute_names else [])
    full = to_bytes(compute(model.sample, inputs, device)).astype(int)
    for view in exported.named_arrays(model).values():
        view[...] = view.astype(np.float16)
    half = to_bytes(compute(model.sample, inputs, device))
    return [f"Half precision changes samples by {np.abs(full - half).mean():.2f} of 255 levels, in the mean."]


def _table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _code(*lines):
    return "\n".join(["```", *lines, "```"])
