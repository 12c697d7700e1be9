"""means and log-variances of q(z|x) of a set of pictures, as an .npz file

Its arrays: names (n,), mean (n, Z) and log_var (n, Z), in the order of the names.
"""
import numpy as np

from dataset import open_all
from experiment.commands.output import new_file
from experiment.commands.shared import (
    DATA, add_crop, add_opening, add_out, add_regressor, add_run, attributes_beside, crop_of, open_run, path,
    use_data, whole)
from experiment.compute import compute_all


def add_flags(parser):
    add_run(parser)
    parser.add_argument("data", type=path, metavar="DATA", help=DATA)
    parser.add_argument("--limit", type=whole(1), metavar="N",
                        help="encode only the first so many (all)")
    add_opening(parser)
    add_crop(parser)
    add_regressor(parser)
    add_out(parser, "FILE.npz", "the file to write")


def run(options):
    with new_file(options, ".npz") as file:
        opened, device = open_run(options, needs_encoder=True, takes_attributes=True)
        beside = attributes_beside(options, opened, device)
        settings, crop = opened.settings, crop_of(options, opened)
        use_data(options, settings)
        names, pictures = open_all(settings.data, settings.image_size, crop, settings.cache,
                                   limit=options.limit, skip_broken=settings.skip_broken,
                                   offline=settings.offline, channels=settings.channels)
        mean, log_var = compute_all(opened.model.posterior, lambda rows: beside(pictures.pictures(rows)),
                                    len(names), device, "encoded")
        np.savez(file, names=np.array(names), mean=mean, log_var=log_var)
