"""Labeled Faces in the Wild: its archive or folder, people.txt and lfw_attributes.txt.

Huang, Ramesh, Berg, Learned-Miller, 2007; attributes by Kumar, Berg, Belhumeur, Nayar, ICCV 2009. Images are
named Some_Name/Some_Name_0001.jpg. The original, funneled or deep-funneled set, packed or not, as published
or as Kaggle, scikit-learn and torchvision lay it out.
"""
import functools
import re
from collections import Counter
from pathlib import PurePosixPath

from dataset.errors import DataError
from dataset.lists import AttributeList, fields, find_list, must_match
from dataset.pixels import PictureFiles
from dataset.source import Source, hold_out, sample, shuffled

PEOPLE, ATTRIBUTES = "people.txt", "lfw_attributes.txt"
DEV_TEST = ["peopledevtest.txt", "peopledevtest.csv"]      # those who test in the set's view 1
SIZE = 250, 250
MANY = 5                             # people, where nothing but the images speaks for LFW
NEEDS = "lfw-deepfunneled.tgz (or its folder), people.txt and lfw_attributes.txt"


def recognises(place):
    """Whether LFW lies there: nearly all images are named as its are, and more speaks for it than that.

    That is: LFW's name or one of its lists, or images of 250 x 250 of many people. Also where its lists lie
    alone, so that what is missing can be said.
    """
    files = place.files
    listed = find_list([PEOPLE, ATTRIBUTES], [files]) is not None
    if not files.names:
        return listed or _archive(files) is not None
    people = [key[0] for name in files.names if (key := _person_and_number(name))]
    if len(people) < 0.9 * len(files.names) or len(set(people)) < 2:
        return False
    called = [place.path.name, *PurePosixPath(files.names[0]).parts[:-2]]
    if listed or any(name.lower().startswith("lfw") for name in called):
        return True
    return len(set(people)) >= MANY and set(PictureFiles(files).sizes(sample(files.names))) == {SIZE}


def open_source(place, seed=0):
    """The Source at `place`: LFW's archive or folder of people, or what holds it; lists in it or beside it.

    The first of people.txt's ten folds tests, the others train: no person is in both. Without people.txt
    those of peopleDevTest.txt test; without either a tenth of the people is held out, by `seed`. Raises
    DataError for missing images, a damaged list, or one without a row for any image.
    """
    files = images = place.files
    if not files.names and (archive := _archive(files)):
        images = place.open(archive)
    pictures = _pictures(images)
    if not pictures:
        found = "images, but none named like Some_Name/Some_Name_0001.jpg" if images.names else "no images"
        raise DataError(f"{place.path}: has files of LFW's and {found}: put lfw-deepfunneled.tgz there")
    path = place.path
    beside = [path.parent, path.parent / "lfw", path.parent.parent] if images is files else []
    attributes = find_list([ATTRIBUTES], [files, images], beside)
    people = find_list([PEOPLE, *DEV_TEST], [files, images], beside)
    return Source(sorted(pictures.values()), PictureFiles(images),
                  functools.partial(_split, images, pictures, people, seed), "lfw",
                  attributes and functools.partial(_read_attributes, attributes, pictures))


def _archive(files):
    """The name of LFW's archive among other files, the deep-funneled one of several; or None."""
    named = [name for name in files.others
             if re.fullmatch(r"lfw.*\.(tgz|tar\.gz|tar|zip)", PurePosixPath(name).name.lower())]
    return min(named, key=lambda name: (not _is_deep(name), name), default=None)


def _is_deep(name):
    return "deepfunneled" in name.lower().replace("-", "")


def _pictures(files):
    """{('Some_Name', 1): name of the picture} of one set: of several the deep-funneled, or the largest."""
    found = [(key, name) for name in files.names if (key := _person_and_number(name))]
    sets = Counter(_set_of(name) for _, name in found)
    chosen = max(sets, key=lambda folder: (_is_deep(folder), sets[folder]), default=None)
    return {key: name for key, name in found if _set_of(name) == chosen}


def _set_of(name):
    """The folder that holds the folders of people."""
    return str(PurePosixPath(name).parent.parent)


def _person_and_number(name):
    """('Some_Name', 1) of x/Some_Name/Some_Name_0001.jpg, else None."""
    path = PurePosixPath(name)
    match = re.fullmatch(r"(.+)_([0-9]{4})\.(jpg|jpeg|png)", path.name, re.IGNORECASE)
    return (match[1], int(match[2])) if match and path.parent.name == match[1] else None


def _split(files, pictures, people, seed):
    """(names to train with, names to test with, notes), in the order that `seed` draws."""
    notes = [f"taken as Labeled Faces in the Wild: {len(pictures):,} images of "
             f"{len({person for person, _ in pictures}):,} people"]
    if len(pictures) < len(files.names):
        notes.append(f"{len(files.names) - len(pictures):,} other images are left out")
    if people is None:
        held_out = set(hold_out(sorted({person for person, _ in pictures}), seed)[1])
        notes.append(f"no {PEOPLE} beside the images: a tenth of the people is held out for testing")
    elif people.name == PEOPLE:
        held_out = _first_fold(people)
    else:
        held_out = {person for person, _, _ in people.rows()}
        notes.append(f"no {PEOPLE} beside the images: the people of {people.name} test")
    train, test = ([name for (person, _), name in sorted(pictures.items()) if (person in held_out) == tests]
                   for tests in (False, True))
    if not train or not test:
        place = people.where if people else files.path
        raise DataError(f"{place}: leaves nobody to {'train' if test else 'test'} with: add images of more "
                        f"people, and the {PEOPLE} that goes with them")
    return shuffled(train, seed), shuffled(test, seed), notes


def _first_fold(listed):
    """The people of the first fold. The file: number of folds; for each, number of people and their rows."""
    rows = [[first, *fields(rest)] if rest else [first] for first, rest, _ in listed.rows()]
    try:
        return {person for person, _ in rows[2:2 + _count(rows)]}
    except (ValueError, IndexError) as error:
        raise DataError(f"{listed.where}: is not LFW's list of people in folds: fetch it again") from error


def _count(rows):
    (_,), (count,) = rows[:2]
    if not 0 < int(count) <= len(rows) - 2:
        raise ValueError("more people than rows")
    return int(count)


def _read_attributes(listed, pictures):
    """The AttributeList (scores, above 0 where an image has it) of the images that are there.

    The file: comments, one of which names the columns; then person, image number and scores, between tabs. In
    copies of it there may be spaces in place of the tabs.
    """
    names, rows = (), {}
    for number, line in listed.lines():
        if match := re.match(r"#\s*person\s+imagenum\s+(.*)", line.strip()):
            names = [name for name in (match[1].split("\t") if "\t" in line else match[1].split()) if name]
        elif match := re.match(r"\s*(.+?)\s+([0-9]+)\s+(.*)", line):
            name = pictures.get((re.sub(r"\s+", "_", match[1]), int(match[2])))
            if name is not None:
                rows[name] = match[3], f"{listed.where}, line {number}"
    must_match(rows, listed.where)
    return AttributeList(names, rows)
