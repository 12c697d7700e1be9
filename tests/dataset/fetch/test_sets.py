"""Whole sets: the table, what is fetched, what is said."""
import hashlib
import itertools
import os
import shutil
from argparse import Namespace

import pytest

from dataset import DataError
from dataset.fetch import SETS, addresses, fetch
from dataset.fetch.addresses import Need
from dataset.fetch.download import Downloader
from tests.dataset.fetch.misbehaving import IMAGES, LIST, asked, names, status


def quiet():
    return Downloader(progress=False, say=lambda line: None, sleep=lambda seconds: None)


# ------------------------------------------------------------------------------------------------ the table

def test_every_file_of_the_table_has_what_it_needs():
    files = [file for needs in SETS.values() for need in needs for file in need.files]
    assert {"celeba", "lfw", "mnist", "cifar10", "stl10"} < set(SETS) and len(files) > 12
    for one in files:
        kind, _, digits = one.checksum.partition(":")
        assert len(bytes.fromhex(digits)) == hashlib.new(kind).digest_size
        assert one.sources and all(source.startswith("https://") for source in one.sources)
        assert os.path.basename(one.name) == one.name
    for need in itertools.chain.from_iterable(SETS.values()):      # by hand, all that is required can be had
        assert need.otherwise or any(one.page.startswith("https://") for one in need.files)


def test_drive_and_figshare_addresses():
    assert addresses.CELEBA_IMAGES.page.endswith("/d/0B7EVK8r0v71pZjFTYXZWM3FlRnM/view")
    assert all("id=0B7EVK8r0v71pZjFTYXZWM3FlRnM&" in source for source in addresses.CELEBA_IMAGES.sources)
    assert addresses.LFW_FUNNELED.sources[0] == "https://ndownloader.figshare.com/files/5976015"


@pytest.mark.parametrize("name, files", [
    ("celeba", ["img_align_celeba.zip", "list_eval_partition.txt"]),
    ("celeba", ["Img/img_align_celeba/", "Eval/list_eval_partition.txt"]), ("celeba", ["archive.zip"]),
    ("celeba", ["img_align_celeba_png/", "list_eval_partition.csv"]),
    ("lfw", ["people.txt", "lfw-deepfunneled.tgz"]), ("lfw", ["people.txt", "lfw_funneled/"]),
    ("lfw", ["people.csv", "lfw.tgz"]), ("lfw", ["people.txt", "archive.zip"]),
    ("lfw", ["people.txt", "Al_Bo/Al_Bo_0001.jpg"]), ("lfw", ["lfw64.zip"]),
    ("lfw", ["lfw/Al_Bo/Al_Bo_0001.jpg"]),
    ("cifar10", ["cifar-10-batches-bin/data_batch_1.bin"]), ("stl10", ["stl10_binary/test_X.bin"]),
    ("mnist", [f"raw/{part}-ubyte" for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3",
                                                "t10k-labels-idx1")]),
    ("fashion_mnist", ["train-images.idx3-ubyte", "train-labels-idx1-ubyte.gz", "t10k-images.idx3-ubyte",
                       "x/t10k-labels-idx1-ubyte"])])
def test_what_is_there_in_another_form_is_not_missing(tmp_path, name, files):
    for one in files:
        (tmp_path / one).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / one).mkdir() if one.endswith("/") else (tmp_path / one).touch()
    assert fetch(name, tmp_path, offline=True) == tmp_path


