import io

import pytest

from experiment.progress import Progress, duration

REPORT = {"epoch": 2, "images_per_s": 412.34, "waiting": 0.021, "kl": 12.34567, "d_real": 0.71,
          "gate_dis": 0.25}


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("seconds, words", [
    (0, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (200, "3 min 20 s"), (7500, "2 h 05 min"),
    (270000, "3 d 3 h")])
def test_durations_for_people(seconds, words):
    assert duration(seconds) == words


def test_plain_lines_without_a_terminal():
    stream = io.StringIO()
    progress = Progress(total=100, done=10, epochs=4, stream=stream)
    for _ in range(90):
        progress.step()
    progress.report(REPORT)
    progress.say("hello")
    progress.close()
    assert stream.getvalue() == ("epoch 2/4  step 100/100  kl 12.35  D(real) 0.71  Dis steps 25%  "
                                 "412 images/s  waiting for data 2%  0 s left\nhello\n")


def test_time_left_counts_from_where_the_run_was_resumed(monkeypatch):
    now = [50.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    stream = io.StringIO()
    progress = Progress(total=100, done=90, epochs=4, stream=stream)
    for _ in range(4):
        progress.step()
    now[0] += 8
    progress.report(REPORT)
    assert "  12 s left" in stream.getvalue()


def test_a_bar_on_a_terminal():
    stream = Terminal()
    progress = Progress(total=100, done=10, epochs=4, stream=stream)
    for _ in range(5):
        progress.step()
    progress.report(REPORT)
    progress.say("hello")
    progress.close()
    shown = stream.getvalue()
    assert all(words in shown for words in ("15/100", "epoch 2/4", "412 images/s", "hello\n", "\r"))
