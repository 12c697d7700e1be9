"""CelebA from its own files: aligned images, list_attr_celeba.txt, list_eval_partition.txt.

Liu, Luo, Wang, Tang: Deep learning face attributes in the wild, ICCV 2015. Images are 178 x 218; the crop is rows 40
to 188, columns 15 to 163, as in the released code. Any subset of the images will do.
"""
import re
import zipfile
from pathlib import Path, PurePosixPath

from dataset.errors import DataError
from dataset.files import open_files
from dataset.source import Source, find, hold_out, number_row, read_text, shuffled

IMAGES = ["img_align_celeba.zip", "img_align_celeba", "img_align_celeba_png"]
ATTRIBUTES = ["list_attr_celeba.txt", "list_attr_celeba.zip"]
PARTITION = ["list_eval_partition.txt"]
TRAIN, TEST = "0", "2"                       # the partition's numbers; 1 marks the validation images, unused here
WHAT_TO_PUT = "img_align_celeba.zip (or its folder), list_attr_celeba.txt and list_eval_partition.txt"


def recognises(path):
    """Whether `path` is a folder that holds CelebA's files, or one of its collections of images itself."""
    return path.name in IMAGES or path.is_dir() and _find(path, IMAGES + ATTRIBUTES + PARTITION) is not None


def open_source(path, cache_folder, seed=0):
    """The Source at `path`: a folder with CelebA's files, or img_align_celeba(.zip) with the lists beside it.

    Official partition: 0 trains, 2 tests, 1 (validation) stays unused. Without one a tenth is held out, by `seed`.
    Raises DataError for missing images, a list that is damaged, or attributes for none of the images.
    """
    images = path if path.name in IMAGES else _find(path, IMAGES)
    if images is None:
        raise DataError(f"{path}: CelebA's lists without its images: put {IMAGES[0]} or the folder {IMAGES[1]} there")
    files = open_files(images, cache_folder)
    pictures = {stem: name for name in files.names if (stem := _stem(name))}
    if not pictures:
        raise DataError(f"{images}: no images named like 000001.jpg: put CelebA's aligned images there")
    beside = path if images != path else path.parent
    partition, attributes = _find(beside, PARTITION), _find(beside, ATTRIBUTES)
    train, test, notes = _split(pictures, partition, seed)
    rows, names = _read_attributes(attributes, pictures) if attributes else (None, ())
    return Source("celeba", files, shuffled(train, seed), shuffled(test, seed), _box, rows, names, notes)


def _find(folder, names):
    """The first of `names` in the folder, or in the folders of the official distribution, whichever it is."""
    return find(folder, [Path(*part, name) for name in names for part in ((), ("Img",), ("Anno",), ("Eval",))]) or \
        find(folder.parent, [Path(part, name) for name in names for part in ("Anno", "Eval")])


def _stem(name):
    match = re.fullmatch(r"(\d{6})\.(jpg|png)", PurePosixPath(name).name)
    return match and match[1]


def _box(picture, where):
    height, width = picture.shape[:2]
    if (height, width) != (218, 178):
        raise DataError(f"{where}: is {width} x {height}: CelebA's aligned images are 178 x 218; "
                        "give other images as a plain folder")
    return 40, 15, 148


def _split(pictures, partition, seed):
    """(names that train, names that test, notes)"""
    if partition is None:
        train, test = hold_out(sorted(pictures.values()), seed)
        return train, test, [f"no {PARTITION[0]} beside the images: a tenth of them is held out for testing"]
    parts = {TRAIN: [], TEST: []}
    known = 0
    for row in read_text(partition).split("\n"):
        image, _, part = row.strip().partition(" ")
        name = pictures.get(image.partition(".")[0])
        if name is not None:
            known += 1
            parts.setdefault(part.strip(), []).append(name)
    if not parts[TRAIN]:
        raise DataError(f"{partition}: names none of the images there for training: put images and list of one set together")
    notes = [f"{len(pictures) - known} images without a row in {partition.name} are left out"] if known < len(pictures) else []
    if not parts[TEST]:
        notes.append("none of the images is in the official test set: a tenth of the training images is held out")
        return *hold_out(sorted(parts[TRAIN]), seed), notes
    return sorted(parts[TRAIN]), sorted(parts[TEST]), notes


def _read_attributes(path, pictures):
    """({file name: (40,) float32 of -1 and 1}, attribute names) of the images that are there."""
    lines = _list_text(path).split("\n")
    names = tuple(lines[1].split()) if len(lines) > 1 and lines[0].strip().isdigit() else ()
    if not names:
        raise DataError(f"{path}: does not begin with a count and a line of names: fetch the list again")
    rows = {}
    for number, line in enumerate(lines[2:], start=3):
        image, _, values = line.strip().partition(" ")
        name = pictures.get(image.partition(".")[0])
        if name is not None:
            rows[name] = number_row(values.split(), len(names), f"{path}, line {number}")
    if not rows:
        raise DataError(f"{path}: has no row for any of the images: put images and list of one set together")
    return rows, names


def _list_text(path):
    if path.suffix != ".zip":
        return read_text(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(path.stem + ".txt").decode()
    except (OSError, KeyError, UnicodeDecodeError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: cannot be read as a zip with {path.stem}.txt in it ({error}): fetch it again") from error
