"""What the commands share: their common flags, opening the run, computing in batches."""
import argparse

import numpy as np
from tqdm import tqdm

import gpuarray as ga
from dataset import CROPS
from experiment.exit import UsageError
from experiment.reopen import reopen
from experiment.run import choose_device

BATCH = 96        # images computed at a time; whole rows of a grid


def add_run(parser):
    """RUN, --checkpoint and --device."""
    parser.add_argument("run", metavar="RUN", help="folder of a run, or a file that the command export wrote")
    parser.add_argument("--checkpoint", metavar="NAME", help="such as epoch_0012, or a path (the newest)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto",
                        help="where to compute; auto: the GPU if there is one (auto)")


def add_out(parser, metavar, doc):
    """--out and --overwrite."""
    parser.add_argument("--out", metavar=metavar, required=True, help=doc)
    parser.add_argument("--overwrite", action="store_true", help="replace what is at --out")


def add_crop(parser):
    """--crop."""
    parser.add_argument("--crop", choices=tuple(CROPS), help="how pictures are cut (as the data of the run)")


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


def open_run(options, needs_encoder=False):
    """(OpenedRun, device) of the flags of add_run, told as well."""
    device, _ = choose_device(options.device)
    opened = reopen(options.run, device, options.checkpoint)
    if needs_encoder and not opened.model.has_encoder:
        raise UsageError(f"{options.run}: a GAN has no encoder: give a run of celeba_vae.py, celeba_aegan.py "
                         "or lfw_aegan.py")
    print(f"model: {opened.source}, step {opened.step:,}", flush=True)
    return opened, device


def crop_of(options, opened):
    """The name of a crop, from --crop or the run, told as well."""
    crop, why = options.crop, "--crop"
    if crop is None:
        crop, why = opened.crop, "as the data of the run"
    if crop is None:
        crop, why = "centre", "the run does not tell how its data was cut: --crop chooses"
    print(f"crop: {crop} ({why})", flush=True)
    return crop


def in_batches(count, what):
    """Slices of at most BATCH of `count` images, with a bar on a terminal."""
    with tqdm(total=count, desc=what, unit="image", disable=None if count > BATCH else True) as bar:
        for start in range(0, count, BATCH):
            yield slice(start, min(start + BATCH, count))
            bar.update(min(BATCH, count - start))


def compute(function, array, device):
    """function of a NumPy array on `device`, as a NumPy array (a tuple of arrays: as a tuple)."""
    result = function(ga.to_device(np.ascontiguousarray(array), device))
    return tuple(map(ga.to_host, result)) if isinstance(result, tuple) else ga.to_host(result)
