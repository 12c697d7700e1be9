"""CelebA from its own files: aligned images, list_attr_celeba.txt, list_eval_partition.txt.

Liu, Luo, Wang, Tang: Deep learning face attributes in the wild, ICCV 2015. Any part of the images will do, as
they were published (Img/, Anno/, Eval/) or as they are passed on: with lists of commas (Kaggle), a folder
further down (torchvision), resized.
"""
import functools
import re
from pathlib import PurePosixPath

import numpy as np

from dataset.errors import DataError
from dataset.lists import AttributeList, fields, find_list, find_other, must_match
from dataset.pixels import PictureFiles
from dataset.source import Source, hold_out, sample, shuffled

FOLDERS = ["img_align_celeba", "img_align_celeba_png"]
ARCHIVES = ["img_align_celeba.zip", "img_align_celeba_png.zip"]
ATTRIBUTES = ["list_attr_celeba.txt", "list_attr_celeba.csv", "list_attr_celeba.zip"]
PARTITION = ["list_eval_partition.txt", "list_eval_partition.csv"]
TRAIN, VALIDATE, TEST = "0", "1", "2"              # the partition's numbers
ALIGNED = 178, 218                                 # width and height of the images
NEEDS = "img_align_celeba.zip (or its folder), list_attr_celeba.txt and list_eval_partition.txt"


def recognises(place):
    """Whether CelebA lies there: by the names of folders, archives and lists, or by its images' looks."""
    if place.path.name in FOLDERS + ARCHIVES:
        return True
    files = place.files
    if any(PurePosixPath(name).parent.name in FOLDERS for name in files.names):
        return True
    if any(PurePosixPath(name).name.lower() in ARCHIVES + ATTRIBUTES + PARTITION for name in files.others):
        return not files.names or any(map(_number, files.names))
    return _look_like_it(files)


def _look_like_it(files):
    """Whether nearly all images are named like CelebA's, and those looked at are as large as aligned ones."""
    named = [name for name in files.names if _number(name)]
    if len(named) < 2 or len(named) < 0.9 * len(files.names):
        return False
    return set(PictureFiles(files).sizes(sample(named))) == {ALIGNED}


def open_source(place, seed=0):
    """The Source at `place`: CelebA's images, in folders or an archive, with the lists among or beside them.

    Official partition: 0 and 1 (validation) train, as in the released code, 2 tests; 1 where no image of 2 is
    there. Without a partition a tenth is held out, by `seed`. Raises DataError for missing images, and for a
    list that is damaged or of other images.
    """
    files = images = place.files
    pictures = _pictures(files)
    if not pictures and (archive := find_other(files, ARCHIVES)):
        images = place.open(archive)
        pictures = _pictures(images)
    if not pictures:
        found = "images, but none named like 000001.jpg" if images.names else "no images"
        raise DataError(f"{place.path}: has files of CelebA's and {found}: put {ARCHIVES[0]} there")
    beside = [] if images is not files else _beside(place.path)
    attributes, partition = (find_list(names, [files, images], beside) for names in (ATTRIBUTES, PARTITION))
    return Source(sorted(pictures.values()), PictureFiles(images),
                  functools.partial(_split, images, pictures, partition, seed),
                  "celeba", attributes and functools.partial(_read_attributes, attributes, pictures))


def _pictures(files):
    """{'000001': name of the picture}; those in one of CelebA's own folders, where there is one."""
    numbered = {number: name for name in files.names if (number := _number(name))}
    for folder in FOLDERS:
        inside = {number: name for name in files.names
                  if (number := _number(name)) and folder in PurePosixPath(name).parts}
        if inside:
            return inside
    return numbered


def _beside(path):
    """Folders where the lists may lie if `path` is the images alone."""
    return [folder / part for folder in (path.parent, path.parent.parent) for part in ("", "Anno", "Eval")]


def _number(name):
    """'000001' of x/000001.jpg, else None."""
    match = re.fullmatch(r"([0-9]{6})\.(jpg|jpeg|png)", PurePosixPath(name).name, re.IGNORECASE)
    return match and match[1]


def _rows(listed, pictures):
    """Yields (picture's name, rest of the row, number of the line) of rows about images that are there."""
    for image, rest, line in listed.rows():
        name = pictures.get(PurePosixPath(image).stem)
        if name is not None and rest:
            yield name, rest, line


def _split(files, pictures, partition, seed):
    """(names to train with, names to test with, notes), in the order that `seed` draws."""
    names = sorted(pictures.values())
    if partition is None:
        train, test = hold_out(names, seed)
        notes = [f"no {PARTITION[0]} beside the images: a tenth of them is held out for testing"]
    else:
        train, test, notes = _official_split(pictures, partition, seed)
    if not train:
        raise DataError(f"{files.path}: holds a single image to train and to test with: give at least two")
    return shuffled(train, seed), shuffled(test, seed), notes + list(_notes(files, names))


def _notes(files, names):
    if len(names) < len(files.names):
        yield f"{len(files.names) - len(names):,} images that are not CelebA's are left out"
    size = next(iter(PictureFiles(files).sizes(names[:1])), None)
    if size and size[0] == size[1]:
        yield "the images are {} x {}, not 178 x 218: taken as cut already".format(*size)
    elif size and size != ALIGNED:
        yield "the images are {} x {}, not 178 x 218: cut in proportion".format(*size)


def _official_split(pictures, partition, seed):
    part_of = {name: part for name, part, _ in _rows(partition, pictures)}
    must_match(part_of, partition.where)
    train, validate, test = (sorted(name for name in part_of if part_of[name] == part)
                             for part in (TRAIN, VALIDATE, TEST))
    missing = len(pictures) - len(part_of)
    notes = [f"{missing:,} images without a row in {partition.name} are left out"] if missing else []
    if not train and not validate:
        raise DataError(f"{partition.where}: none of the images there are is for training: add such images")
    if test:
        return sorted(train + validate), test, notes
    if train and validate:
        notes.append("no image of the official test set is there: the official validation images test")
        return train, validate, notes
    notes.append("no image of the official test set is there: a tenth of the training images is held out")
    return *hold_out(train + validate, seed), notes


def _read_attributes(listed, pictures):
    """The AttributeList (-1 or 1) of the images that are there."""
    header, rows, width = [], {}, 0
    for first, rest, line in listed.rows():
        if not rows and re.fullmatch(r".*[0-9]{6}\.\w+", first) is None:
            header = [first, *fields(rest)] if rest else header
            continue
        name = pictures.get(PurePosixPath(first).stem)
        if name is not None:
            rows[name] = rest, f"{listed.where}, line {line}"
            width = width or len(fields(rest))
    must_match(rows, listed.where)
    if header and len(header) == width + 1:                      # lists with commas name the first column
        header = header[1:]
    if not header:
        raise DataError(f"{listed.where}: does not begin with a line of names: fetch the list again")
    return BinaryAttributes(header, rows)


class BinaryAttributes(AttributeList):
    """Attributes that are -1 or 1; a list may say 0 for -1."""

    def values(self, pictures):
        values = super().values(pictures)
        return np.where(values == 0, np.float32(-1), values)
