"""The settings of an experiment: a dataclass, of which each field is a flag with its help text.

A field with a default here has it in every preset; the others get their numbers from the presets in the
script, where each is marked with where it comes from.
"""
import math
import zlib
from dataclasses import MISSING, asdict, dataclass, field, fields

import numpy as np

import nets
from experiment.exit import UsageError

# where a number comes from
PAPER, RELEASED, FEBRUARY, OURS, GIVEN = "paper", "released code", "released code, Feb 2016", "ours", "flag"
PRESETS = "quick", "paper", "released"
SCHEDULES = "constant", "released"      # of the learning rate


@dataclass(frozen=True)
class Flag:
    """How a field is set from a command line.

    doc: help text. read(text) -> value, or ValueError that says what is expected; None for an on/off switch.
    optional: whether it may be None. on_resume: whether a run that is continued may be given another value.
    """
    doc: str
    read: object
    metavar: str
    optional: bool = False
    on_resume: bool = False

    def accepts(self, value):
        """Whether a setting can have this value."""
        if self.read is None:
            return isinstance(value, bool)
        if value is None:
            return self.optional
        try:
            return self.read(str(value)) == value
        except ValueError:
            return False


def _setting(flag, default):
    return field(default=default, metadata={"flag": flag})


def whole(doc, default=MISSING, at_least=1, at_most=2**31 - 1, optional=False, **options):
    """A whole number; None as 'none' where optional."""
    wanted = f"a whole number from {at_least} to {at_most}"
    read = _number_reader(int, wanted, lambda n: at_least <= n <= at_most, optional)
    return _setting(Flag(doc, read, "N", optional, **options), default)


def number(doc, default=MISSING, above=None, at_least=None, at_most=None, below=None, optional=False,
           **options):
    """A finite number in a range; None as 'none' where optional."""
    bounds = [(above, "above", lambda x: x > above), (at_least, "of at least", lambda x: x >= at_least),
              (at_most, "up to", lambda x: x <= at_most), (below, "below", lambda x: x < below)]
    bounds = [bound for bound in bounds if bound[0] is not None]
    wanted = "a number " + " and ".join(f"{words} {limit:g}" for limit, words, _ in bounds)

    def is_inside(x):
        return math.isfinite(x) and all(holds(x) for _, _, holds in bounds)

    read = _number_reader(float, wanted, is_inside, optional)
    return _setting(Flag(doc, read, "X", optional, **options), default)


def choice(doc, values, default=MISSING, **options):
    """One of `values`, which are all strings or all whole numbers."""
    kind = type(values[0])

    def read(text):
        if text not in map(str, values):
            raise ValueError(f"use {', '.join(map(str, values[:-1]))} or {values[-1]}")
        return kind(text)

    return _setting(Flag(doc, read, "|".join(map(str, values)), **options), default)


def text(doc, metavar, default=MISSING, **options):
    """Any text that is not empty; None where not given."""
    def read(words):
        if not words.strip():
            raise ValueError(f"the value is empty: expected {metavar}")
        return words

    return _setting(Flag(doc, read, metavar, default is None, **options), default)


def switch(doc, default=MISSING, **options):
    """On or off: --name and --no-name, where it is not off by default."""
    return _setting(Flag(doc, None, "", **options), default)


def _number_reader(kind, wanted, is_inside, optional):
    def read(words):
        if optional and words.lower() == "none":
            return None
        try:
            value = kind(words)
        except ValueError:
            value = None
        if value is None or not is_inside(value):
            raise ValueError(f"expected {wanted}{' or none' if optional else ''}")
        return value

    return read


