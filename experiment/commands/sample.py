"""samples of the prior: z drawn from N(0, I), decoded

The same seed gives the same pictures; a larger --count adds to them. A folder takes any number, one after
the other, for tools that measure folders of pictures. A conditional run is told the attributes of test images
one after the other; --with "Smiling=1,Male=-1" gives some of them another value.
"""
import math

import numpy as np

from experiment.attributes import replaced, held_out_attributes
from experiment.commands.output import new_pictures
from experiment.commands.shared import add_data, add_out, add_run, open_run, use_data, whole
from experiment.compute import compute, in_batches
from experiment.exit import UsageError
from experiment.pictures import COLUMNS
from experiment.settings import generator


def add_flags(parser):
    add_run(parser)
    parser.add_argument("--count", type=whole(1), default=64, metavar="N", help="how many (64)")
    parser.add_argument("--seed", type=whole(0, 2**62), default=0, metavar="S", help="of z (0)")
    parser.add_argument("--with", metavar="NAME=VALUE,...", dest="given",
                        help="attributes that a conditional run is told")
    add_data(parser, "whose test images' attributes a conditional run is told (the data of the run)")
    add_out(parser, "PATH", "FILE.png: one grid; else a folder of single pictures")


def run(options):
    columns = max(COLUMNS, math.isqrt(options.count - 1) + 1)          # 8 a row; beyond 64 pictures a square
    with new_pictures(options, columns) as add:
        opened, device = open_run(options, takes_attributes=True)
        attributes = _attributes(options, opened.settings)
        rng = generator(options.seed, "samples")
        for rows in in_batches(options.count, "samples"):
            z = rng.standard_normal((rows.stop - rows.start, opened.model.z_size), np.float32)
            told = [some[np.arange(rows.start, rows.stop) % len(some)] for some in attributes]
            add(compute(opened.model.sample, (z, *told), device))


def _attributes(options, settings):
    """[attributes (n, A)] that a conditional run is told one after the other; [] for another run."""
    names = settings.attribute_names
    if not names:
        if options.given:
            raise UsageError(f"--with {options.given}: {options.run} is no conditional run: leave it out")
        return []
    use_data(options, settings)
    attributes = held_out_attributes(settings, names)
    return [replaced(attributes, names, options.given) if options.given else attributes]
