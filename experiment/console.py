"""What is told at the terminal: names cannot steer it, and a stream that fails does not end the work."""
import contextlib
import errno
import os
import signal
import sys

from experiment.exit import Interrupted

_CONTROL = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7f, 0xa0)) if chr(code) not in "\n\t"}
_NOBODY_READS = {errno.EPIPE: 13, errno.EIO: getattr(signal, "SIGHUP", 1)}     # 13: SIGPIPE, not on Windows


def plain(text):
    """The text with control characters, such as escape codes in the name of a file, spelled out."""
    return text.translate(_CONTROL)


def say(line, stream=None):
    """Print a line on `stream` (sys.stdout). Raises Interrupted where its reader is gone: see writing."""
    with writing():
        print(plain(line), file=stream or sys.stdout, flush=True)


@contextlib.contextmanager
def writing():
    """Around writing to the terminal. Raises Interrupted where a pipe's reader, or the terminal, is gone.

    Any other failure, such as a full disk behind stdout, is told once on stderr; stdout is given up then.
    """
    try:
        yield
    except (OSError, ValueError) as error:                    # ValueError: the stream is closed
        number = _NOBODY_READS.get(getattr(error, "errno", None))
        if number is not None:
            raise Interrupted(number, "interrupted: nobody reads the output any more") from error
        sys.stdout = _nowhere()
        with contextlib.suppress(OSError, ValueError):
            print(f"warning: no more is told on the standard output ({error}): the work goes on",
                  file=sys.stderr, flush=True)


def open_streams():
    """Make stdout and stderr fit to be written to: there, and with a spelling for every character."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:                                    # closed by whoever started the program
            setattr(sys, name, _nowhere())
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def close_stdout():
    """Flush it, and let Python find nothing to complain about at its end."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())


def _nowhere():
    return open(os.devnull, "w", encoding="utf-8")