@dataclass(kw_only=True)
class Settings:
    """What every experiment has. `finish` adds `script`, and `origin`: field -> where its value is from."""
    needs_attributes = False      # whether batches have them; if so, `attribute_names` tells which
    attribute_names = ()          # of the data, not a flag

    preset: str = choice("which numbers to start from", PRESETS, "quick")

    data: str = text("toyfaces, celeba, lfw, or a path: recognised as CelebA, LFW, or any folder of images",
                     "DATA", on_resume=True)
    cache: str = text("folder of decoded images, and of celeba and lfw (~/.cache/autoencoding-beyond-pixels)",
                      "DIR", None, on_resume=True)
    skip_broken: bool = switch("leave out broken pictures, up to a tenth, and list them in skipped.txt",
                               False, on_resume=True)
    limit: int = whole("use at most this many training images, a tenth as many to test", None, optional=True)
    augment: bool = switch("vary training images: CelebA and LFW as the released code does, others by flips",
                           True)
    image_size: int = choice("side of the images, pixels", nets.SIZES)

    width: float = number("hidden channels, as a multiple of the paper's", above=0, at_most=16)

    epochs: int = whole("epochs to train", on_resume=True)
    epoch_size: int = whole("batches in an epoch")
    batch_size: int = whole("images in a batch", at_least=2)        # of one batchnorm learns nothing
    optimiser: str = choice("optimiser of every network", tuple(nets.OPTIMISERS), "rmsprop")
    lr: float = number("learning rate at the start", above=0, at_most=1, on_resume=True)
    schedule: str = choice("constant learning rate, or the falling one of the released code", SCHEDULES)
    warmup: int = whole("steps over which the learning rate rises to its start", 0, at_least=0)
    weight_decay: float = number("weight decay, on gradients summed over a batch", at_least=0, at_most=1)

    seed: int = whole("of weights, noise, order and pictures", 0, at_least=0, at_most=2**62)
    device: str = choice("where to compute; auto: the GPU if there is one", ("auto", "cpu", "cuda"), "auto",
                         on_resume=True)
    cores: int = whole("cores that the CPU computes on; none: all", None, optional=True, on_resume=True)
    precision: str = choice("of products and, bf16, of activations; the CPU has only fp32",
                            ("fp32", "tf32", "bf16"), "fp32", on_resume=True)
    graph: bool = switch("on a GPU, record a training step once, as a CUDA graph, and replay it", True,
                         on_resume=True)

    report_every: int = whole("steps between reports", 25, on_resume=True)
    checkpoint_every: int = whole("epochs between checkpoints, of which the last three are kept", 1,
                                  on_resume=True)
    out: str = text("folder of the run (runs/SCRIPT-PRESET-DATE-TIME)", "DIR", None, on_resume=True)
    resume: bool = switch("go on with the run in --out", False, on_resume=True)
    dry_run: bool = switch("print settings, networks and what a run would take; write nothing", False,
                           on_resume=True)

    def check(self):
        """Raises experiment.UsageError where settings contradict each other."""

    def for_inference(self):
        """These settings without what only training needs: the model of a finished run is built from them."""
        return self


def flags(settings_class):
    """Field name -> Flag."""
    return {setting.name: setting.metadata["flag"] for setting in fields(settings_class)}


def spelled(name):
    """The flag of a field, as typed."""
    return "--" + name.replace("_", "-")


def changed(presets, **changes):
    """The presets with other numbers in some of them: changes are {preset: {where from: {field: value}}}."""
    return {preset: sources | {source: sources.get(source, {}) | numbers
                               for source, numbers in changes.get(preset, {}).items()}
            for preset, sources in presets.items()}


def fill(settings_class, presets, given, script):
    """Settings of the preset that `given` (field -> value, from flags) names, `given` replacing its numbers.

    presets: {preset: {where a number comes from: {field: value}}}.
    """
    name = given.get("preset", "quick")
    values = {field.name: field.default for field in fields(settings_class) if field.default is not MISSING}
    origin = dict.fromkeys(values, OURS)
    for source, numbers in presets[name].items():
        values.update(numbers)
        origin.update(dict.fromkeys(numbers, source))
    values.update(given)
    origin.update(dict.fromkeys(given, GIVEN))
    return finish(settings_class(**values), origin, script)


def saved_values(settings_class, presets, config, where):
    """(values, origin) by field of the settings in a run's config.json, which lies at `where`.

    A setting that is younger than the run has its present default. Raises UsageError for a value that no flag
    could have given.
    """
    known, saved = flags(settings_class), config["settings"]
    preset = saved.get("preset")
    present = fill(settings_class, presets, {"preset": preset if preset in presets else "quick"}, "")
    values, origin = asdict(present) | saved, present.origin | config["origin"]
    for name, value in values.items():
        if name not in known or not known[name].accepts(value):
            raise UsageError(f"{where}: {name} {value} is no setting of this version: start a new run")
    return values, origin


def finish(settings, origin, script):
    """Attach what is not a flag, and check what concerns several flags. Raises UsageError."""
    settings.origin, settings.script = origin, script
    settings.check()
    return settings


def generator(seed, purpose):
    """A NumPy generator of its own for each purpose ('weights', 'batches', 'pictures') of a run's seed."""
    return np.random.default_rng([seed, zlib.crc32(purpose.encode())])
