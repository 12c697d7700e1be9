"""Any folder or archive of pictures, each cut to the largest square in its middle."""
import functools

from dataset.errors import DataError
from dataset.kinds import advice_for, is_archive_name, kind_of_name
from dataset.pixels import PictureFiles
from dataset.source import Source, counted, hold_out, shuffled, some


def open_source(place, seed=0):
    """The Source of all pictures at `place`; a tenth of them, drawn by `seed`, is held out for testing."""
    files = place.files
    if not files.names:
        raise DataError(_no_pictures(files))
    return Source(files.names, PictureFiles(files), functools.partial(_split, files, seed))


def _split(files, seed):
    if len(files.names) < 2:
        raise DataError(f"{files.path}: holds a single image: give at least two, to train and to test")
    train, test = hold_out(files.names, seed)
    return shuffled(train, seed), shuffled(test, seed), list(_left_out(files))


def _left_out(files):
    """Lines about what is there and is not learned from."""
    packed, others = _packed(files), [name for name in files.others if not kind_of_name(name)]
    if others:
        left_out = counted(len(others), "file that is no picture is", "files that are no pictures are")
        yield f"{left_out} left out: {some(others)}"
    if packed:
        yield f"not looked into: {some(packed)}; unpack what belongs to the data"
    if files.runs:
        yield f"{counted(len(files.runs), 'run', 'runs')} of this program left out: {some(files.runs)}"


def _packed(files):
    """The files that may hold pictures and are not looked into."""
    return [name for name in files.others if kind_of_name(name)]


def _no_pictures(files):
    """What is wrong with a place that holds no pictures."""
    packed = _packed(files)
    if packed:
        kind, advice = kind_of_name(packed[0]), advice_for(kind_of_name(packed[0]))
        if is_archive_name(packed[0]) and files.path.is_dir():
            advice = f"give {files.path / packed[0]} itself, or unpack it"
        return f"{files.path}: holds no pictures, but {kind} ({some(packed)}): {advice}"
    held = f"no pictures, only {some(files.others)}" if files.others else "no files"
    return f"{files.path}: holds {held}: give a folder or an archive of pictures"
