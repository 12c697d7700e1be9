"""samples of the prior: z drawn from N(0, I), decoded

The same seed gives the same pictures; a larger --count adds to them. A folder takes any number, one after
the other, for tools that measure folders of pictures.
"""
import math

import numpy as np

from experiment.commands.output import new_pictures
from experiment.commands.shared import add_out, add_run, compute, in_batches, open_run, whole
from experiment.pictures import COLUMNS
from experiment.settings import generator


def add_flags(parser):
    add_run(parser)
    parser.add_argument("--count", type=whole(1), default=64, metavar="N", help="how many (64)")
    parser.add_argument("--seed", type=whole(0, 2**62), default=0, metavar="S", help="of z (0)")
    add_out(parser, "PATH", "FILE.png: one grid; else a folder of single pictures")


def run(options):
    columns = max(COLUMNS, math.isqrt(options.count - 1) + 1)          # 8 a row; beyond 64 pictures a square
    with new_pictures(options, columns) as add:
        opened, device = open_run(options)
        rng = generator(options.seed, "samples")
        for rows in in_batches(options.count, "samples"):
            z = rng.standard_normal((rows.stop - rows.start, opened.settings.z_size), np.float32)
            add(compute(opened.model.sample, z, device))
