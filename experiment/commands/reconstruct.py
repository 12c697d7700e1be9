"""pictures of your own, encoded and decoded again

A grid shows rows of pictures, each row above its reconstructions; a folder holds only the reconstructions.
"""
from pathlib import Path

import numpy as np

from dataset import read_pictures
from experiment import pretrained
from experiment.commands.output import new_pictures
from experiment.commands.shared import (
    add_crop, add_out, add_regressor, add_run, attributes_beside, crop_of, open_run, path)
from experiment.compute import compute, in_batches
from experiment.pictures import COLUMNS


def add_flags(parser):
    add_run(parser)
    parser.add_argument("images", type=path, nargs="+", metavar="IMAGE", help="a picture file")
    add_crop(parser)
    add_regressor(parser)
    add_out(parser, "PATH", "FILE.png: one grid; else a folder of single pictures")


def run(options):
    if Path(options.run).is_file() and Path(options.run).suffix != ".safetensors":
        options.images.insert(0, options.run)          # no RUN is named, and the first picture took its place
        options.run = pretrained.DEFAULT
    columns = min(COLUMNS, len(options.images))
    with new_pictures(options, columns) as add:
        opened, device = open_run(options, needs_encoder=True, takes_attributes=True)
        beside = attributes_beside(options, opened, device)
        crop = crop_of(options, opened)
        for batch in in_batches(len(options.images), "reconstructions"):
            files = options.images[batch]
            originals = read_pictures(files, opened.settings.image_size, crop, opened.settings.channels)
            reconstructions = compute(opened.model.reconstruct, beside(originals), device)
            if Path(options.out).suffix.lower() != ".png":
                add(reconstructions, [Path(file).stem for file in files])
                continue
            for start in range(0, len(files), columns):
                for row in (originals[start:start + columns], reconstructions[start:start + columns]):
                    add(_filled(row, columns))


def _filled(row, columns):
    """A row of a grid (n, S, S, C), made `columns` long with white."""
    return np.concatenate([row, np.ones((columns - len(row), *row.shape[1:]), row.dtype)])
