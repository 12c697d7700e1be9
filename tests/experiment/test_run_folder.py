import json

import pytest

from experiment.exit import UsageError
from experiment.run_folder import RunFolder

CONFIG = {"script": "fake", "settings": {}, "origin": {}}


def test_check_free_leaves_nothing_behind(tmp_path):
    RunFolder(tmp_path / "a" / "b" / "run").check_free()
    assert list(tmp_path.iterdir()) == []


def test_check_free_leaves_an_empty_folder_that_was_there(tmp_path):
    (tmp_path / "run").mkdir()
    RunFolder(tmp_path / "run").check_free()
    assert list((tmp_path / "run").iterdir()) == []


def test_create_writes_the_config(tmp_path):
    folder = RunFolder(tmp_path / "a" / "run")
    folder.create(CONFIG)
    assert folder.config() == CONFIG
    folder.close()
    assert [path.name for path in folder.path.iterdir()] == ["config.json"]
    assert [path.name for path in folder.path.parent.iterdir()] == ["run"]


@pytest.mark.parametrize("begin", [lambda folder: folder.check_free(), lambda folder: folder.create(CONFIG)])
def test_a_folder_with_something_in_it_is_refused(tmp_path, begin):
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"--out .* something in this folder"):
        begin(RunFolder(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


@pytest.mark.parametrize("name", ["file/run", "new/" + "x" * 300])
def test_a_folder_that_cannot_be_made_is_refused(tmp_path, name):
    (tmp_path / "file").write_text("")
    for begin in (RunFolder.check_free, lambda folder: folder.create(CONFIG)):
        with pytest.raises(UsageError, match="--out .* cannot be written .*choose another folder"):
            begin(RunFolder(tmp_path / name))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("content, complaint", [
    (None, "not the folder of a run, it is empty"), ("{", "damaged"), ("[" * 100_000, "damaged"),
    ("[]", "not the settings of a run"),
    ('{"script": "fake", "settings": {}}', "not the settings of a run")])
def test_config_of_something_else_is_refused(tmp_path, content, complaint):
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(UsageError, match=complaint):
        RunFolder(tmp_path).config()


def test_a_file_whose_writing_fails_is_as_if_never_begun(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"before")
    with pytest.raises(ZeroDivisionError):
        with RunFolder(tmp_path).new_file(path) as file:
            file.write(b"half of")
            raise ZeroDivisionError
    assert path.read_bytes() == b"before" and [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_write_error_says_what_to_do(tmp_path):
    folder = RunFolder(tmp_path)
    for name in ("samples", "metrics.jsonl/x"):
        folder.write(name, b"in the way")
    for name, write in (("samples/epoch_0001.png", lambda: folder.write("samples/epoch_0001.png", b"")),
                        ("metrics.jsonl", lambda: folder.add_metrics({}))):
        with pytest.raises(UsageError, match=f"{name}: cannot be written .*: make room, then go on with"):
            write()


@pytest.mark.parametrize("damage", [
    b"5", b"[]", b"{}", b"null", b'{"kl": 1.0}', b'{"step": "5"}', b'{"step": 5, "kl": null}', b"\xff\xfe",
    b'{"step": 5, "\xe9": 1}', b"[" * 100_000, b'{"step": 1e999}', b'{"step": 5, "kl": NaN}',
    b'{"step": 5, "kl": -1e999}', b'{"step": true}'])
def test_damaged_metrics_are_left_out(tmp_path, damage):
    (tmp_path / "metrics.jsonl").write_bytes(b'{"step": 1}\n' + damage + b'\n{"step": 2}\n')
    assert RunFolder(tmp_path).metrics() == [{"step": 1}, {"step": 2}]


def test_metrics_are_kept_line_by_line_and_rewound(tmp_path):
    folder = RunFolder(tmp_path)
    assert folder.metrics() == []
    for step in (5, 10, 15):
        folder.add_metrics({"step": step, "kl": step / 2})
    with open(tmp_path / "metrics.jsonl", "a") as file:
        file.write('{"step": 20, "k')                         # a crash in the middle of a line
    assert [report["step"] for report in folder.metrics()] == [5, 10, 15]
    folder.rewind_metrics(10)
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [{"step": 5, "kl": 2.5}, {"step": 10, "kl": 5.0}]
