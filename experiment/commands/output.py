"""What commands write: files and folders that are complete or not there, and never replaced unasked."""
import contextlib
import os
import re
import secrets
import shutil
from pathlib import Path

import numpy as np

from dataset import atomic_write
from experiment import pictures, pretrained, report
from experiment.console import say
from experiment.exit import UsageError
from experiment.run_folder import RunFolder

_OTHER_PICTURES = ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff"
RESULTS = Path("results")                         # of models in files
_WRITTEN = re.compile(r"\d{6,}(_.*)?\.png")       # names of the single pictures that commands write


@contextlib.contextmanager
def new_file(options, suffix, flag="--out"):
    """The file at a flag, open for writing. Raises UsageError at once where it exists, or cannot be made."""
    path = Path(getattr(options, flag[2:]))
    if path.suffix.lower() != suffix:
        raise UsageError(f"{flag} {path}: give a name that ends in {suffix}")
    with _new_file(path, options.overwrite, flag) as file:
        yield file


@contextlib.contextmanager
def _new_file(path, overwrite, flag="--out"):
    if path.is_dir():
        raise UsageError(f"{flag} {path}: is a folder: give the name of a file")
    if os.path.lexists(path) and not overwrite:
        raise UsageError(f"{flag} {path}: exists: add --overwrite to replace it, or give another name")
    with _writing(path, flag), atomic_write(path) as file:
        yield file
    say(f"written: {path}")


@contextlib.contextmanager
def new_pictures(options, columns=pictures.COLUMNS):
    """add(images, labels=None) for images (n, S, S, C) in [-1, 1], which --out shows when the block ends.

    --out FILE.png: one grid, `columns` a row. --out FOLDER: a picture each, 000000.png or 000000_LABEL.png.
    Raises UsageError at once where it exists or cannot be written.
    """
    if Path(options.out).suffix.lower() in _OTHER_PICTURES:
        raise UsageError(f"--out {options.out}: pictures are written as PNG: give FILE.png or a folder")
    if Path(options.out).suffix.lower() != ".png":
        with _new_folder(options, lambda inside: all(map(_WRITTEN.fullmatch, inside))) as folder:
            yield single_pictures(folder)
        say(f"written: {len(os.listdir(options.out)):,} pictures in {options.out}")
        return
    images = []
    with new_file(options, ".png") as file:
        yield lambda some, labels=None: images.append(some)
        file.write(pictures.png(pictures.grid(np.concatenate(images), columns)))


def single_pictures(folder):
    """add(images, labels=None): a picture each in the folder, 000000.png or 000000_LABEL.png and so on."""
    folder.mkdir(exist_ok=True)
    written = 0

    def add(images, labels=None):
        nonlocal written
        for image, label in zip(pictures.to_bytes(images), labels or [""] * len(images)):
            (folder / f"{written:06d}{label and '_' + label}.png").write_bytes(pictures.png(image))
            written += 1

    return add


@contextlib.contextmanager
def new_results(options, name):
    """A folder for a command's results, which becomes --out, or `name` in `place`, when the block ends well.

    It must come to hold `name`.json: by that file a folder is known as one that --overwrite may replace.
    Raises UsageError at once where it exists or cannot be written.
    """
    is_in_run, options.out = is_in_its_run(options), place(options, name)
    with _new_folder(options, lambda inside: f"{name}.json" in inside) as folder:
        yield folder
    say(f"written: {', '.join(sorted(os.listdir(options.out)))} in {options.out}")
    if is_in_run:
        report.write(RunFolder(options.run))


@contextlib.contextmanager
def new_file_in(options, folder, name):
    """new_file for a file of a command's results in a folder that `place` gave."""
    with _new_file(Path(folder) / name, options.overwrite) as file:
        yield file


def place(options, name=""):
    """The folder for a command's results: --out, or in RUN; for a RUN that is a file, in results/ and its
    name. Raises UsageError where there is no RUN."""
    if options.out is not None:
        return options.out
    run = Path(options.run)
    if not run.is_dir() and not pretrained.find(run).is_file():
        raise UsageError(f"{run}: no such run: check the path")
    folder = run if run.is_dir() else RESULTS / run.stem
    return str(folder / name)


def is_in_its_run(options):
    """Whether a command's results go into the folder of its run, whose page shows them."""
    return options.out is None and Path(options.run).is_dir()


@contextlib.contextmanager
def _new_folder(options, ours):
    """A folder beside --out, which becomes --out when the block ends well.

    ours(names of files): whether a folder that holds them was made by the command, and may be replaced.
    """
    path = Path(options.out).absolute()
    if path.is_file():
        raise UsageError(f"--out {options.out}: is a file: give FILE.png, or a folder")
    if path.is_dir() and os.listdir(path):
        if not options.overwrite:
            raise UsageError(f"--out {options.out}: there is something in this folder: add --overwrite to "
                             "replace it, or give another")
        if not ours(os.listdir(path)):
            raise UsageError(f"--out {options.out}: holds files of another kind: give another folder")
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    new = [parent for parent in path.parents if not parent.exists()]
    with _writing(options.out):
        try:
            part.mkdir(parents=True)
            yield part
            if path.is_dir():
                shutil.rmtree(path)
            part.rename(path)
        finally:
            shutil.rmtree(part, ignore_errors=True)          # unless renamed
            with contextlib.suppress(OSError):               # not empty, or never made
                for parent in new:
                    parent.rmdir()


@contextlib.contextmanager
def _writing(path, flag="--out"):
    try:
        yield
    except BrokenPipeError:              # of stdout, not of a file
        raise
    except OSError as error:
        raise UsageError(f"{flag} {path}: cannot be written ({error.strerror}): make room, or give another "
                         "place") from error
