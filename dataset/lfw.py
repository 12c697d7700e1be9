"""Labeled Faces in the Wild: its archive or folder, people.txt and lfw_attributes.txt.

Huang, Ramesh, Berg, Learned-Miller, 2007; attributes by Kumar, Berg, Belhumeur, Nayar, ICCV 2009. Images are named
Some_Name/Some_Name_0001.jpg. The crop is the 150 x 150 in the middle; smaller images count as cropped already.
"""
import re
from pathlib import Path, PurePosixPath

from dataset.errors import DataError
from dataset.files import open_files
from dataset.source import Source, centre_square, hold_out, number_row, read_text, shuffled

CROP = 150
ARCHIVES = ["lfw*.tgz", "lfw*.tar.gz", "lfw*.tar", "lfw*.zip"]
PEOPLE, ATTRIBUTES = "people.txt", "lfw_attributes.txt"
WHAT_TO_PUT = "lfw-deepfunneled.tgz (or its folder), people.txt and lfw_attributes.txt"


def recognises(path):
    """Whether `path` is an archive or folder of LFW's, or a folder that holds one of these or LFW's lists."""
    if path.is_file():
        return any(path.match(pattern) for pattern in ARCHIVES)
    return _images(path) is not None or any((path / name).exists() for name in (PEOPLE, ATTRIBUTES))


def open_source(path, cache_folder, seed=0, test_fold=0):
    """The Source at `path`: LFW's archive or folder of people, or a folder that holds it, with the lists beside it.

    Fold `test_fold` of people.txt tests, the other nine train: no person is in both. Without people.txt a tenth of the
    people is held out, by `seed`. Raises DataError for missing images, a damaged list, or attributes for none of the images.
    """
    images = path if path.is_file() else _images(path)
    if images is None:
        raise DataError(f"{path}: LFW's lists without its images: put lfw-deepfunneled.tgz or its folder there")
    files = open_files(images, cache_folder)
    pictures = {key: name for name in files.names if (key := _person_and_number(name))}
    if not pictures:
        raise DataError(f"{images}: no images named like Some_Name/Some_Name_0001.jpg: put LFW's images there")
    people, attributes = _beside(path, images, PEOPLE), _beside(path, images, ATTRIBUTES)
    known = sorted({person for person, _ in pictures})
    if people is None:
        held_out = set(hold_out(known, seed)[1])
        notes = [f"no {PEOPLE} beside the images: a tenth of the people is held out for testing"]
    else:
        held_out, notes = _fold(people, test_fold), []
    parts = {True: [], False: []}
    for key in sorted(pictures):
        parts[key[0] in held_out].append(pictures[key])
    if not parts[True] or not parts[False]:
        raise DataError(f"{people or images}: leaves no people to {'test' if parts[False] else 'train'} with: "
                        f"give images of more people, or the {PEOPLE} that goes with them")
    rows, names = _read_attributes(attributes, pictures) if attributes else (None, ())
    return Source("lfw", files, shuffled(parts[False], seed), shuffled(parts[True], seed), _box, rows, names, notes)


def _person_and_number(name):
    """('Some_Name', 1) of x/Some_Name/Some_Name_0001.jpg, else None."""
    path = PurePosixPath(name)
    match = re.fullmatch(r"(.+)_(\d{4})\.(jpg|jpeg|png)", path.name)
    return (match[1], int(match[2])) if match and path.parent.name == match[1] else None


def _images(folder):
    """The archive or folder of people that `folder` holds or is; the deep-funneled one where there are several."""
    if _holds_people(folder):
        return folder
    inside = [path for pattern in ARCHIVES for path in sorted(folder.glob(pattern))]
    inside += [path for path in sorted(folder.glob("lfw*")) if path.is_dir() and _holds_people(path)]
    return min(inside, key=lambda path: "deepfunneled" not in path.name, default=None)


def _holds_people(folder):
    """Whether the first folder in it that is not hidden holds images named after it."""
    inside = (path for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith("."))
    first = next(inside, None)
    return first is not None and any(_person_and_number(f"{first.name}/{path.name}") for path in first.iterdir())


def _beside(path, images, name):
    """A list in the folder of the images, the folder given, or one called lfw in it."""
    for folder in (path, images.parent, images.parent / "lfw", images.parent.parent):
        if (folder / name).is_file():
            return folder / name
    return None


def _box(picture, where):
    height, width = picture.shape[:2]
    if min(height, width) <= CROP:
        return centre_square(picture, where)
    return (height - CROP) // 2, (width - CROP) // 2, CROP


def _fold(path, fold):
    """The people of one fold. The file: the number of folds; for each fold the number of people, then their rows."""
    lines = read_text(path).split("\n")
    try:
        folds, line = int(lines[0]), 1
        if not 0 <= fold < folds:
            raise DataError(f"{path}: has folds 0 to {folds - 1}, not {fold}")
        for _ in range(fold):
            line += 1 + int(lines[line])
        rows = lines[line + 1:line + 1 + int(lines[line])]
        return {person for person, _ in (row.split("\t") for row in rows)}
    except (ValueError, IndexError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path}: is not LFW's list of people in folds: fetch it again") from error


def _read_attributes(path, pictures):
    """({file name: (73,) float32}, attribute names) of the images that are there; positive means present."""
    names, rows = (), {}
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        fields = line.strip("\r").split("\t")
        if line.startswith("#"):
            if fields[1:3] == ["person", "imagenum"]:
                names = tuple(fields[3:])
        elif len(fields) > 2 and fields[1].isdigit():
            name = pictures.get((fields[0].replace(" ", "_"), int(fields[1])))
            if name is not None:
                rows[name] = number_row(fields[2:], len(names), f"{path}, line {number}")
    if not rows:
        raise DataError(f"{path}: has no row for any of the images: put images and list of one set together")
    return rows, names
