"""--data celeba and --data lfw: what is missing is fetched when it is needed."""
import os
import signal
import subprocess
import sys

import pytest

from dataset import DataError, attribute_names, held_out_attributes, open_all, open_dataset
from dataset.fetch.addresses import SETS, Need
from tests.dataset.fetch.misbehaving import asked, names, silent, whole
from tests.dataset.fetch.test_command import until
from tests.dataset.make import (
    celeba_attributes, celeba_images, celeba_partition, lfw_images, write_files, write_tgz, write_zip)
from tests.scripts.scripts import ENVIRONMENT, ROOT, TINY

PARTS = {i: 0 if i <= 12 else 2 for i in range(1, 16)}
LIST, FACES = celeba_partition(PARTS).encode(), celeba_attributes(PARTS).encode()
ALL = ["list_eval_partition.txt", "list_attr_celeba.txt", "img_align_celeba.zip"]


@pytest.fixture
def celeba(serve, tmp_path, monkeypatch):
    """A tiny CelebA in place of the real one; the content of its archive."""
    images = write_zip(tmp_path / "zip", celeba_images(PARTS)).read_bytes()
    lists, faces, packed = (serve(name, content) for name, content in zip(ALL, (LIST, FACES, images)))
    monkeypatch.setitem(SETS, "celeba", (
        Need((lists,), ("list_eval_partition.*", "archive.zip")),
        Need((faces,), ("list_attr_celeba.*", "archive.zip"), attributes=True),
        Need((packed,), ("img_align_celeba*", "archive.zip"), instead="an archive.zip")))
    return images


def opened(cache, **options):
    return open_dataset("celeba", 16, cache, progress=False, **options)


def test_only_what_is_used_is_fetched_and_once(celeba, server, tmp_path):
    for _ in range(2):
        images = opened(tmp_path)
    assert (len(images.train), len(images.test)) == (12, 3)                   # the official parts
    assert len(open_all("celeba", 16, cache=tmp_path, progress=False)[0]) == 15
    assert asked(server) == [ALL[0], ALL[2]]
    assert opened(tmp_path, want_attributes=True).train.attributes.shape == (12, 3)
    assert asked(server) == [ALL[0], ALL[2], ALL[1]] and names(tmp_path / "celeba") == set(ALL)


@pytest.mark.parametrize("ask", [
    attribute_names, lambda data, cache: held_out_attributes(data, 16, cache)])
def test_attributes_alone_are_fetched_too(celeba, server, tmp_path, ask):
    ask("celeba", tmp_path)
    assert sorted(asked(server)) == sorted(ALL)


def test_offline_fetches_nothing_and_says_what_to_put_where(celeba, server, tmp_path):
    for ask in (opened, lambda cache, offline: open_all("celeba", 16, cache=cache, offline=offline),
                lambda cache, offline: attribute_names("celeba", cache, offline)):
        with pytest.raises(DataError, match=f"img_align_celeba.zip .* put it into {tmp_path}/celeba, and"):
            ask(tmp_path, offline=True)
    assert server.asked == []
    write_files(tmp_path / "celeba", {ALL[0]: LIST, ALL[2]: celeba})
    assert len(opened(tmp_path, offline=True).test) == 3


def test_what_is_elsewhere_is_never_fetched(server, celeba, tmp_path):
    path = write_files(tmp_path / "mine", celeba_images(PARTS))
    assert open_dataset(path, 16, tmp_path / "cache", progress=False).name == "celeba"
    assert server.asked == []


def test_archives_of_kaggle_are_taken_as_they_come(celeba, server, tmp_path):
    files = celeba_images(PARTS, "img_align_celeba/img_align_celeba/")
    rows = [line.replace(" ", ",") for line in LIST.decode().splitlines()]
    files["list_eval_partition.csv"] = "\n".join(["image_id,partition", *rows]).encode()
    write_zip(tmp_path / "celeba/archive.zip", files)
    assert len(opened(tmp_path).test) == 3
    write_zip(tmp_path / "lfw/archive.zip",
              lfw_images({"Li_Wu": 2, "Al_Bo": 1}, folder="lfw-deepfunneled/lfw-deepfunneled/"))
    assert open_dataset("lfw", 16, tmp_path, progress=False, offline=True).name == "lfw"
    assert server.asked == []


