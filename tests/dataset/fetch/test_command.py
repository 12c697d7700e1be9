"""python -m dataset fetch."""
import os
import signal
import subprocess
import sys
import time

import pytest

from dataset.__main__ import main
from dataset.cache import default_folder
from dataset.fetch.download import Downloader
from tests.dataset.fetch.misbehaving import IMAGES, asked, names, silent, whole

# ------------------------------------------------------------------------------------------------ the command

def run(capsys, *arguments):
    """(exit status, lines on stdout, lines on stderr)"""
    code = main(list(map(str, arguments)))
    out, err = capsys.readouterr()
    return code, out.splitlines(), err.splitlines()


def test_command_says_what_it_does(sets, capsys, tmp_path):
    folder = tmp_path / "faces"
    assert run(capsys, "fetch", "faces", "--cache", tmp_path) == (0, [
        f"fetching list.txt (4 kB) from 127.0.0.1 into {folder}",
        f"fetching images.zip from 127.0.0.1 into {folder}", f"faces: lies in {folder}"], [])
    assert names(folder) == {"list.txt", "images.zip"}
    assert run(capsys, "fetch", "faces", "--cache", tmp_path) == (0, [f"faces: lies in {folder}"], [])
    assert run(capsys, "fetch", "faces", "--cache", tmp_path, "--attributes")[0] == 0
    assert "attributes.txt" in names(folder)


def test_names_do_not_command_the_terminal(sets, capsys, tmp_path):
    command = ["fetch", "faces", "--cache", tmp_path / "a\x1b[2Jb\udcff"]
    code, out, _ = run(capsys, *command)
    assert code == 0 and len(out) == 3 and all(line.isprintable() for line in out)
    code, _, err = run(capsys, *command, "--attributes", "--offline")
    assert code == 2 and len(err) == 1 and err[0].isprintable()


