import subprocess
import sys
from pathlib import Path

import pytest

from experiment import claim
from experiment.exit import UsageError
from experiment.run_folder import RunFolder, begin
from tests.experiment.fakes import images, settings

CONFIG = b'{"script": "fake"}'


def test_the_folder_appears_with_its_config(tmp_path, monkeypatch):
    seen, rename = [], claim.os.rename

    def watch(part, path):
        seen.append(path.exists())
        rename(part, path)

    monkeypatch.setattr(claim.os, "rename", watch)
    held = claim.begin(tmp_path / "a" / "run", CONFIG)
    assert seen == [False] and (tmp_path / "a" / "run" / "config.json").read_bytes() == CONFIG
    claim.release(held)
    assert [path.name for path in (tmp_path / "a").rglob("*")] == ["run", "config.json"]


def test_what_was_begun_and_failed_leaves_nothing(tmp_path, monkeypatch):
    def fail(part, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(claim.os, "rename", fail)
    with pytest.raises(UsageError, match="--out .*run: cannot be written .No space"):
        claim.begin(tmp_path / "a" / "run", CONFIG)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_and_one_with_leftovers_are_free(tmp_path):
    for name in (".lock", ".trial", ".config.json.0123abcd.part"):
        (tmp_path / name).touch()
    claim.check_free(tmp_path)
    claim.release(claim.begin(tmp_path, CONFIG))
    claim.sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]


def test_of_two_that_begin_in_one_folder_one_is_refused(tmp_path):
    held = claim.begin(tmp_path / "run", CONFIG)
    with pytest.raises(claim.InUse, match="there is something in this folder"):
        claim.begin(tmp_path / "run", CONFIG)
    claim.release(held)
    assert (tmp_path / "run" / "config.json").read_bytes() == CONFIG


HOLD = """
import sys
from pathlib import Path
from experiment import claim
held = claim.lock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_folder_in_which_another_process_trains_is_refused(tmp_path):
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, text=True,
                          stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(UsageError, match="another process trains in this folder"):
            claim.lock(tmp_path)
        other.kill()
    claim.release(claim.lock(tmp_path))            # a killed process holds nothing
    assert list(tmp_path.iterdir()) == []


def test_names_that_the_program_chose_get_numbers_and_others_an_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for expected in ("run", "run-2", "run-3"):
        chosen = settings(out="run")
        chosen.origin["out"] = "ours"
        folder = begin(chosen, images(), "cpu", "asked for")
        folder.close()
        assert folder.path == Path(expected) and chosen.out == expected
        assert folder.config()["settings"]["out"] == str(tmp_path / expected)
    with pytest.raises(claim.InUse):
        begin(settings(out="run"), images(), "cpu", "asked for")


def test_sweeping_spares_what_is_not_ours(tmp_path):
    folder = RunFolder(tmp_path)
    for name in (".gitignore", "notes.part", "samples/.epoch_0001.png.0123abcd.part", ".part"):
        folder.write(name, b"")
    folder.sweep()
    assert {path.name for path in tmp_path.rglob("*")} == {".gitignore", "notes.part", "samples", ".part"}
