import errno
import io
import signal
import sys

import pytest

from experiment.beside import Beside
from experiment.console import open_streams, plain, say
from experiment.exit import Interrupted


class Failing(io.StringIO):
    """A stream that cannot be written to."""

    def __init__(self, number):
        super().__init__()
        self.number = number

    def write(self, text):
        raise OSError(self.number, "failed")


def test_names_cannot_steer_the_terminal():
    assert plain("a\x1b[2Jb\x07\x9bc\td") == r"a\x1b[2Jb\x07\x9bc" + "\td"


def test_every_character_has_a_spelling(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="cp1252"))
    open_streams()
    say("läufe \u4eba \udce9")
    assert raw.getvalue() == b"l\xe4ufe \\u4eba \\udce9\n"


def test_closed_streams_are_no_matter(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    open_streams()
    say("hello")
    print("hello", file=sys.stderr)


def test_a_full_disk_behind_stdout_is_told_once(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdout", Failing(errno.ENOSPC))
    say("hello")
    say("hello")
    assert capsys.readouterr().err.count("warning: no more is told on the standard output") == 1


@pytest.mark.parametrize("number, stop", [(errno.EPIPE, 13), (errno.EIO, signal.SIGHUP)])
def test_nobody_reads_any_more(number, stop, monkeypatch):
    monkeypatch.setattr(sys, "stdout", Failing(number))
    with pytest.raises(Interrupted) as stopped:
        say("hello")
    assert stopped.value.signal_number == stop


def test_failures_beside_the_training_are_told_once_for_each_kind():
    told = []
    beside = Beside(told.append)
    for what in ("the page", "the plot", "the page"):
        with beside(what):
            raise OSError("no\nspace")
    assert told == [f"warning: the {what} failed (no space): training goes on" for what in ("page", "plot")]
    assert beside.lost is None


def test_a_lost_reader_is_noted_for_the_training_to_stop():
    def tell(line):
        raise Interrupted(signal.SIGHUP)

    beside = Beside(tell)
    with beside("the page"):
        raise ValueError
    assert beside.lost == signal.SIGHUP


def test_a_fault_in_the_training_itself_passes():
    with pytest.raises(KeyboardInterrupt):
        with Beside(print)("the page"):
            raise KeyboardInterrupt
