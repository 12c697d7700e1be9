"""The settings of an experiment: a dataclass, of which each field is a flag with its help text.

A field with a default here has it in every preset; the others get their numbers from the presets in the
script, where each is marked with where it comes from.
"""
import os
import zlib
from dataclasses import MISSING, asdict, dataclass, fields

import numpy as np

import nets
from experiment.exit import UsageError
from experiment.kinds import AS_DEFAULT, choice, number, path, switch, whole

# where a number comes from
PAPER, RELEASED, FEBRUARY, OURS, GIVEN = "paper", "released code", "released code, Feb 2016", "ours", "flag"
PRESETS = "quick", "cpu", "paper", "released"
DATA_NAMES = "toyfaces", "celeba", "lfw", "mnist", "fashion_mnist", "cifar10", "stl10"
SCHEDULES = "constant", "released"      # of the learning rate


@dataclass(kw_only=True)
class Settings:
    """What every experiment has. `finish` adds `script`, and `origin`: field -> where its value is from."""
    needs_attributes = False      # whether batches have them; if so, `attribute_names` tells which
    attribute_names = ()          # of the data, not a flag
    channels = 3                  # of the data's images, 1 where they are grey; not a flag

    preset: str = choice("which numbers to start from", PRESETS, "quick")

    data: str = path(f"{', '.join(DATA_NAMES)}, or a path: recognised as one of these, or any folder of "
                     "images", "DATA", on_resume=True)
    cache: str = path("folder of decoded images, and of what --data fetches "
                      "(~/.cache/autoencoding-beyond-pixels)", "DIR", None, on_resume=True)
    skip_broken: bool = switch("leave out broken pictures, up to a tenth, and list them in skipped.txt",
                               False, on_resume=True)
    offline: bool = switch("fetch nothing of --data, but say what to put where", False,
                           on_resume=True)
    limit: int = whole("use at most this many training images, a tenth as many to test", None, optional=True)
    augment: bool = switch("vary training images: CelebA and LFW as the released code does, others by flips",
                           True)
    image_size: int = choice("side of the images, pixels", nets.SIZES)

    width: float = number("hidden channels, as a multiple of the paper's", above=0, at_most=16)

    epochs: int = whole("epochs to train", on_resume=True)
    epoch_size: int = whole("batches in an epoch")
    batch_size: int = whole("images in a batch, 2 or more")
    optimiser: str = choice("optimiser of every network", tuple(nets.OPTIMISERS), "rmsprop")
    lr: float = number("learning rate at the start", above=0, at_most=1, on_resume=True)
    schedule: str = choice("constant learning rate, or the falling one of the released code", SCHEDULES)
    warmup: int = whole("steps over which the learning rate rises to its start", 0, at_least=0)
    weight_decay: float = number("weight decay, on gradients summed over a batch", at_least=0, at_most=1)

    batchnorm_momentum: float = number("share of batchnorm's running statistics, those of pictures, "
                                       "that a step keeps", at_least=0, below=1, before=0.9)

    batchnorm_per_rank: bool = switch("of several processes, each normalises by its own part of a batch: "
                                      "fewer waits, but results depend on how many there are", False,
                                      before=False)

    seed: int = whole("of weights, noise, order and pictures", 0, at_least=0, at_most=2**62)
    device: str = choice("where to compute; auto: the GPU if there is one", ("auto", "cpu", "cuda"), "auto",
                         on_resume=True)
    cores: int = whole("cores that the CPU computes on; none: all", None, optional=True, on_resume=True,
                       before=None)
    precision: str = choice("of products and, bf16, of activations; the CPU has only fp32",
                            ("fp32", "tf32", "bf16"), "fp32", on_resume=True)
    graph: bool = switch("on a GPU, record a training step once, as a CUDA graph, and replay it", True,
                         on_resume=True, before=False)

    report_every: int = whole("steps between reports", 25, on_resume=True)
    checkpoint_every: int = whole("epochs between checkpoints, of which the last three are kept", 1,
                                  on_resume=True)
    keep_every: int = whole("epochs between checkpoints that are kept for good, beside the last three", None,
                            optional=True, on_resume=True)
    tensorboard: bool = switch("write RUN/tensorboard too, for those who live in it; needs tensorboardX",
                               False, on_resume=True)
    out: str = path("folder of the run (runs/SCRIPT-PRESET-DATE-TIME)", "DIR", None, on_resume=True)
    resume: bool = switch("go on with the run in --out", False, on_resume=True)
    data_changed: bool = switch("with --resume: go on although the images are not those of the run", False,
                                on_resume=True)
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
    if name not in presets:
        raise UsageError(f"--preset {name}: is none of this experiment's presets: use {' or '.join(presets)}")
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

    A setting that is younger than the run has the value that stands for what the program did before. Raises
    UsageError for a value that no flag could have given.
    """
    known, saved = flags(settings_class), config["settings"]
    preset = saved.get("preset")
    present = fill(settings_class, presets, {"preset": preset if preset in list(presets) else "quick"}, "")
    before = {name: flag.before for name, flag in known.items() if flag.before is not AS_DEFAULT}
    values = asdict(present) | before | saved
    for name, value in values.items():
        if name not in known or not known[name].accepts(value):
            raise UsageError(f"{where}: {name:.80} {str(value):.80} is no setting of this version: "
                             "start a new run")
    origin = {name: str(source) for name, source in config["origin"].items() if name in known}
    return values, present.origin | origin


def portable(settings):
    """{field: value} to keep in a run's folder: paths as they are found from any working folder."""
    known = flags(type(settings))
    return {name: absolute(value) if known[name].is_path else value
            for name, value in asdict(settings).items()}


def absolute(place):
    """A path from the root on; a name of data, and None, as they are."""
    return place if place is None or place in DATA_NAMES else os.path.abspath(place)


def finish(settings, origin, script):
    """Attach what is not a flag, and check what concerns several flags. Raises UsageError."""
    settings.origin, settings.script = origin, script
    settings.check()
    return settings


def generator(seed, purpose):
    """A NumPy generator of its own for each purpose ('weights', 'batches', 'pictures') of a run's seed."""
    return np.random.default_rng([seed, zlib.crc32(purpose.encode())])
