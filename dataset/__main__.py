"""python -m dataset fetch celeba: fetch an image set's own files, nothing else."""
import argparse
import signal
import sys
from pathlib import Path

from dataset.cache import default_folder
from dataset.errors import DataError
from dataset.fetch import SETS, fetch
from dataset.fetch.download import tell


class _Parser(argparse.ArgumentParser):
    """Argparse whose complaint is one line."""

    def error(self, message):
        raise DataError(f"{message.removeprefix('argument ')}: see python -m dataset fetch --help")


def main(arguments=None):
    """Runs the command; returns its exit status: 0 done, 2 not done and told why, 130 interrupted."""
    try:
        _fetch(arguments)
        return 0
    except DataError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print(f"interrupted: {getattr(stop, 'kept', 'nothing was fetched')}", file=sys.stderr)
        return 128 + signal.SIGINT


def _fetch(arguments):
    parser = _Parser(prog="python -m dataset", description=__doc__)
    command = parser.add_subparsers(required=True, metavar="fetch").add_parser(
        "fetch", description="Fetches what is missing of an image set; a download that broke off goes on.")
    command.add_argument("set", choices=list(SETS), help=", ".join(SETS))
    command.add_argument("--cache", metavar="DIR", help="fetch into DIR/SET (default: where --data looks)")
    command.add_argument("--attributes", action=argparse.BooleanOptionalAction, default=False,
                         help="also the list of attributes, which only some experiments need")
    command.add_argument("--offline", action="store_true", help="fetch nothing, say what to put where")
    given = parser.parse_args(arguments)
    try:
        cache = Path(given.cache).expanduser() if given.cache else default_folder()
    except RuntimeError as error:
        raise DataError(f"--cache {given.cache or '~'}: {error}: name a folder with --cache") from error
    folder = fetch(given.set, cache / given.set, given.attributes, given.offline)
    tell(f"{given.set}: lies in {folder}")


if __name__ == "__main__":
    sys.exit(main())
