"""Opening a set of images: find it, split it, decode it once, hand over memory-mapped pixels."""
import zlib
from dataclasses import dataclass

import numpy as np

import gpuarray
from dataset import readers
from dataset.augment import Augmentation, unmoved
from dataset.broken import check_broken, picture_notes
from dataset.cache import default_folder, image_rows
from dataset.crop import CROP_VERSION, CROPS, crop_file, frame_for
from dataset.decode import quiet_decoders
from dataset.errors import DataError, enough_memory, printable
from dataset.reading import read_file
from dataset.readers import open_source, user_path
from dataset.source import counted

SMALLEST, LARGEST = 8, 512       # image sizes
FEW = 500                        # training images; with fewer, a model learns them by heart
DIGESTED_BYTES = 1 << 28         # of the pixels of a split


@dataclass
class Split:
    """A part of the images.

    images           (n, P, P, C) uint8, read-only: pictures, each a crop with a margin around it
    margin           its width in pixels
    scale            pixels of a picture to one of the images that are sampled from it; 1: they are its crop
    attributes       (n, A) float32, positive where an image has it (LFW: scores, others: -1 or 1); or None
    attribute_names  the A names
    dropped          how many images were left out because they have no attributes
    """
    images: np.ndarray
    margin: int = 0
    scale: float = 1.0
    attributes: np.ndarray = None
    attribute_names: tuple = ()
    dropped: int = 0

    def __len__(self):
        return len(self.images)

    def pictures(self, rows):
        """The images of `rows` (slice or numbers), not augmented: (k, S, S, C) float32 in [-1, 1]."""
        pictures, crop = np.ascontiguousarray(self.images[rows]), self.images.shape[1] - 2 * self.margin
        if self.scale != 1:
            return gpuarray.augment(pictures, unmoved(len(pictures), self.scale), round(crop / self.scale))
        inner = slice(self.margin, self.margin + crop)
        return pictures[:, inner, inner].astype(np.float32) / np.float32(127.5) - np.float32(1)