def test_what_lies_there_is_something_else(celeba, tmp_path):
    write_zip(tmp_path / "celeba/archive.zip", {"a.png": b""})
    with pytest.raises(DataError, match="celeba: what lies there is not celeba: put img_align_celeba.zip"):
        opened(tmp_path)


def test_what_lies_there_is_damaged(tmp_path):
    write_tgz(tmp_path / "lfw/lfw-deepfunneled.tgz", lfw_images({"Li_Wu": 2, "Al_Bo": 1}))
    archive = tmp_path / "lfw/lfw-deepfunneled.tgz"
    archive.write_bytes(archive.read_bytes()[:1000])
    with pytest.raises(DataError, match="lfw-deepfunneled.tgz: cannot be read .*: fetch or unpack it again"):
        open_dataset("lfw", 16, tmp_path, progress=False, offline=True)


# -------------------------------------------------------------------------------------------- whole scripts

PROCESS = """
import runpy, signal, sys
from dataset.fetch.addresses import SETS, File, Need
signal.signal(signal.SIGINT, signal.default_int_handler)        # which a program in the background ignores
SETS["celeba"] = tuple(Need((File(*file),)) for file in {files!r})
sys.argv = {arguments!r}
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def start(cache, *arguments, host=None):
    """A process of a script that trains on the set of `celeba`, or on one on another host."""
    files = [need.files[0] for need in SETS["celeba"] if not need.attributes]
    files = [(file.name, file.checksum, (host,) if host else file.sources, file.size, file.page)
             for file in files]
    typed = [str(ROOT / "celeba_vae.py"), *TINY, "--data", "celeba", "--epochs", "1", "--cache", str(cache),
             *map(str, arguments)]
    typed[1:3] = []                                                          # the other --data
    return subprocess.Popen([sys.executable, "-c", PROCESS.format(files=files, arguments=typed)], cwd=ROOT,
                            env=ENVIRONMENT | dict(os.environ), stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def test_two_scripts_that_start_together_fetch_once(celeba, server, tmp_path):
    both = []
    server.plan["/" + ALL[2]] = [lambda handler: (until(lambda: both), whole(celeba)(handler))]
    first = start(tmp_path, "--out", tmp_path / "1")
    until(lambda: len(server.asked) == 2)
    second = start(tmp_path, "--out", tmp_path / "2")
    shown = ""
    while "another process is fetching" not in shown:
        shown = second.stdout.readline()
        assert shown
    both.append(True)
    for run, process in ((1, first), (2, second)):
        out, err = process.communicate(timeout=300)
        assert (process.returncode, err) == (0, "") and "data: celeba, 12 images to train with, 3" in out
        assert (tmp_path / str(run) / "index.html").exists()
    assert asked(server) == [ALL[0], ALL[2]]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_script_that_is_stopped_while_it_fetches_goes_on_there(celeba, server, tmp_path, number):
    server.plan["/" + ALL[2]] = [whole(celeba, 3000, silent)]
    process, part = start(tmp_path, "--out", tmp_path / "run"), tmp_path / "celeba" / f"{ALL[2]}.part"
    until(lambda: part.exists() and part.stat().st_size > 0)
    process.send_signal(number)
    err = process.communicate(timeout=60)[1]
    assert (process.returncode, err) == (
        128 + number, "interrupted: what has come is kept; the same command goes on from there\n")
    assert part.read_bytes() == celeba[:3000] and not (tmp_path / "run").exists()


@pytest.mark.parametrize("offline, words", [
    (["--offline"], "celeba: nothing is fetched (--offline"),
    ([], "list_eval_partition.txt cannot be fetched (nowhere.invalid cannot be found: no network, or")])
def test_a_script_without_a_network_says_what_to_put_where(celeba, server, tmp_path, offline, words):
    process = start(tmp_path, "--out", tmp_path / "run", *offline, host="https://nowhere.invalid/x")
    err = process.communicate(timeout=60)[1]
    assert process.returncode == 2 and err.startswith("error: ") and err.count("\n") == 1
    assert words in err and f"from https://site/{ALL[0]}" in err and f"put it into {tmp_path}/celeba" in err
    assert not (tmp_path / "run").exists()
