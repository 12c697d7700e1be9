"""Kills at random moments: each run must go on to the same end. benchmarks/reliability.py does many."""
import pytest

from benchmarks import reliability


def test_killed_runs_end_as_the_undisturbed_one(tmp_path, capsys):
    assert reliability.kills(3, tmp_path) == 0, capsys.readouterr().out
    assert "3 of 3 killed runs ended as the undisturbed one" in capsys.readouterr().out


def test_a_run_that_ends_otherwise_is_noticed(tmp_path):
    run, cache = tmp_path / "run", tmp_path / "cache"
    assert reliability.finish(run, cache)[0]
    expected = reliability.outcome(run)
    assert reliability.differences(run, expected) == []
    lines = (run / "metrics.jsonl").read_text().splitlines()
    (run / "metrics.jsonl").write_text("\n".join([*lines, lines[-1]]))
    (run / ".lock").touch()
    assert reliability.differences(run, expected)[-1] == ".lock"
    assert len(reliability.differences(run, expected)) == 2


def test_after_a_full_disk_a_run_goes_on_to_the_same_end(tmp_path, capsys):
    wrong = reliability.full(2, tmp_path)
    shown = capsys.readouterr().out
    if "cannot mount" in shown:
        pytest.skip(shown)
    assert wrong == 0 and "2 of 2 runs went on to the same end" in shown, shown
