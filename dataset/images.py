"""Opening a set of images: find it, split it, decode it once, hand over memory-mapped pixels."""
import numpy as np

from dataset import readers
from dataset.broken import check_broken, picture_notes
from dataset.cache import default_folder, image_rows
from dataset.crop import CROP_VERSION, CROPS, crop_file, frame_for
from dataset.decode import quiet_decoders
from dataset.errors import DataError, enough_memory, printable
from dataset.grey import in_channels, with_channels
from dataset.reading import read_file
from dataset.readers import open_source, user_path
from dataset.source import counted
from dataset.split import Images, Split

SMALLEST, LARGEST = 8, 512       # image sizes
FEW = 500                        # training images; with fewer, a model learns them by heart


def open_dataset(data, size, cache=None, seed=0, workers=None, progress=True, limit=None,
                 want_attributes=False, augment=True, skip_broken=False, offline=False, channels=None):
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
    channels         that images are to have: 3, or 1 to have them grey; None: as many as they have

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
    cached = [_cached(reader, source, names, frame, cache, workers, progress, channels)
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


def open_all(data, size, crop=None, cache=None, progress=True, limit=None, skip_broken=False, offline=False,
             channels=None):
    """Opens every picture of `data` in the order of their names, not split: (names, Split).

    crop   how they are cut, a name in CROPS; None: as open_dataset cuts them. Toyfaces are painted, never cut
    limit  take only so many, the first ones
    The other arguments, and what is raised, are open_dataset's.
    """
    _check(size, limit, crop)
    cache = _cache_folder(cache)
    reader, source = open_source(data, cache, offline=offline)
    names = source.names[:limit]
    frame = frame_for(crop or source.crop, size)
    cached = _cached(reader, source, names, frame, cache, None, progress, channels)
    broken = _broken([(names, 0)], [cached])
    check_broken(broken, len(names), source.pixels.path, skip_broken)
    return [name for name in names if name not in broken], Split(cached.rows)


def read_pictures(paths, size, crop="centre", channels=3):
    """Single picture files as `crop` cuts them: (n, S, S, C) float32 in [-1, 1]. channels: C; 1: grey.

    Raises DataError, which names the file, for what is no picture or cannot be cut so.
    """
    _check(size, crop=crop)
    rows, frame = np.empty((len(paths), size, size, channels), np.uint8), frame_for(crop, size)
    with quiet_decoders():
        for row, path in zip(rows, paths):
            row[...] = with_channels(crop_file(read_file(path), frame, path)[0], channels)
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


def _cached(reader, source, names, frame, cache, workers, progress, channels=None):
    """These pictures from the cache or into it, as dataset.cache.Cached."""
    pixels, side = source.pixels, frame.side + 2 * frame.margin
    channels = channels or pixels.channels
    identity = [CROP_VERSION, frame, pixels.identity(names), names]
    shape = len(names), side, side, channels
    with enough_memory():
        return image_rows(cache, f"{reader.name}-{frame.size}", identity, shape,
                          lambda: in_channels(pixels.rows(names, frame, workers), channels), progress)


def _broken(parts, cached):
    """{name: why} of the broken pictures of all parts."""
    return {names[number]: why for (names, _), part in zip(parts, cached)
            for number, why in part.broken.items()}
