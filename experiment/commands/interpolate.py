"""from one picture to another: a row of pictures, decoded along an arc in z

Both ends are posterior means. The decoder has learned from z near a sphere: so the way follows its surface
instead of a straight line through its inside. The attributes of a conditional model change evenly.
"""
import numpy as np

from dataset import read_pictures
from experiment.commands.output import new_pictures
from experiment.commands.shared import (
    add_crop, add_out, add_regressor, add_run, attributes_beside, crop_of, open_run, path, whole)
from experiment.compute import compute


def add_flags(parser):
    add_run(parser)
    parser.add_argument("images", type=path, nargs=2, metavar="IMAGE", help="a picture file")
    parser.add_argument("--steps", type=whole(2, 1000), default=8, metavar="N", help="length of the row (8)")
    add_crop(parser)
    add_regressor(parser)
    add_out(parser, "PATH", "FILE.png: one row; else a folder of single pictures")


def run(options):
    with new_pictures(options, options.steps) as add:
        opened, device = open_run(options, needs_encoder=True, takes_attributes=True)
        beside = attributes_beside(options, opened, device)
        originals = read_pictures(options.images, opened.settings.image_size, crop_of(options, opened),
                                  opened.settings.channels)
        ends = beside(originals)
        begin, end = compute(opened.model.encode, ends, device)                       # (Z,) each
        z = np.stack([slerp(begin, end, t) for t in np.linspace(0, 1, options.steps)])  # (steps, Z)
        attributes = [np.linspace(*told, options.steps) for told in ends[1:]]         # [] or [(steps, A)]
        add(compute(opened.model.decode, tuple(a.astype(np.float32) for a in (z, *attributes)), device))


def slerp(begin, end, t):
    """Spherical linear interpolation (Shoemake 1985) of two vectors (Z,): `begin` at t = 0, `end` at 1."""
    cosine = begin @ end / (np.linalg.norm(begin) * np.linalg.norm(end) + 1e-12)
    angle = np.arccos(np.clip(cosine, -1, 1))
    if np.sin(angle) < 1e-6:             # the same or the opposite direction: there is no one arc
        return (1 - t) * begin + t * end
    return (np.sin((1 - t) * angle) * begin + np.sin(t * angle) * end) / np.sin(angle)