def test_offline_says_what_to_put_where(tmp_path):
    (tmp_path / "img_align_celeba.zip.part").touch()
    with pytest.raises(DataError) as failure:
        fetch("celeba", tmp_path, offline=True)
    drive, kaggle = "https://drive.google.com/file/d/", "https://www.kaggle.com/datasets/jessicali9530/"
    assert str(failure.value) == (
        "celeba: nothing is fetched (--offline, --dry-run): with a browser get "
        f"list_eval_partition.txt (2.84 MB) from {drive}0B7EVK8r0v71pY0NSMzRuSXJEVkk/view, and "
        f"img_align_celeba.zip (1.44 GB) from {drive}0B7EVK8r0v71pZjFTYXZWM3FlRnM/view "
        f"(or archive.zip of {kaggle}celeba-dataset), put it into {tmp_path}, and start again")
    with pytest.raises(DataError, match="get lfw-funneled.tgz from .*/5976015 .or archive.zip of .*lfw-data"):
        fetch("lfw", tmp_path, offline=True)
    with pytest.raises(DataError, match=r"list_attr_celeba.txt \(26.7 MB\)"):
        fetch("celeba", tmp_path, attributes=True, offline=True)


# -------------------------------------------------------------------------------------------------- fetching

def test_only_what_is_needed_is_fetched(sets, server, tmp_path):
    folder = tmp_path / "cache" / "faces"
    assert fetch("faces", folder, downloader=quiet()) == folder
    assert asked(server) == ["list.txt", "images.zip"]
    fetch("faces", folder, downloader=quiet())
    assert len(server.asked) == 2
    fetch("faces", folder, attributes=True, downloader=quiet())
    assert asked(server)[2:] == ["attributes.txt"]
    assert (folder / "images.zip").read_bytes() == IMAGES and (folder / "list.txt").read_bytes() == LIST
    assert names(folder) == {"list.txt", "attributes.txt", "images.zip"}


def test_failure_names_all_that_is_missing(sets, server, tmp_path):
    server.plan["/images.zip"] = [status(403)]
    with pytest.raises(DataError) as failure:
        fetch("faces", tmp_path / "faces", downloader=quiet())
    assert str(failure.value) == (
        "faces: images.zip cannot be fetched (127.0.0.1 refuses access (403)): with a browser get images.zip "
        "from https://site/images.zip (or an archive.zip), "
        f"put it into {tmp_path / 'faces'}, and start again")
    assert names(tmp_path / "faces") == {"list.txt"}


def test_another_file_does_as_well(sets, serve, tmp_path):
    gone = serve("better.zip", b"better", status(404))
    sets["faces"] = (Need((gone, *sets["faces"][2].files)),)
    said = []
    fetch("faces", tmp_path / "faces", downloader=Downloader(progress=False, say=said.append))
    assert names(tmp_path / "faces") == {"images.zip"}
    assert said[1] == (
        "better.zip cannot be fetched (127.0.0.1 no longer has it (404)): images.zip will do as well")


def test_file_that_only_helps_stops_nobody(sets, serve, tmp_path):
    gone = serve("people.txt", b"people", status(403))
    sets["faces"] = (Need((gone,), otherwise="nobody is known"), *sets["faces"])
    said = []
    fetch("faces", tmp_path, downloader=Downloader(progress=False, say=said.append))
    assert said[1] == ("people.txt cannot be fetched (127.0.0.1 refuses access (403)): nobody is known, "
                       f"unless you put it into {tmp_path}")
    assert {"list.txt", "images.zip"} <= names(tmp_path)
    assert fetch("faces", tmp_path, offline=True) == tmp_path


@pytest.mark.parametrize("free, needed, asks", [
    (2999, "3 kB", []), (3000, "120 kB", ["list.txt", "images.zip"])])     # which is unknown before
def test_disk_too_small_is_said_before_it_is_full(sets, server, tmp_path, monkeypatch, free, needed, asks):
    (tmp_path / "list.txt.part").write_bytes(LIST[:1000])
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Namespace(free=free))
    with pytest.raises(DataError, match=f"has room for 3 kB, but {needed} must come: make room there"):
        fetch("faces", tmp_path, downloader=quiet())
    assert asked(server) == asks


def test_folder_that_is_a_file(sets, server, tmp_path):
    (tmp_path / "faces").touch()
    with pytest.raises(DataError, match=r"faces: cannot be written \(File exists\)"):
        fetch("faces", tmp_path / "faces", downloader=quiet())
