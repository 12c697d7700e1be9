"""Signals that end a training: they are noted, so that a step can end and its state be saved."""
import os
import signal
import sys
import threading


def ending():
    """The signals that end a program. A SIGHUP that is ignored, as under nohup, stays so."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    hang_up = getattr(signal, "SIGHUP", None)                 # Windows has none
    if hang_up is not None and signal.getsignal(hang_up) is not signal.SIG_IGN:
        numbers.append(hang_up)
    return numbers


class Signals:
    """While open, the signals are noted in `received`; a second one ends the process."""

    def __enter__(self):
        self.received, self._before = None, {}
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in ending()}
        return self

    def __exit__(self, *exception):
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number, frame):
        if self.received:               # not raised: inside a __del__ Python would drop it, and train on
            try:
                print("interrupted twice: what was done since the last checkpoint is lost", file=sys.stderr,
                      flush=True)
            finally:
                os._exit(128 + number)
        self.received = number
