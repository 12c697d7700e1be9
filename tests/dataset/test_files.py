"""What counts as a picture in a folder or an archive, and what is never read."""
import gzip
import json
import os
import socket
import zipfile

import pytest

from dataset import DataError, archives, open_dataset, reading
from dataset.errors import printable
from dataset.files import open_files
from tests.dataset.make import encoded, picture, write_files, write_tar, write_tgz, write_zip

PNG = encoded(picture(0, 20, 20))


def faces(count=3):
    return {f"{i}.png": encoded(picture(i, 20, 20)) for i in range(count)}


def opened(path, tmp_path, **options):
    return open_dataset(path, 16, cache=tmp_path / "cache", **options)


BESIDE = {"Thumbs.db": b"\xd0\xcf\x11\xe0", "README": "words", "labels.csv": "a,b", "0.txt": "a caption",
          "dataset.json": "{}", "film.mp4": b"\0\0\0\x18ftypisom", "0.xmp": "<x/>", "index.html": "<html>",
          "@eaDir/0.png/SYNOPHOTO_THUMB_M.jpg": PNG, "face.eps": "%!PS", "none.xyz": ""}


@pytest.mark.parametrize("pack", [write_files, write_zip, write_tgz, write_tar])
def test_what_is_no_picture_is_left_out_and_counted(tmp_path, pack):
    as_bytes = {name: text.encode() if isinstance(text, str) else text for name, text in BESIDE.items()}
    path = pack(tmp_path / "data", {**faces(), "name without ending": PNG, "a.PNG": PNG, "b.jpg_large": PNG,
                                    **as_bytes})
    files = open_files(path, tmp_path / "cache")
    assert files.names == ["0.png", "1.png", "2.png", "a.PNG", "b.jpg_large", "name without ending"]
    assert {name.partition("/")[0] for name in files.others} == {name.partition("/")[0] for name in BESIDE}
    assert "11 files that are no pictures are left out: 0.txt, 0.xmp" in opened(path, tmp_path).notes[0]


def test_what_is_no_regular_file_is_never_opened(tmp_path):
    path = write_files(tmp_path / "data", faces())
    os.mkfifo(path / "pipe.png")
    (path / "endless.png").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as there:
        there.bind(str(path / "socket"))
        assert opened(path, tmp_path).notes[0] == (
            "3 files that are no pictures are left out: endless.png, pipe.png, socket")
    for name in ("pipe.png", "endless.png"):
        with pytest.raises(DataError, match="is not a regular file"):
            reading.read_file(path / name)
        with pytest.raises(DataError, match="is not a regular file"):
            opened(path / name, tmp_path)


def test_linked_folders_are_followed_once(tmp_path):
    path = write_files(tmp_path / "data", {f"a/{name}": content for name, content in faces().items()})
    write_files(tmp_path / "store", {"s.png": PNG})
    (path / "linked").symlink_to(tmp_path / "store")
    (path / "again").symlink_to(path / "a")                      # sorts before what it leads to
    (path / "a/up").symlink_to(path)
    (tmp_path / "store/back").symlink_to(tmp_path / "store")
    assert open_files(path, None).names == ["a/0.png", "a/1.png", "a/2.png", "linked/s.png"]


def test_runs_and_the_cache_inside_the_data_are_never_learned_from(tmp_path):
    run = {"config.json": json.dumps({"script": "celeba_vae", "settings": {}}), "samples/epoch_0001.png": PNG}
    other = {"config.json": json.dumps({"mine": 1}), "x.png": PNG}
    path = write_files(tmp_path / "data", faces())
    write_files(path / "runs/one", run)
    write_files(path / "mine", other)
    write_files(path / "cache/celeba", faces())
    images = open_dataset(path, 16, cache=path / "cache")
    assert len(images.train) + len(images.test) == 4
    assert "1 run of this program left out: runs/one/" in images.notes
    with pytest.raises(DataError, match="is the folder of a run of this program"):
        opened(path / "runs/one", tmp_path)


def test_the_folder_that_may_not_be_read_is_the_one_named(tmp_path, monkeypatch):
    path = write_files(tmp_path / "data", {**faces(), "lost+found/x.png": PNG})
    whole = os.scandir

    def scandir(place):
        if str(place).rstrip("/").endswith("lost+found"):
            raise PermissionError(13, "Permission denied", str(place))
        return whole(place)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(DataError, match=r"data/lost\+found: cannot be read \(Permission denied\): check"):
        opened(path, tmp_path)


@pytest.mark.parametrize("name, content, complaint", [
    ("faces.zip", None, "but a zip archive .faces.zip.: give .*data/faces.zip itself, or unpack it"),
    ("faces.7z", b"7z", "but a 7z archive .*: unpack it and give the folder"),
    ("faces.part1.rar", b"Rar!", "but a rar archive"),
    ("train.parquet", b"PAR1", "but a Parquet file .*: save the"),
    ("x.npy", b"\x93NUMPY", "but a NumPy array"), ("notes.txt", b"x", "holds no pictures, only notes.txt")])
