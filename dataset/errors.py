"""What the data layer raises, and the one place where what libraries raise becomes one line."""
import contextlib
import errno
from concurrent.futures.process import BrokenProcessPool

_OUT_OF_MEMORY = ("out of memory while images were read: close other programs, or use fewer (--limit) or "
                  "smaller images")


class DataError(ValueError):
    """Images or lists that cannot be used. The message is one line: what is wrong, where, what to do."""

    def __init__(self, message):
        super().__init__(printable(message))


class BrokenPicture(DataError):
    """A picture that cannot be used, however often it is read: --skip-broken leaves it out."""

    def __init__(self, where, reason):
        self.reason = printable(reason)
        super().__init__(f"{where}: {reason}: replace or remove it")


@contextlib.contextmanager
def one_line(make):
    """Whatever goes wrong in this block, in whichever library, is raised as `make(why)`, a DataError.

    DataErrors pass as they are. Damaged files make libraries raise nearly everything: no list of exceptions
    would do.
    """
    try:
        with enough_memory():
            yield
    except DataError:
        raise
    except Exception as error:
        raise make(_why(error)) from error


@contextlib.contextmanager
def enough_memory():
    """Tells in a DataError where memory ran out in this block; what else is raised passes as it is."""
    try:
        yield
    except (MemoryError, BrokenProcessPool) as error:             # a worker that the system had to end
        raise DataError(_OUT_OF_MEMORY) from error
    except OSError as error:
        if error.errno == errno.ENOMEM:
            raise DataError(_OUT_OF_MEMORY) from error
        raise


def unreadable(where, advice="fetch it again"):
    """For one_line: a DataError about a file or folder."""
    return lambda why: DataError(f"{where}: cannot be read ({why}): {advice}")


def _why(error):
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = str(error).strip() or type(error).__name__
    return text if len(text) <= 100 else text[:97] + "..."


def printable(text):
    """Text in which nothing can break a line or steer a terminal, for names of files are anybody's."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
