"""Files that are written completely or not at all."""
import os

import pytest

from dataset import atomic_write


def test_a_file_is_there_when_the_block_has_ended(tmp_path):
    path = tmp_path / "deep" / "er" / "file"
    with atomic_write(path) as file:
        file.write(b"content")
        file.seek(0)
        assert file.read() == b"content" and not path.exists()
    assert path.read_bytes() == b"content"
    with atomic_write(str(path)) as file:
        file.write(b"new")
        assert path.read_bytes() == b"content"
    assert path.read_bytes() == b"new" and list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError("full"), KeyboardInterrupt()])
def test_an_exception_leaves_what_was_there(tmp_path, error):
    path = tmp_path / "file"
    for before in ([], [path]):
        with pytest.raises(type(error)):
            with atomic_write(path) as file:
                file.write(b"half")
                raise error
        assert list(tmp_path.iterdir()) == before
        path.write_bytes(b"old")
    assert path.read_bytes() == b"old"


def test_two_writers_of_one_file_do_not_meet(tmp_path):
    path = tmp_path / "file"
    with atomic_write(path) as first, atomic_write(path) as second:
        first.write(b"first")
        second.write(b"second")
    assert path.read_bytes() == b"first" and list(tmp_path.iterdir()) == [path]       # it ended last


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_the_file_has_the_rights_of_any_other(tmp_path):
    (tmp_path / "other").write_bytes(b"")
    with atomic_write(tmp_path / "file"):
        pass
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_where_no_folder_can_be_made(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError):
        with atomic_write(tmp_path / "file" / "below"):
            pass
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
