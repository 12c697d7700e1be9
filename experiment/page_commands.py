"""The commands that a run's page offers to copy, and what its settings are."""
import re
import shlex

from experiment.reopen import EXPERIMENTS, import_script, script_file
from experiment.settings import GIVEN, flags, spelled

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_NOT_REPEATED = "preset", "out", "resume", "dry_run"


def commands(path, config):
    """[(what it does, command line)] for the run at `path`.

    They are made of names and quoted values, never of a line that the folder holds: what a page offers to
    copy is typed into a terminal.
    """
    run, script, settings = shlex.quote(str(path)), config["script"], config["settings"]
    if not (run.isprintable() and _NAME.fullmatch(script)):
        return []
    decodes, encodes = "z_size" in settings, {"z_size", "log_var_bound"} <= settings.keys()
    is_told = settings.get("conditional") is True        # attributes of each image, as not all commands can
    experiment = "python -m experiment"
    rows = [
        (True, "go on with the training", f"python {script_file(script)} --out {run} --resume"),
        (decodes, "64 new samples", f"{experiment} sample {run} --count 64 --out samples.png"),
        (encodes and not is_told, "your own pictures, reconstructed",
         f"{experiment} reconstruct {run} me.jpg you.jpg --out both.png"),
        (decodes, "distances to real images, on this page", f"{experiment} measure {run}"),
        (decodes and not is_told, "walks in z, on this page", f"{experiment} walk {run}"),
        (encodes and not is_told, "attributes by arithmetic, on this page", f"{experiment} attributes {run}"),
        (decodes and not is_told, "faces changed by hand, in a browser", f"{experiment} explore {run}"),
        (True, "the model in one file", f"{experiment} export {run} --out model.safetensors")]
    rows = [(what, line) for is_possible, what, line in rows if is_possible]
    line = again(script, config)
    return rows + ([("train it again, from the start", line)] if line else [])


def again(script, config):
    """The command line with the flags that the run was given; None where one cannot be typed."""
    words = ["python", script_file(script)]
    if isinstance(config["settings"].get("preset"), str):
        words += ["--preset", shlex.quote(config["settings"]["preset"])]
    for name, origin in config["origin"].items():
        if origin != GIVEN or name in _NOT_REPEATED:
            continue
        value = config["settings"].get(name)
        if not _NAME.fullmatch(name) or isinstance(value, (dict, list)):
            return None
        if isinstance(value, bool):
            words.append(spelled(name) if value else "--no-" + spelled(name)[2:])
        else:
            words += [spelled(name), "none" if value is None else shlex.quote(str(value))]
    line = " ".join(words)
    return line if line.isprintable() else None


def docs(script):
    """{setting: what it is} of one of the project's experiments."""
    if script not in EXPERIMENTS:
        return {}
    return {name: flag.doc for name, flag in flags(import_script(script).Config).items()}
