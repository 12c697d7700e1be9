"""What a person sees while training: a bar on a terminal, plain lines otherwise."""
import contextlib
import os
import signal
import sys
import time

from tqdm import tqdm

from experiment.console import plain, say, writing
from experiment.exit import Interrupted

_SHOWN = (("bound", "bound {:.5g} nats"), ("test_bound", "of test images {:.5g}"), ("kl", "kl {:.4g}"),
          ("feature_loss", "feature loss {:.4g}"), ("pixel_loss", "pixel loss {:.4g}"),
          ("attribute_loss", "attribute loss {:.4g}"), ("test_attribute_loss", "of test images {:.4g}"),
          ("d_real", "D(real) {:.2f}"), ("d_fake", "D(fake) {:.2f}"), ("gate_dis", "Dis steps {:.0%}"),
          ("gate_dec", "Dec steps {:.0%}"))


class Progress:
    """total: training steps of the run; done: those before it was resumed."""

    def __init__(self, total, done, epochs, stream=None):
        self.total, self.epochs, self._stream = total, epochs, stream
        self._began, self._at_begin, self._step = time.perf_counter(), done, done
        self._bar = None
        stream = stream or sys.stdout
        if stream.isatty():
            self._bar = tqdm(total=total, initial=done, unit="step", file=stream, **_size(stream))

    def step(self):
        """One more step is done."""
        self._step += 1
        if self._bar is not None:
            self._bar.update()

    def report(self, report):
        """Show a line of metrics.jsonl (a dict). Raises Interrupted where nobody can see it any more."""
        shown = [words.format(report[name]) for name, words in _SHOWN if name in report]
        speed = [f"{report['images_per_s']:.3g} images/s", f"waiting for data {report['waiting']:.0%}"]
        if self._bar is not None:
            if not self._bar.fp.isatty():                       # tqdm itself is silent about that
                raise Interrupted(signal.SIGHUP, "interrupted: the terminal is gone")
            self._bar.set_description(f"epoch {report['epoch']}/{self.epochs}", refresh=False)
            self._bar.set_postfix_str(", ".join([*speed[:1], *shown]))
        else:
            where = f"epoch {report['epoch']}/{self.epochs}", f"step {self._step:,}/{self.total:,}"
            self.say("  ".join([*where, *shown, *speed, f"{self._time_left()} left"]))

    def say(self, line):
        """Print a line, above the bar if there is one."""
        if self._bar is not None:
            with writing():
                self._bar.write(plain(line), file=self._stream)
        else:
            say(line, self._stream)

    def close(self):
        if self._bar is not None:
            self._bar.close()

    def _time_left(self):
        seconds = (time.perf_counter() - self._began) / max(1, self._step - self._at_begin)
        return duration(seconds * (self.total - self._step))


def _size(terminal):
    """tqdm's arguments: it shows nothing on a terminal that does not tell its size, as some of containers."""
    with contextlib.suppress(OSError):
        if 0 in os.get_terminal_size(terminal.fileno()):
            return dict(ncols=80, nrows=24)
    return dict(dynamic_ncols=True)


def duration(seconds):
    """Seconds for people: '42 s', '3 min 20 s', '2 h 05 min', '3 d 4 h'."""
    seconds = round(seconds)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60:02d} min"
    return f"{minutes} min {seconds % 60:02d} s" if minutes else f"{seconds} s"
