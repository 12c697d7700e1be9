"""CelebA from its own files: aligned images, list_attr_celeba.txt, list_eval_partition.txt.

Liu, Luo, Wang, Tang: Deep learning face attributes in the wild, ICCV 2015. Any part of the images will do.
"""
import functools
import re
import zipfile
from pathlib import PurePosixPath

from dataset.errors import DataError
from dataset.files import archive_names, open_files
from dataset.pixels import PictureFiles
from dataset.source import AttributeList, Source, find, hold_out, must_match, read_text, shuffled

IMAGES = ["img_align_celeba.zip", "img_align_celeba", "img_align_celeba_png"]
ATTRIBUTES = ["list_attr_celeba.txt", "list_attr_celeba.zip"]
PARTITION = ["list_eval_partition.txt"]
TRAIN, TEST = ("0", "1"), ("2",)    # the partition's numbers; 1 marks the validation images
NEEDS = "img_align_celeba.zip (or its folder), list_attr_celeba.txt and list_eval_partition.txt"


def recognises(path, cache):
    """Whether `path` is a folder that holds files of CelebA's, or one of its collections of images itself."""
    if path.is_dir():
        return path.name in IMAGES or find(_parts(path), IMAGES + ATTRIBUTES + PARTITION) is not None
    return any(PurePosixPath(name).parent.name in IMAGES for name in archive_names(path, cache))


def open_source(path, cache, seed=0):
    """The Source at `path`: a folder with CelebA's files, or its images (folder, zip) beside the lists.

    Official partition: 0 and 1 (validation) train, as in the released code, 2 tests. Without one a tenth is
    held out, by `seed`. Raises DataError for missing images, and for a list damaged or of other images.
    """
    given_images = path.is_file() or path.name in IMAGES
    images = path if given_images else find(_parts(path), IMAGES)
    if images is None:
        raise DataError(f"{path}: has CelebA's lists but no images: put {IMAGES[0]} or {IMAGES[1]}/ there")
    files = open_files(images, cache)
    pictures = {number: name for name in files.names if (number := _number(name))}
    if not pictures:
        raise DataError(f"{images}: holds no images named like 000001.jpg: put CelebA's aligned images there")
    places = [*_parts(path.parent), *_parts(path.parent.parent)] if given_images else _parts(path)
    attributes = find(places, ATTRIBUTES)
    return Source(sorted(pictures.values()), PictureFiles(files),
                  functools.partial(_split, images, pictures, find(places, PARTITION), seed), "celeba",
                  _read_attributes(attributes, pictures) if attributes else None)


def _parts(folder):
    """A folder and those in it that the official distribution sorts its files into."""
    return [folder, folder / "Img", folder / "Anno", folder / "Eval"]


def _number(name):
    """'000001' of x/000001.jpg, else None."""
    match = re.fullmatch(r"(\d{6})\.(jpg|png)", PurePosixPath(name).name)
    return match and match[1]


def _list_rows(lines, pictures):
    """(file name, rest of the line, index of the line) of the lines about images that are there."""
    for index, line in enumerate(lines):
        image, _, rest = line.strip().partition(" ")
        name = pictures.get(image.partition(".")[0])
        if name is not None:
            yield name, rest.strip(), index


def _split(images, pictures, partition, seed):
    """(names to train with, names to test with, notes), in the order that `seed` draws."""
    if partition is None:
        train, test = hold_out(sorted(pictures.values()), seed)
        notes = [f"no {PARTITION[0]} beside the images: a tenth of them is held out for testing"]
    else:
        train, test, notes = _official_split(pictures, partition, seed)
    if not train:
        raise DataError(f"{images}: holds a single image to train and to test with: give at least two")
    return shuffled(train, seed), shuffled(test, seed), notes


def _official_split(pictures, partition, seed):
    part_of = {name: part for name, part, _ in _list_rows(read_text(partition).split("\n"), pictures)}
    must_match(part_of, partition)
    train, test = (sorted(name for name in part_of if part_of[name] in parts) for parts in (TRAIN, TEST))
    missing = len(pictures) - len(part_of)
    notes = [f"{missing} images without a row in {partition.name} are left out"] if missing else []
    if not train:
        raise DataError(f"{partition}: none of the images there are is for training: add such images")
    if not test:
        notes.append("no image of the official test set is there: a tenth of the training images is held out")
        train, test = hold_out(train, seed)
    return train, test, notes


def _read_attributes(path, pictures):
    """The AttributeList (-1 or 1) of the images that are there."""
    lines = _attribute_text(path).split("\n")
    if len(lines) < 3 or not lines[0].strip().isdigit():
        raise DataError(f"{path}: does not begin with a count and a line of names: fetch the list again")
    rows = {name: (values, f"{path}, line {index + 3}")
            for name, values, index in _list_rows(lines[2:], pictures)}
    must_match(rows, path)
    return AttributeList(lines[1].split(), rows)


def _attribute_text(path):
    if path.suffix != ".zip":
        return read_text(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(path.stem + ".txt").decode()
    except (OSError, KeyError, UnicodeDecodeError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: {path.stem}.txt in it cannot be read ({error}): fetch it again") from error
