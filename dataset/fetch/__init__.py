"""Fetching the image sets' own files into a folder, or saying what to put there by hand."""
import contextlib
from pathlib import Path

from filelock import FileLock, Timeout

from dataset.errors import DataError
from dataset.fetch.addresses import SETS
from dataset.fetch.disk import check_room, size_of
from dataset.fetch.download import Downloader, FetchFailed

LOCK = ".fetch.lock"


def fetch(name, folder, attributes=False, offline=False, downloader=None):
    """Fetches what is missing of the set `name`, a key of SETS, into `folder`; returns the folder.

    attributes  also the files that only attributes need
    offline     fetch nothing; say what is missing
    downloader  a download.Downloader; its `progress` and `say` choose what is shown
    Another process that fetches into the same folder is waited for. An interruption leaves what has come in
    .part files, and the next call goes on from there; its exception says so in an attribute `kept`. Raises
    DataError, which says what to put where by hand.
    """
    folder = Path(folder)
    needs = _missing(name, folder, attributes)
    if not needs or (offline and all(need.otherwise for need in needs)):
        return folder
    if offline:
        raise DataError(f"{name}: nothing is fetched (--offline, --dry-run): "
                        f"{_by_hand(name, folder, attributes)}")
    downloader = downloader or Downloader()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _one_at_a_time(folder, downloader.say):
            needs = _missing(name, folder, attributes)     # another process may have fetched some meanwhile
            files = [need.files[0] for need in needs]
            come = sum(size_of(folder / f"{file.name}.part") for file in files)
            check_room(folder, sum(file.size or 0 for file in files) - come)
            for need in needs:
                _fetch_need(need, name, folder, attributes, downloader)
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{error.filename or folder}: cannot be written ({error.strerror or error}): make "
                        "room there or name another folder with --cache; what has come is kept") from error
    except BaseException as stop:                          # Ctrl-C, or what another signal raises
        stop.kept = "what has come is kept; the same command goes on from there"
        raise
    return folder


def _missing(name, folder, attributes):
    return [need for need in SETS[name] if (attributes or not need.attributes) and not _there(need, folder)]


def _there(need, folder):
    patterns = [*(file.name for file in need.files), *need.present]
    return any(path.suffix != ".part" for pattern in patterns for depth in ("", "*/", "*/*/")
               for path in folder.glob(depth + pattern))


def _fetch_need(need, name, folder, attributes, downloader):
    """The first file of a need that can be had."""
    troubles = []
    for number, file in enumerate(need.files):
        try:
            downloader.get(file, folder)
            return
        except FetchFailed as trouble:
            troubles.append(f"{file.name} cannot be fetched ({trouble})")
            if number + 1 < len(need.files):
                downloader.say(f"{troubles[-1]}: {need.files[number + 1].name} will do as well")
    if not need.otherwise:
        raise DataError(f"{name}: {'; '.join(troubles)}: {_by_hand(name, folder, attributes)}")
    downloader.say(f"{troubles[-1]}: {need.otherwise}, unless you put it into {folder}")


def _by_hand(name, folder, attributes):
    """What a person has to put into the folder, and where it is."""
    needs = [need for need in _missing(name, folder, attributes) if not need.otherwise]
    each = [" or ".join(f"{file} from {file.page}" for file in need.files if file.page)
            for need in needs]
    instead = "".join(dict.fromkeys(f" (or {need.instead})" for need in needs if need.instead))
    return f"with a browser get {', and '.join(each)}{instead}, put it into {folder}, and start again"


@contextlib.contextmanager
def _one_at_a_time(folder, say):
    """Holds the folder's lock; waits for a process that has it."""
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"another process is fetching into {folder}: waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