@dataclass
class Images:
    """An opened set of images.

    name          that of its reader in dataset.readers, or 'folder'
    size          side S of its images
    train, test   Splits; `train` holds larger pictures where augmentation moves them
    notes         lines to print: what was assumed, left out or made again
    augmentation  Augmentation of its training images; None: none
    crop          how its pictures are cut, a name in CROPS
    skipped       the broken pictures that were left out, a line each
    """
    name: str
    size: int
    train: Split
    test: Split
    notes: list
    augmentation: Augmentation | None = None
    crop: str = "centre"
    skipped: tuple = ()

    @property
    def digest(self):
        """Digits that stand for the pixels; of very many images, for those of evenly spread ones."""
        checksum = 0
        for rows in (self.train.images, self.test.images):
            for row in rows[::-(-rows.nbytes // DIGESTED_BYTES) or 1]:
                checksum = zlib.crc32(row, checksum)
        return f"{checksum:08x}"


def open_dataset(data, size, cache=None, seed=0, workers=None, progress=True, limit=None,
                 want_attributes=False, augment=True, skip_broken=False, offline=False):
    """Opens a name in dataset.readers or a path as Images of `size` x `size`, from the cache or into it.

    data             a path is recognised by what it holds: a known set, else any folder or archive of images.
                     A name but 'toyfaces' stands for the folder of that name in the cache folder, into which
                     what is missing is fetched
    cache            folder where decoded images are kept; ~/.cache/autoencoding-beyond-pixels if None
    seed             of toyfaces, of hold-outs, and of the order within a split; another one is decoded anew
    workers          how many images are decoded at a time; one a core if None
    progress         show a bar, if on a terminal, while decoding
    limit            keep at most this many images to train with, and a tenth as many to test with
    want_attributes  fill in Split.attributes; images without any are dropped and counted
    augment          whether training images are to be varied; Images.augmentation is None if not
    skip_broken      leave broken pictures out, up to a tenth of all, instead of refusing the set
    offline          fetch nothing; DataError says what to put where

    Many toyfaces are painted by other processes, so a script that opens them needs the usual
    `if __name__ == "__main__":`. Raises DataError for whatever is missing, damaged or not supported.
    """
    _check(size, limit)
    cache = _cache_folder(cache)
    reader, source = open_source(data, cache, seed, attributes=want_attributes, offline=offline)
    train, test, notes = source.split()
    attributes, parts = None, [(train, 0), (test, 0)]   # names, and how many were dropped
    if want_attributes:
        attributes = _attributes(source)
        parts = [_with_attributes(source, attributes, names, use)
                 for names, use in ((train, "train"), (test, "test"))]
    if limit is not None:
        limits = limit, max(1, limit // 10)
        parts = [(names[:most], dropped) for (names, dropped), most in zip(parts, limits)]
    augmentation = reader.augmentation if augment else None
    frames = frame_for(source.crop, size, augmentation), frame_for(source.crop, size)
    cached = [_cached(reader, source, names, frame, cache, workers, progress)
              for (names, _), frame in zip(parts, frames)]
    path, broken = source.pixels.path, _broken(parts, cached)
    check_broken(broken, sum(len(names) for names, _ in parts), path, skip_broken)
    splits = []
    for use, (names, dropped), part, frame in zip(("train", "test"), parts, cached, frames):
        names = [name for name in names if name not in broken]
        if not names:
            raise DataError(f"{path}: all images to {use} with are broken: replace them")
        split = Split(part.rows, frame.margin, frame.side / frame.size, dropped=dropped)
        if want_attributes:
            split.attributes, split.attribute_names = attributes.values(names), attributes.names
        splits.append(split)
    notes += picture_notes(broken, cached, size)
    if limit is None and len(splits[0]) < FEW:
        few = counted(len(splits[0]), "image", "images")
        notes.append(f"only {few} to train with: a model may learn them by heart; thousands are usual")
    return Images(reader.name, size, *splits, [printable(note) for note in notes], augmentation, source.crop,
                  tuple(printable(f"{name}: {broken[name]}") for name in sorted(broken)))


def attribute_names(data, cache=None, offline=False):
    """The names of the attributes of `data`, whatever open_dataset takes; no picture is decoded.

    Raises DataError where it has none, or is missing or damaged.
    """
    _, source = open_source(data, _cache_folder(cache), attributes=True, offline=offline)
    return _attributes(source).names


def channels(data, cache=None):
    """How many channels the images of `data`, whatever open_dataset takes, have: 3, or 1 where they are grey.

    Nothing is fetched or decoded. Raises DataError where nothing lies at a path.
    """
    return readers.channels(data, _cache_folder(cache))


def held_out_attributes(data, size, cache=None, limit=None, skip_broken=False, offline=False):
    """(names, attributes (n, A)) of the images that open_dataset with want_attributes gives to test with.

    No picture is decoded, unless broken ones, if there are any, are to be left out as open_dataset does it.
    The arguments, and what is raised, are open_dataset's.
    """
    cache = _cache_folder(cache)
    reader, source = open_source(data, cache, attributes=True, offline=offline)
    attributes = _attributes(source)
    _, test, _ = source.split()
    kept, _ = _with_attributes(source, attributes, test, "test")
    kept = kept[:limit and max(1, limit // 10)]
    if skip_broken:
        broken = _cached(reader, source, kept, frame_for(source.crop, size), cache, None, True).broken
        kept = [name for number, name in enumerate(kept) if number not in broken]
    return attributes.names, attributes.values(kept)


def open_all(data, size, crop=None, cache=None, progress=True, limit=None, skip_broken=False, offline=False):
    """Opens every picture of `data` in the order of their names, not split: (names, Split).

    crop   how they are cut, a name in CROPS; None: as open_dataset cuts them. Toyfaces are painted, never cut
    limit  take only so many, the first ones
    The other arguments, and what is raised, are open_dataset's.
    """
    _check(size, limit, crop)
    cache = _cache_folder(cache)
    reader, source = open_source(data, cache, offline=offline)
    names = source.names[:limit]
    cached = _cached(reader, source, names, frame_for(crop or source.crop, size), cache, None, progress)
    broken = _broken([(names, 0)], [cached])
    check_broken(broken, len(names), source.pixels.path, skip_broken)
    return [name for name in names if name not in broken], Split(cached.rows)


def read_pictures(paths, size, crop="centre"):
    """Single picture files as `crop` cuts them: (n, S, S, 3) float32 in [-1, 1].

    Raises DataError, which names the file, for what is no picture or cannot be cut so.
    """
    _check(size, crop=crop)
    rows, frame = np.empty((len(paths), size, size, 3), np.uint8), frame_for(crop, size)
    with quiet_decoders():
        for row, path in zip(rows, paths):
            row[...], _ = crop_file(read_file(path), frame, path)
    return Split(rows).pictures(slice(None))


def _check(size, limit=None, crop=None):
    if not SMALLEST <= size <= LARGEST:
        raise DataError(f"image size {size} is not supported: choose one from {SMALLEST} to {LARGEST}")
    if limit is not None and limit < 1:
        raise DataError(f"a limit of {limit} images leaves none: choose 1 or more")
    if crop is not None and crop not in CROPS:
        raise DataError(f"crop {crop} is not known: choose {', '.join(CROPS)}")


def _cache_folder(cache):
    return user_path(cache, "--cache") if cache else default_folder()


def _with_attributes(source, attributes, names, use):
    """(those of the names that have attributes, how many have none)"""
    kept = [name for name in names if name in attributes]
    if not kept:
        raise DataError(f"{source.pixels.path}: none of the images to {use} with has attributes: "
                        "put images and lists of one set together")
    return kept, len(names) - len(kept)


def _attributes(source):
    if source.attributes is None:
        path = source.pixels.path
        raise DataError(f"{path}: has no attribute list beside it: add it, or use data that has one")
    return source.attributes()


def _cached(reader, source, names, frame, cache, workers, progress):
    """These pictures from the cache or into it, as dataset.cache.Cached."""
    pixels, side = source.pixels, frame.side + 2 * frame.margin
    identity = [CROP_VERSION, frame, pixels.identity(names), names]
    shape = len(names), side, side, pixels.channels
    with enough_memory():
        return image_rows(cache, f"{reader.name}-{frame.size}", identity, shape,
                          lambda: pixels.rows(names, frame, workers), progress)


def _broken(parts, cached):
    """{name: why} of the broken pictures of all parts."""
    return {names[number]: why for (names, _), part in zip(parts, cached)
            for number, why in part.broken.items()}