def test_command_uses_the_folder_where_data_looks(sets, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    assert run(capsys, "fetch", "faces")[0] == 0
    assert names(default_folder() / "faces") == {"list.txt", "images.zip"}
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run(capsys, "fetch", "faces", "--cache", "~/mine")[0] == 0
    assert names(tmp_path / "mine" / "faces") == {"list.txt", "images.zip"}


@pytest.mark.parametrize("arguments, line", [
    (["fetch"], "the following arguments are required: set"), ([], "arguments are required: fetch"),
    (["fetch", "imagenet"], "invalid choice: 'imagenet'"), (["fetch", "faces", "--fast"], "--fast"),
    (["fetch", "faces", "--cache", "~nobody-of-this-name/x"], "--cache ~nobody-of-this-name/x"),
    (["fetch", "faces", "--offline"], "nothing is fetched (--offline")])
def test_wrong_use_is_one_line(sets, capsys, monkeypatch, tmp_path, arguments, line):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    code, out, err = run(capsys, *arguments)
    assert code == 2 and out == [] and len(err) == 1 and err[0].startswith("error: ") and line in err[0]


def test_command_interrupted_is_one_line_and_goes_on(sets, server, capsys, tmp_path, monkeypatch):
    server.plan["/images.zip"] = [whole(IMAGES, 70_000, silent)]
    read = Downloader._chunks

    def interrupted(*arguments):
        for chunk in read(*arguments):
            yield chunk
            if (tmp_path / "faces" / "list.txt").exists():
                raise KeyboardInterrupt

    monkeypatch.setattr(Downloader, "_chunks", interrupted)
    code, _, err = run(capsys, "fetch", "faces", "--cache", tmp_path)
    assert (code, err) == (130, ["interrupted: what has come is kept; the same command goes on from there"])
    part = tmp_path / "faces" / "images.zip.part"
    assert IMAGES.startswith(part.read_bytes())
    monkeypatch.setattr(Downloader, "_chunks", read)
    server.plan["/images.zip"] = [whole(IMAGES)]
    assert run(capsys, "fetch", "faces", "--cache", tmp_path)[0] == 0
    assert (tmp_path / "faces" / "images.zip").read_bytes() == IMAGES


# ------------------------------------------------------------------------------------------------- processes

PROCESS = """
import signal, sys
import dataset.__main__
from dataset.fetch.addresses import SETS, File, Need
signal.signal(signal.SIGINT, signal.default_int_handler)        # which a program in the background ignores
{prepare}
SETS["faces"] = (Need((File(*{file!r}),)),)
sys.exit(dataset.__main__.main(["fetch", "faces", "--cache", {cache!r}]))
"""


def process(one, cache, prepare="", stdout=subprocess.PIPE):
    """A process that fetches the set that consists of one File."""
    arguments = (one.name, one.checksum, one.sources, one.size)
    code = PROCESS.format(prepare=prepare, file=arguments, cache=str(cache))
    return subprocess.Popen([sys.executable, "-c", code], stdout=stdout, stderr=subprocess.PIPE, text=True)


def until(condition):
    for _ in range(30_000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("waited in vain")


def test_two_processes_fetch_once(server, serve, tmp_path):
    waiting = []

    def when_both_are_there(handler):
        until(lambda: waiting)
        whole(IMAGES)(handler)

    one = serve("images.zip", IMAGES, when_both_are_there)
    first = process(one, tmp_path)
    until(lambda: server.asked)
    second = process(one, tmp_path)
    waiting.append(second.stdout.readline())
    outputs = [program.communicate(timeout=60) for program in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0] and [err for _, err in outputs] == ["", ""]
    assert waiting == [f"another process is fetching into {tmp_path / 'faces'}: waiting for it\n"]
    assert asked(server) == ["images.zip"] and names(tmp_path / "faces") == {"images.zip"}
    assert all(out.endswith(f"faces: lies in {tmp_path / 'faces'}\n") for out, _ in outputs)


POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")


@POSIX
@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_process_that_is_stopped_keeps_what_came(server, serve, tmp_path, number, code):
    one = serve("images.zip", IMAGES, whole(IMAGES, 70_000, silent))
    program = process(one, tmp_path)
    part = tmp_path / "faces" / "images.zip.part"
    until(lambda: part.exists() and part.stat().st_size > 0)
    program.send_signal(number)
    _, err = program.communicate(timeout=60)
    assert program.returncode == code and len(err.splitlines()) == (number == signal.SIGINT)
    assert IMAGES.startswith(part.read_bytes()) and part.stat().st_size > 0
    server.plan["/images.zip"] = [whole(IMAGES)]
    program = process(one, tmp_path)
    assert program.communicate(timeout=60)[1] == "" and program.returncode == 0
    assert (part.parent / "images.zip").read_bytes() == IMAGES and server.asked[-1][1] is not None


@POSIX
def test_disk_full_in_the_middle_is_one_line_and_goes_on(server, serve, tmp_path):
    one = serve("images.zip", IMAGES, size=False)
    program = process(one, tmp_path, "from resource import *; setrlimit(RLIMIT_FSIZE, (60000, 60000))")
    _, err = program.communicate(timeout=60)
    folder = tmp_path / "faces"
    assert program.returncode == 2 and err == (
        f"error: {folder}: cannot be written (File too large): make room there or name another folder with "
        "--cache; what has come is kept\n")
    assert names(folder) == {"images.zip.part"}
    assert process(one, tmp_path).wait(60) == 0
    assert (folder / "images.zip").read_bytes() == IMAGES and server.asked[-1][1] == "bytes=60000-"


@POSIX
def test_screen_that_is_gone_stops_nothing(serve, tmp_path):
    one = serve("images.zip", IMAGES)
    with open("/dev/full", "w") as full:
        program = process(one, tmp_path, stdout=full)
        assert program.communicate(timeout=60)[1] == "" and program.returncode == 0
    assert names(tmp_path / "faces") == {"images.zip"}
