"""The one place where whatever a reader of files raises becomes one line."""
import contextlib

from experiment.exit import Interrupted, UsageError


@contextlib.contextmanager
def reading(path, otherwise, damaged=UsageError):
    """Around reading a file that may hold anything. Raises `damaged`, "path: otherwise", where it is.

    What libraries raise then (ValueError, RecursionError, tokenize.TokenError, ...) is about their inside, so
    it is not passed on. FileNotFoundError and MemoryError are.
    """
    try:
        yield
    except (UsageError, Interrupted, FileNotFoundError, MemoryError):
        raise
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error}): "
                         "check that it may be read") from error
    except Exception as error:
        raise damaged(f"{path}: {otherwise}") from error
