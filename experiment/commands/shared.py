"""What the commands share: their common flags, opening the run."""
import argparse

from dataset import CROPS
from experiment import pretrained
from experiment.compute import compute
from experiment.console import say
from experiment.exit import UsageError
from experiment.kinds import expanded
from experiment.reopen import reopen
from experiment.run import choose_device
from experiment.settings import DATA_NAMES


def add_run(parser):
    """RUN, --checkpoint and --device."""
    parser.add_argument("run", type=path, metavar="RUN", nargs="?", default=pretrained.DEFAULT,
                        help="folder of a run, a file that the command export wrote, or toyfaces, a model "
                        "that comes with the package (toyfaces)")
    parser.add_argument("--checkpoint", type=path, metavar="NAME",
                        help="such as epoch_0012, or a path (the newest)")
    add_device(parser)


def add_device(parser):
    """--device."""
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto",
                        help="where to compute; auto: the GPU if there is one (auto)")


def add_out(parser, metavar, doc):
    """--out and --overwrite."""
    parser.add_argument("--out", type=path, metavar=metavar, required=True, help=doc)
    parser.add_argument("--overwrite", action="store_true", help="replace what is at --out")


def add_results(parser, doc):
    """--out and --overwrite of a command whose results lie in the run's folder."""
    parser.add_argument("--out", type=path, metavar="DIR", help=doc)
    parser.add_argument("--overwrite", action="store_true", help="replace earlier results")


DATA = f"{', '.join(DATA_NAMES)}, or a path of pictures"


def add_data(parser, doc=f"{DATA} (the data of the run)"):
    """--data, and the flags of add_opening."""
    parser.add_argument("--data", type=path, metavar="DATA", help=doc)
    add_opening(parser)


def add_opening(parser):
    """--cache, --skip-broken and --offline."""
    parser.add_argument("--cache", type=path, metavar="DIR",
                        help="folder of decoded images (that of the run)")
    parser.add_argument("--skip-broken", action="store_true",
                        help="leave out broken pictures, up to a tenth (as the run did)")
    parser.add_argument("--offline", action="store_true",
                        help="fetch nothing of --data, but say what to put where")


def use_data(options, settings):
    """Let an opened run's settings name the data, and how it is opened, as the flags of add_data do."""
    settings.data = options.data or settings.data
    settings.cache = options.cache or settings.cache
    settings.skip_broken = options.skip_broken or settings.skip_broken
    settings.offline = options.offline


def add_crop(parser):
    """--crop."""
    parser.add_argument("--crop", choices=tuple(CROPS), help="how pictures are cut (as the data of the run)")


def path(words):
    """The `type` of an argument that is a path: '~' is expanded."""
    try:
        return expanded(words)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{words}: {error}") from None


def whole(at_least, at_most=2**31 - 1):
    """The `type` of an argument that is a whole number."""
    def read(words):
        try:
            value = int(words)
        except ValueError:
            value = None
        if value is None or not at_least <= value <= at_most:
            raise argparse.ArgumentTypeError(f"{words}: expected a whole number from {at_least} to {at_most}")
        return value

    return read


def open_any(options):
    """(OpenedRun, device) of the flags of add_run, told as well."""
    device, _ = choose_device(options.device)
    opened = reopen(options.run, device, options.checkpoint)
    name = f"{options.run}, which comes with the package" if pretrained.has(options.run) else opened.source
    say(f"model: {name}, step {opened.step:,}")
    return opened, device


def open_run(options, needs_encoder=False, takes_attributes=False):
    """As open_any. Raises UsageError for models without a decoder, or without an encoder where one is needed;
    and for conditional ones unless the command `takes_attributes`."""
    opened, device = open_any(options)
    if not opened.model.has_decoder:
        raise UsageError(f"{options.run}: a regressor makes no pictures: give a run of another script")
    if opened.settings.attribute_names and not takes_attributes:
        raise UsageError(f"{options.run}: is a conditional run, which this command cannot tell attributes: "
                         "give a run without --conditional")
    if needs_encoder and not opened.model.has_encoder:
        raise UsageError(f"{options.run}: a GAN has no encoder: give a run of celeba_vae.py, celeba_aegan.py "
                         "or lfw_aegan.py")
    return opened, device


def crop_of(options, opened):
    """The name of a crop, from --crop or the run, told as well."""
    crop, why = options.crop, "--crop"
    if crop is None:
        crop, why = opened.crop, "as the data of the run"
    if crop is None:
        crop, why = "centre", "the run does not tell how its data was cut: --crop chooses"
    say(f"crop: {crop} ({why})")
    return crop


def add_regressor(parser):
    """--regressor, for attributes_beside."""
    parser.add_argument("--regressor", type=path, metavar="RUN",
                        help="run of lfw_regressor.py: tells a conditional RUN your pictures' attributes")


def attributes_beside(options, opened, device):
    """The function of pictures (n, S, S, C) that gives all that the model wants of them.

    (pictures,), or for a conditional model (pictures, attributes), which the run at --regressor reads.
    """
    if not opened.settings.attribute_names:
        return lambda pictures: (pictures,)
    if options.regressor is None:
        raise UsageError(f"{options.run}: is a conditional run, and your pictures come without attributes: "
                         "add --regressor RUN, a run of lfw_regressor.py that reads them")
    regressor = open_regressor(options.regressor, device)
    check_same_data(options.regressor, regressor, options.run, opened)
    return lambda pictures: (pictures, compute(regressor.model.predict, pictures, device))


def open_regressor(run, device):
    """The OpenedRun at --regressor, told as well. Raises UsageError where it is no run of a regressor."""
    opened = reopen(run, device)
    if opened.model.has_decoder:
        raise UsageError(f"--regressor {run}: a run of {opened.settings.script}.py: give one of "
                         "lfw_regressor.py")
    say(f"regressor: {opened.source}, step {opened.step:,}")
    return opened


def check_same_data(regressor_name, regressor, name, opened):
    """Raises UsageError unless a conditional OpenedRun learned from the data and attributes that a regressor
    did, and neither from the other's test images."""
    for what, of in (("data", lambda run: run.config["data"].get("name")),
                     ("image size", lambda run: run.settings.image_size),
                     ("test images", lambda run: run.config["data"].get("test"))):
        if of(regressor) != of(opened):
            raise UsageError(f"--regressor {regressor_name}: has {what} {of(regressor)}, {name} has "
                             f"{of(opened)}: give runs of the same data and image size")
    if regressor.settings.attribute_names != opened.settings.attribute_names:
        raise UsageError(f"--regressor {regressor_name}: reads other attributes than {name} is told: give "
                         "runs of the same data")
