"""Opening a set of images: find it, split it, decode it once, hand over memory-mapped pixels."""
import functools
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from dataset import celeba, folder, lfw, toyfaces
from dataset.cache import default_folder, digest, image_rows
from dataset.crop import CROP_VERSION, cut, decode, margin_of
from dataset.errors import DataError

TOYFACES = {"train": range(0, 20_000), "test": range(20_000, 22_000)}      # which toyfaces each split holds
WORTH_PROCESSES = 2_000          # toyfaces from which on it pays to start processes to paint them
SMALLEST, LARGEST = 8, 512       # image sizes


@dataclass
class Split:
    """A part of the images.

    images           (n, S + 2M, S + 2M, 3) uint8, read-only: crops of side S with a margin M around them
    margin           M
    attributes       (n, A) float32, positive where an image has it (LFW: scores, others: -1 or 1); or None
    attribute_names  the A names
    dropped          how many images were left out because they have no attributes
    """
    images: np.ndarray
    margin: int
    attributes: np.ndarray = None
    attribute_names: tuple = ()
    dropped: int = 0

    def __len__(self):
        return len(self.images)

    def pictures(self, rows):
        """The crops of `rows` (slice or numbers), without margin: (k, S, S, 3) float32 in [-1, 1]."""
        inner = slice(self.margin, self.images.shape[1] - self.margin)
        return self.images[rows][:, inner, inner].astype(np.float32) / np.float32(127.5) - np.float32(1)


@dataclass
class Images:
    """An opened set: `size` is the side of its crops, `margin` what is around them, `notes` to print."""
    name: str
    size: int
    margin: int
    train: Split
    test: Split
    notes: list


@dataclass
class _Decoding:
    """How to make the pixels of a set, and where to keep them."""
    size: int
    cache: Path
    workers: int
    progress: bool

    def rows(self, label, identity, count, jobs, work, processes=False):
        """(count, P, P, 3) uint8 from the cache, or from work(job) of the jobs; and notes for the user."""
        side = self.size + 2 * margin_of(self.size)
        rows, damaged = image_rows(self.cache, f"{label}-{self.size}", identity, (count, side, side, 3),
                                   jobs, work, self.workers, self.progress, processes)
        return rows, ["a damaged file in the image cache was found and made again"] if damaged else []


def open_dataset(data, size, cache=None, seed=0, workers=None, progress=True, limit=None,
                 want_attributes=False):
    """Opens 'toyfaces', 'celeba', 'lfw' or a path as Images of `size` x `size`, from the cache or into it.

    data             a path is recognised by what it holds: CelebA, LFW, else any folder or archive of images.
                     'celeba' and 'lfw' stand for the folders of that name in the cache folder
    cache            folder where decoded images are kept; ~/.cache/autoencoding-beyond-pixels if None
    seed             of toyfaces, of hold-outs, and of the order within a split; another one is decoded anew
    workers          how many images are decoded at a time; one a core if None
    progress         show a bar, if on a terminal, while decoding
    limit            keep at most this many images to train with, and a tenth as many to test with
    want_attributes  fill in Split.attributes; images without any are dropped and counted
    Toyfaces are painted by processes of their own, so a script that opens many of them needs the usual
    `if __name__ == "__main__":`. Raises DataError for whatever is missing, damaged or not supported.
    """
    if not SMALLEST <= size <= LARGEST:
        raise DataError(f"image size {size} is not supported: choose one from {SMALLEST} to {LARGEST}")
    if limit is not None and limit < 1:
        raise DataError(f"a limit of {limit} images leaves nothing to train with: choose 1 or more")
    decoding = _Decoding(size, Path(cache) if cache else default_folder(), workers, progress)
    limits = (None, None) if limit is None else (limit, max(1, limit // 10))
    if str(data) == "toyfaces":
        return _open_toyfaces(decoding, seed, limits, want_attributes)
    return _open_source(_find_source(data, decoding.cache, seed), decoding, limits, want_attributes)


def _open_toyfaces(decoding, seed, limits, want_attributes):
    size, margin = decoding.size, margin_of(decoding.size)
    splits, notes = {}, []
    for (part, faces), limit in zip(TOYFACES.items(), limits):
        faces = faces[:limit]
        rows, made_again = decoding.rows(
            f"toyfaces-{part}", [_source_code_of(toyfaces), seed, faces.start], len(faces),
            lambda: (range(i, min(i + 64, len(faces))) for i in range(0, len(faces), 64)),
            functools.partial(_paint, faces, size, seed, margin), processes=len(faces) > WORTH_PROCESSES)
        notes += made_again
        splits[part] = Split(rows, margin)
        if want_attributes:
            splits[part].attributes = 2 * toyfaces.attributes(faces, seed) - 1
            splits[part].attribute_names = tuple(toyfaces.ATTRIBUTES)
    return Images("toyfaces", size, margin, splits["train"], splits["test"], notes)


def _paint(faces, size, seed, margin, rows):
    """A job for the cache: its rows and the faces they hold."""
    return rows, toyfaces.render(faces[rows.start:rows.stop], size, seed, margin)


def _source_code_of(package):
    """A digest of a package's source: what a procedural picture depends on besides its seed."""
    files = sorted(Path(package.__file__).parent.glob("*.py"))
    return digest([file.read_text(encoding="utf-8") for file in files])


def _find_source(data, cache, seed):
    """The Source that `data` names: 'celeba', 'lfw', or a path of whatever kind."""
    for name, reader in (("celeba", celeba), ("lfw", lfw)):
        if str(data) == name:
            place = cache / name
            if not place.is_dir() or not reader.recognises(place, cache):
                raise DataError(f"{name}: not found in {place}: put {reader.WHAT_TO_PUT} there, "
                                "or give the folder that holds them to --data")
            return reader.open_source(place, cache, seed)
    path = Path(data).expanduser()
    if not path.exists():
        raise DataError(f"{path}: no such file or folder: check the path given to --data")
    try:
        reader = next((reader for reader in (celeba, lfw) if reader.recognises(path, cache)), folder)
        return reader.open_source(path, cache, seed)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}): check its permissions") from error


def _open_source(source, decoding, limits, want_attributes):
    """Decodes what is wanted of a Source."""
    size, margin, files = decoding.size, margin_of(decoding.size), source.files
    if want_attributes and source.attributes is None:
        raise DataError(f"{files.path}: has no attribute list beside it: add it, or use data that has one")
    parts, splits = [], []
    for names, limit in zip((source.train, source.test), limits):
        kept = [name for name in names if not want_attributes or name in source.attributes]
        if not kept:
            raise DataError(f"{files.path}: none of the images to {'test' if parts else 'train'} with has "
                            "attributes: put images and lists of one set together")
        parts.append((kept[:limit], len(names) - len(kept)))
    names = parts[0][0] + parts[1][0]
    row_of = {name: row for row, name in enumerate(names)}

    def decode_one(file):
        name, content = file
        picture = decode(content, files.where(name))
        return [row_of[name]], [cut(picture, *source.box(picture, files.where(name)), size, margin)]

    with warnings.catch_warnings():      # here, as all threads share one list of filters
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)     # PIL's limit, at twice that, holds
        rows, notes = decoding.rows(source.name, [CROP_VERSION, files.identity(names), names], len(names),
                                    lambda: files.read(names), decode_one)
    for kept, dropped in parts:
        split = Split(rows[:len(kept)], margin, dropped=dropped)
        rows = rows[len(kept):]
        if want_attributes:
            split.attributes = source.attribute_rows(kept)
            split.attribute_names = source.attribute_names
        splits.append(split)
    return Images(source.name, size, margin, *splits, source.notes + notes)