def test_a_folder_without_pictures_says_what_it_holds(tmp_path, name, content, complaint):
    path = tmp_path / "data"
    write_zip(path / name, faces()) if content is None else write_files(path, {name: content})
    with pytest.raises(DataError, match=complaint):
        opened(path, tmp_path)
    write_files(path, faces())
    left_out = "not looked into" if "." in name and name != "notes.txt" else "left out"
    assert left_out in opened(path, tmp_path).notes[0]


@pytest.mark.parametrize("name, content, complaint", [
    ("a.7z", b"7z\xbc\xaf\x27\x1c", "is a 7z archive: unpack it"),
    ("a.rar", b"Rar!\x1a\7", "is a rar archive"),
    ("a.parquet", b"PAR1", "is a Parquet file: save the images"), ("a", b"\x93NUMPY", "is a NumPy array"),
    ("a.heic", b"\0\0\0\x18ftypheic", "is HEIC: give the folder"), ("a.zip", b"<html>", "not a complete zip"),
    ("page", b"<!doctype html>", "is a web page: fetch"),
    ("a.gz", gzip.compress(b"x", mtime=0), "is a gzip file: unpack"),
    ("a.txt", b"words", "is neither a folder nor a zip or tar archive: give a folder")])
def test_a_single_file_is_named_for_what_it_is(tmp_path, name, content, complaint):
    with pytest.raises(DataError, match=complaint):
        opened(write_files(tmp_path, {name: content}) / name, tmp_path)


@pytest.mark.parametrize("data, complaint", [
    ("https://example.org/a.zip", "is an address, not a path: fetch it"), ("faces/*.png", "not a pattern"),
    ("~nobodyhere/faces", "no such user or home folder: give --data a path without ~"),
    ("CelebA", "write celeba, or check the path"),
    ("x" * 5000, "cannot be read .*too long"), ("a\0b", "a.x00b")])
def test_paths_that_lead_nowhere(tmp_path, data, complaint):
    with pytest.raises(DataError, match=complaint):
        opened(data, tmp_path)


def test_home_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write_files(tmp_path / "faces", faces())
    assert len(open_dataset("~/faces", 16, cache="~/cache").train) == 2 and (tmp_path / "cache").is_dir()


def test_names_of_any_bytes_are_read_and_none_reaches_the_terminal_raw(tmp_path):
    path = write_files(tmp_path / "data", faces())
    for name in (b"caf\xe9.png", b"\x1b[31mred\n.png"):
        with open(os.fsencode(path) + b"/" + name, "wb") as file:
            file.write(PNG)
    assert len(opened(path, tmp_path).train) == 4
    with open(os.fsencode(path) + b"/\x1b[2Jbad\xff.png", "wb") as file:
        file.write(b"x")
    with pytest.raises(DataError) as raised:
        opened(path, tmp_path)
    assert r"\x1b[2Jbad\udcff.png" in str(raised.value) and str(raised.value).isprintable()
    assert printable("ä 人 'x'") == "ä 人 'x'"


@pytest.mark.parametrize("method, told", [(9, "Deflate64, as Windows packs large zips"), (77, "method 77")])
def test_a_zip_packed_in_another_way(tmp_path, method, told):
    content = write_zip(tmp_path / "a.zip", faces()).read_bytes()
    for signature, place in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        at = -1
        while (at := content.find(signature, at + 1)) >= 0:
            content = content[:at + place] + bytes([method, 0]) + content[at + place + 2:]
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(DataError, match=f"a.zip: is packed with {told}, which is not read here: unpack it"):
        opened(tmp_path / "a.zip", tmp_path)


def test_a_zip_that_unpacks_to_much_is_not_unpacked(tmp_path, monkeypatch):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        large = {"zeros.png": bytes(1 << 22), "film.png": PNG + bytes(1 << 21)}
        for name, content in {**faces(30), **large}.items():
            archive.writestr(name, content)
    monkeypatch.setattr(reading, "LARGEST_FILE", 1 << 21)
    with pytest.raises(DataError) as raised:
        opened(path, tmp_path)
    assert "larger than any image should be (4 MiB): zeros.png" in str(raised.value)
    assert "larger than any image should be (2 MiB): film.png" in str(raised.value)


@pytest.mark.parametrize("tail", ["zeros", "member"])
def test_a_tar_that_unpacks_to_much_is_not_unpacked(tmp_path, monkeypatch, tail):
    files = {**faces(), **({"zeros": bytes(1 << 22)} if tail == "member" else {})}
    path = write_tgz(tmp_path / "a.tgz", files)
    monkeypatch.setattr(archives, "PADDING", 1 << 20)
    if tail == "zeros":
        path.write_bytes(path.read_bytes() + gzip.compress(bytes(1 << 21)))
    with pytest.raises(DataError, match="a.tgz: cannot be read .it (does not end|unpacks to more)"):
        opened(path, tmp_path)
