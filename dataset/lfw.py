"""Labeled Faces in the Wild: its archive or folder, people.txt and lfw_attributes.txt.

Huang, Ramesh, Berg, Learned-Miller, 2007; attributes by Kumar, Berg, Belhumeur, Nayar, ICCV 2009. Images are
named Some_Name/Some_Name_0001.jpg.
"""
import functools
import re
from pathlib import PurePosixPath

from dataset.errors import DataError
from dataset.files import archive_names, open_files
from dataset.pixels import PictureFiles
from dataset.source import AttributeList, Source, find, hold_out, must_match, read_text, shuffled

ARCHIVES = ["lfw*.tgz", "lfw*.tar.gz", "lfw*.tar", "lfw*.zip"]
PEOPLE, ATTRIBUTES = "people.txt", "lfw_attributes.txt"
NEEDS = "lfw-deepfunneled.tgz (or its folder), people.txt and lfw_attributes.txt"


def recognises(path, cache):
    """Whether `path` is LFW's folder of people, an archive of it, or a folder that holds either or a list."""
    if path.is_dir():
        return find([path], [PEOPLE, ATTRIBUTES]) is not None or _images(path) is not None
    names = archive_names(path, cache)
    return bool(names) and all(_person_and_number(name) for name in names)


def open_source(path, cache, seed=0):
    """The Source at `path`: LFW's archive or folder of people, or a folder that holds it; lists beside it.

    The first of people.txt's ten folds tests, the others train: no person is in both. Without people.txt a
    tenth of the people is held out, by `seed`. Raises DataError for missing images, a damaged list, or one
    without a row for any image.
    """
    images = path if path.is_file() else _images(path)
    if images is None:
        raise DataError(f"{path}: has LFW's lists but no images: put lfw-deepfunneled.tgz or its folder in")
    files = open_files(images, cache)
    pictures = {key: name for name in files.names if (key := _person_and_number(name))}
    if not pictures:
        raise DataError(f"{images}: holds no images named like Some_Name/Some_Name_0001.jpg: put LFW's there")
    places = [path, images.parent, images.parent / "lfw", images.parent.parent]
    attributes = find(places, [ATTRIBUTES])
    return Source(sorted(pictures.values()), PictureFiles(files),
                  functools.partial(_split, images, pictures, find(places, [PEOPLE]), seed), "lfw",
                  _read_attributes(attributes, pictures) if attributes else None)


def _person_and_number(name):
    """('Some_Name', 1) of x/Some_Name/Some_Name_0001.jpg, else None."""
    path = PurePosixPath(name)
    match = re.fullmatch(r"(.+)_(\d{4})\.(jpg|jpeg|png)", path.name)
    return (match[1], int(match[2])) if match and path.parent.name == match[1] else None


def _images(folder):
    """The archive or folder of people that `folder` is or holds; the deep-funneled one of several."""
    if _holds_people(folder):
        return folder
    inside = [path for pattern in ARCHIVES for path in sorted(folder.glob(pattern))]
    inside += [path for path in sorted(folder.glob("lfw*")) if path.is_dir() and _holds_people(path)]
    return min(inside, key=lambda path: "deepfunneled" not in path.name, default=None)


def _holds_people(folder):
    """Whether the first folder in it that is not hidden holds images named after it."""
    inside = (path for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith("."))
    first = next(inside, None)
    names = [f"{first.name}/{file.name}" for file in first.iterdir()] if first else []
    return any(_person_and_number(name) for name in names)


def _split(images, pictures, people, seed):
    """(names to train with, names to test with, notes), in the order that `seed` draws."""
    if people is None:
        held_out = set(hold_out(sorted({person for person, _ in pictures}), seed)[1])
        notes = [f"no {PEOPLE} beside the images: a tenth of the people is held out for testing"]
    else:
        held_out, notes = _first_fold(people), []
    train, test = ([name for (person, _), name in sorted(pictures.items()) if (person in held_out) == tests]
                   for tests in (False, True))
    if not train or not test:
        raise DataError(f"{people or images}: leaves nobody to {'train' if test else 'test'} with: "
                        f"add images of more people, and the {PEOPLE} that goes with them")
    return shuffled(train, seed), shuffled(test, seed), notes


def _first_fold(path):
    """The people of the first fold. The file: number of folds; for each, number of people and their rows."""
    lines = read_text(path).split("\n")
    try:
        rows = lines[2:2 + int(lines[1])]
        return {person for person, _ in (row.split("\t") for row in rows)}
    except (ValueError, IndexError) as error:
        raise DataError(f"{path}: is not LFW's list of people in folds: fetch it again") from error


def _read_attributes(path, pictures):
    """The AttributeList (scores, above 0 where an image has it) of the images that are there.

    The file: comments, one of which names the columns; then person, image number and scores, between tabs.
    """
    names, rows = (), {}
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        person, image, values = (line.rstrip("\r").split("\t", 2) + ["", ""])[:3]
        if (person, image) == ("#", "person"):
            names = tuple(values.split("\t")[1:])
        elif image.isdigit():
            name = pictures.get((person.replace(" ", "_"), int(image)))
            if name is not None:
                rows[name] = values, f"{path}, line {number}"
    must_match(rows, path)
    return AttributeList(names, rows)
