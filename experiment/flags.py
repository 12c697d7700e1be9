"""From a command line to settings. All that is wrong with it is a UsageError of one line."""
import argparse
import difflib
import shlex
import sys
from dataclasses import fields
from datetime import datetime
from pathlib import Path

from experiment.claim import InUse
from experiment.exit import UsageError
from experiment.run_folder import RunFolder
from experiment.settings import GIVEN, absolute, fill, finish, flags, saved_values, spelled


def read_settings(settings_class, presets, script, arguments=None, description=None):
    """Settings from `arguments` (sys.argv by default) of the file `script`; --help begins with `description`.

    The preset's numbers, replaced by the flags given; with --resume those of the run in --out, of which
    only some may be replaced. Makes sure that the run's folder can be used, and leaves nothing behind.
    Raises UsageError.
    """
    script = Path(script).stem
    arguments = sys.argv[1:] if arguments is None else arguments
    given = _parse(settings_class, presets, f"{script}.py", description, arguments)
    if given.get("resume"):
        settings = _continued(settings_class, presets, given, script)
    else:
        settings = fill(settings_class, presets, given, script)
        if settings.out is None:
            settings.out = str(Path("runs") / f"{script}-{settings.preset}-{datetime.now():%Y%m%d-%H%M%S}")
        if not settings.dry_run:
            try:
                RunFolder(settings.out).check_free()
            except InUse:
                if "out" in given:                            # else a number is put behind the name
                    raise
    if settings.batch_size < 2:
        raise UsageError("--batch-size 1: batch normalisation leaves nothing of a batch of one image, so no "
                         "network learns from it: use 2 or more")
    if settings.data_changed and not settings.resume:
        raise UsageError("--data-changed: is for a run that goes on with other images: add --resume, or "
                         "leave it out")
    return settings


def _continued(settings_class, presets, given, script):
    """The settings that the run in --out was started with; of these, `given` may replace some."""
    if "out" not in given:
        raise UsageError("--resume: needs the folder of the run to go on with: add --out RUN")
    run = given["out"]
    config = RunFolder(run).config()
    if config["script"] != script:
        raise UsageError(f"--resume: the run in {run} was made by {config['script']}.py: use that script")
    known = flags(settings_class)
    values, origin = saved_values(settings_class, presets, config, f"--resume: {run}/config.json")
    for name, value in given.items():
        same = absolute(value) == absolute(values[name]) if known[name].is_path else value == values[name]
        if not same:
            if not known[name].on_resume:
                raise UsageError(f"{spelled(name)} {value}: the run in {run} was started with "
                                 f"{values[name]}: leave the flag out, or start a new run")
            origin[name] = GIVEN
        values[name] = value
    for name in ("dry_run", "data_changed", "offline"):       # of this call alone
        values[name] = given.get(name, False)
    return finish(settings_class(**values), origin, script)


class Parser(argparse.ArgumentParser):
    """Argparse that takes no shortened flags, and raises UsageError instead of printing its usage."""

    def __init__(self, **options):
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **options)

    def error(self, message):
        raise UsageError(f"{message.removeprefix('argument ')}: see --help")


class _OneSet(argparse.Action):
    """--data, which a second one would replace unnoticed."""

    def __call__(self, parser, namespace, value, option_string=None):
        if getattr(namespace, self.dest, value) != value:
            raise UsageError(f"--data {shlex.quote(value)}: is the second --data, but one set is trained on: "
                             "put both, or links to both, into one folder")
        setattr(namespace, self.dest, value)


def _parse(settings_class, presets, program, description, arguments):
    """{field: value} of the flags that were given."""
    known = flags(settings_class)
    parser = Parser(prog=program, description=description, argument_default=argparse.SUPPRESS)
    starts_off = {setting.name for setting in fields(settings_class) if setting.default is False}
    for name, flag in known.items():
        if flag.read is not None:
            kind = {"metavar": flag.metavar, "action": _OneSet if name == "data" else "store"}
        else:
            kind = {"action": "store_true" if name in starts_off else argparse.BooleanOptionalAction}
        parser.add_argument(spelled(name), dest=name, help=_help(settings_class, presets, name, flag), **kind)
    found, unknown = parser.parse_known_args(arguments)
    if unknown and not unknown[0].startswith("-"):
        raise UsageError(f"{unknown[0]}: no such flag: a flag takes one value; for the files of a pattern "
                         "like *.png give the folder that holds them")
    if unknown:
        near = difflib.get_close_matches(unknown[0], map(spelled, known), 1, cutoff=0.7)
        advice = f"did you mean {near[0]}?" if near else "--help lists them all"
        raise UsageError(f"{unknown[0]}: no such flag: {advice}")
    given = {}
    for name, value in vars(found).items():
        try:
            given[name] = value if known[name].read is None else known[name].read(value)
        except ValueError as error:
            raise UsageError(f"{spelled(name)} {shlex.quote(value)}: {error}") from None      # '' is seen
    return given


def _help(settings_class, presets, name, flag):
    """The field's doc and its value in each preset."""
    values = [getattr(fill(settings_class, presets, {"preset": preset}, ""), name) for preset in presets]
    if name == "preset" or values == [None] * len(values):
        shown = ""
    elif values == values[:1] * len(values):
        shown = f" [{_shown(values[0])}]"
    else:
        shown = " [" + ", ".join(f"{preset}: {_shown(value)}" for preset, value in zip(presets, values)) + "]"
    return (flag.doc + shown).replace("%", "%%")


def _shown(value):
    if isinstance(value, bool):
        return "on" if value else "off"
    return "none" if value is None else value
