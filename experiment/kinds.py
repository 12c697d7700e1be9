"""The kinds of settings: how a field of a dataclass is read from a command line, and what it may be."""
import math
import os
from dataclasses import MISSING, dataclass, field


AS_DEFAULT = object()


@dataclass(frozen=True)
class Flag:
    """How a field is set from a command line.

    doc: help text. read(text) -> value, or ValueError that says what is expected; None for an on/off switch.
    optional: whether it may be None. on_resume: whether a run that is continued may be given another value.
    is_path: whether it names a file or a folder. before: the value that stands for what this program did
    before it had the setting, for runs of that time; the default, if left out.
    """
    doc: str
    read: object
    metavar: str
    optional: bool = False
    on_resume: bool = False
    is_path: bool = False
    before: object = AS_DEFAULT

    def accepts(self, value):
        """Whether a setting can have this value."""
        if self.read is None:
            return isinstance(value, bool)
        if value is None:
            return self.optional
        try:
            return self.read(str(value)) == value
        except ValueError:
            return False


def _setting(flag, default):
    return field(default=default, metadata={"flag": flag})


def whole(doc, default=MISSING, at_least=1, at_most=2**31 - 1, optional=False, **options):
    """A whole number; None as 'none' where optional."""
    wanted = f"a whole number from {at_least} to {at_most}"
    read = _number_reader(int, wanted, lambda n: at_least <= n <= at_most, optional)
    return _setting(Flag(doc, read, "N", optional, **options), default)


def number(doc, default=MISSING, above=None, at_least=None, at_most=None, below=None, optional=False,
           **options):
    """A finite number in a range; None as 'none' where optional."""
    bounds = [(above, "above", lambda x: x > above), (at_least, "of at least", lambda x: x >= at_least),
              (at_most, "up to", lambda x: x <= at_most), (below, "below", lambda x: x < below)]
    bounds = [bound for bound in bounds if bound[0] is not None]
    wanted = "a number " + " and ".join(f"{words} {limit:g}" for limit, words, _ in bounds)

    def is_inside(x):
        return math.isfinite(x) and all(holds(x) for _, _, holds in bounds)

    read = _number_reader(float, wanted, is_inside, optional)
    return _setting(Flag(doc, read, "X", optional, **options), default)


def choice(doc, values, default=MISSING, **options):
    """One of `values`, which are all strings or all whole numbers."""
    kind = type(values[0])

    def read(text):
        if text not in map(str, values):
            raise ValueError(f"use {', '.join(map(str, values[:-1]))} or {values[-1]}")
        return kind(text)

    return _setting(Flag(doc, read, "|".join(map(str, values)), **options), default)


def path(doc, metavar, default=MISSING, **options):
    """A file or a folder, '~' expanded; None where not given."""
    def read(words):
        if not words.strip():
            raise ValueError(f"the value is empty: expected {metavar}")
        return expanded(words)

    return _setting(Flag(doc, read, metavar, default is None, is_path=True, **options), default)


def switch(doc, default=MISSING, **options):
    """On or off: --name and --no-name, where it is not off by default."""
    return _setting(Flag(doc, None, "", **options), default)


def _number_reader(kind, wanted, is_inside, optional):
    def read(words):
        if optional and words.lower() == "none":
            return None
        try:
            value = kind(words)
        except ValueError:
            value = None
        if value is None or not is_inside(value):
            raise ValueError(f"expected {wanted}{' or none' if optional else ''}")
        return value

    return read


def expanded(words):
    """A path as typed, with '~' and '~user' replaced. Raises ValueError where no such home is known."""
    place = os.path.expanduser(words)
    if place.startswith("~"):
        user = words.split("/")[0]
        reason = "your home folder is not known" if user == "~" else f"there is no user {user[1:]}"
        raise ValueError(f"{reason}: give the whole path, or ./{words} for a name that begins with ~")
    return place
