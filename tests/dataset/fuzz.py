"""Damaged inputs for every reader: each must end in success or in the one line of a DataError.

    python -m tests.dataset.fuzz [COUNT] [READER ...]

tries COUNT inputs (50,000) for each reader and prints the outcomes. tests/dataset/test_fuzz.py tries a few.
"""
import collections
import functools
import io
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from dataset import DataError, cache, celeba, cifar10, lfw, mnist, stl10
from dataset.crop import frame_for
from dataset.decode import decode, quiet_decoders
from dataset.files import open_files
from dataset.source import Place
from tests.dataset.make import (
    celeba_attributes, celeba_partition, encoded, lfw_attributes, lfw_people, picture, write_files, write_tar,
    write_tgz, write_zip, zipped)
from tests.dataset import make

PIECES = [b"\0", b"\xff", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\r", b"\t", b" ", b",",
          b"#", b"1e999", b"nan", b"-1", b"9" * 20, b"\xc2\xb2", b"\xfe\xff", b"PK\1\2", b"<html>"]


def damaged(content, rng):
    """The bytes with a few of them changed, cut out, repeated or put in."""
    content = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 4, 8])):
        start = rng.randrange(len(content) + 1)
        end = min(len(content), start + rng.choice([1, 2, 4, 16, 64]))
        kind = rng.randrange(6)
        if kind <= 1 and start < len(content):
            content[start] = rng.randrange(256)
        elif kind == 2:
            del content[start:end]
        elif kind == 3:
            content[start:start] = content[start:end]
        elif kind == 4:
            content[start:end] = rng.choice(PIECES)
        elif rng.randrange(4) == 0:
            del content[start:]
    return bytes(content)


def pictures():
    """{form: bytes of a small picture file}, in every form and mode that is read."""
    image = Image.fromarray(picture(1, 24, 20))
    exif = Image.Exif()
    exif[0x112], exif[0x10f] = 6, "Maker"
    options = {
        "jpeg": dict(format="JPEG", exif=exif.tobytes()),
        "progressive": dict(format="JPEG", progressive=True),
        "png": dict(format="PNG", exif=exif.tobytes()), "gif": dict(format="GIF"), "bmp": dict(format="BMP"),
        "webp": dict(format="WEBP"), "tiff": dict(format="TIFF"), "ppm": dict(format="PPM"),
        "lzw": dict(format="TIFF", compression="tiff_lzw"), "jpeg2000": dict(format="JPEG2000"),
        "avif": dict(format="AVIF"), "jpeg in tiff": dict(format="TIFF", compression="jpeg")}
    forms = {name: _saved(image, **option) for name, option in options.items()}
    alpha = Image.fromarray(np.dstack([picture(2, 24, 20), picture(3, 24, 20)[..., 0]]))
    forms |= {f"png {mode}": _saved(image.convert(mode), format="PNG") for mode in ("1", "L", "P")}
    forms |= {f"png {mode}": _saved(alpha.convert(mode), format="PNG") for mode in ("LA", "RGBA")}
    forms["png P, transparent"] = _saved(image.convert("P"), format="PNG", transparency=bytes(range(256)))
    forms["jpeg cmyk"] = _saved(image.convert("CMYK"), format="JPEG")
    forms["text ppm"] = b"P3 2 2 255 " + b" ".join(b"%d" % n for n in range(12))
    return forms


def _saved(image, **options):
    file = io.BytesIO()
    image.save(file, **options)
    return file.getvalue()


SMALL = {f"{i}.png": encoded(picture(i, 8, 8)) for i in range(3)} | {"no suffix": encoded(picture(4, 8, 8))}
PARTS = {i: i % 3 for i in range(1, 11)}
PEOPLE = [{"Al_Bo": 2, "Cy_De": 1}, {"Ed_Ox": 2}]
FACES = {(person, number): (0.5, -1, 1) for fold in PEOPLE for person in fold for number in (1, 2)}
ROWS = np.arange(5 * 4 * 4 * 3, dtype=np.uint8).reshape(5, 4, 4, 3)


def read_archive(folder, content):
    (folder / "archive").write_bytes(content)
    files = open_files(folder / "archive", folder / "cache")
    for name, member in files.read(files.names):
        if isinstance(member, bytes):
            decode(member, name)


def read_picture(folder, content):
    decode(content, "picture", random.choice([None, 8]))


def read_cache(folder, content):
    """Must give the right rows, from the file or made again."""
    (path,) = (folder / "cache").iterdir()
    path.write_bytes(content)
    np.testing.assert_array_equal(_cached(folder).rows, ROWS)


def _cached(folder):
    def make():
        yield range(5), ROWS, 0

    return cache.image_rows(folder / "cache", "rows", "x", ROWS.shape, make, progress=False)


def read_list(module, name, folder, content):
    write_files(folder, {name: content})
    source = module.open_source(Place(folder, folder.parent / "cache"))
    source.split()
    attributes = source.attributes()
    attributes.values([name for name in source.names if name in attributes])


def read_records(module, name, folder, content):
    write_files(folder, {name: content})
    source = module.open_source(Place(folder, folder.parent / "cache"))
    source.split()
    for _ in source.pixels.rows(source.names, frame_for("centre", 8), workers=1):
        pass
    attributes = source.attributes()
    attributes.values([name for name in source.names if name in attributes])


def _sources(folder):
    """{reader: (read, [whole inputs])}; `read(folder, content)`, in a folder of its own."""
    celeba_folder = {f"img_align_celeba/{i:06d}.jpg": b"" for i in range(1, 11)}
    celeba_folder |= {"list_eval_partition.txt": celeba_partition(PARTS),
                      "list_attr_celeba.txt": celeba_attributes(range(1, 11))}
    lfw_folder = {f"lfw/{person}/{person}_{number:04d}.jpg": b"" for person, number in FACES}
    lfw_folder |= {"people.txt": lfw_people(PEOPLE), "lfw_attributes.txt": lfw_attributes(FACES)}
    without, (digits, _) = {**celeba_folder}, make.mnist(5, 2, 4)
    labelled, _ = make.stl10(1, 1, 1)
    attributes = without.pop("list_attr_celeba.txt")
    packed = [write_zip(folder / "0/a", SMALL), write_tar(folder / "0/b", SMALL),
              *(write_tgz(folder / "0" / way, SMALL, f"w:{way}") for way in ("gz", "bz2", "xz")),
              write_zip(folder / "0/f", {"list_attr_celeba.txt": attributes})]
    packed = [path.read_bytes() for path in packed]
    for name, files in (("partition", celeba_folder), ("attributes", celeba_folder),
                        ("zip of attributes", without), ("people", lfw_folder), ("scores", lfw_folder),
                        ("idx", digits), ("idx labels", digits), ("zipped idx", zipped(digits)),
                        ("cifar10", make.cifar10(1, 1)[0]), ("stl10", labelled), ("stl10 labels", labelled)):
        write_files(folder / name, files)
    for name in ("zip", "tar", "images", "cache"):
        (folder / name).mkdir()
    _cached(folder / "cache")
    (rows,) = (folder / "cache/cache").iterdir()

    def records(module, place, name):
        return functools.partial(read_records, module, name), [(folder / place / name).read_bytes()]

    def lists(module, name, place, content=None):
        read = functools.partial(read_list, module, name)
        return read, [content or (folder / place / name).read_bytes()]

    return {
        "zip": (read_archive, packed[:1]), "tar": (read_archive, packed[1:5]),
        "images": (read_picture, list(pictures().values())), "cache": (read_cache, [rows.read_bytes()]),
        "partition": lists(celeba, "list_eval_partition.txt", "partition"),
        "attributes": lists(celeba, "list_attr_celeba.txt", "attributes"),
        "zip of attributes": lists(celeba, "list_attr_celeba.zip", "zip of attributes", packed[5]),
        "idx": records(mnist, "idx", "train-images-idx3-ubyte"),
        "idx labels": records(mnist, "idx labels", "t10k-labels-idx1-ubyte"),
        "zipped idx": records(mnist, "zipped idx", "train-images-idx3-ubyte.gz"),
        "cifar10": records(cifar10, "cifar10", "data_batch_2.bin"),
        "stl10": records(stl10, "stl10", "train_X.bin"),
        "stl10 labels": records(stl10, "stl10 labels", "test_y.bin"),
        "people": lists(lfw, "people.txt", "people"), "scores": lists(lfw, "lfw_attributes.txt", "scores")}


class Fuzzer:
    """All readers, in a temporary folder: with Fuzzer() as fuzzer: fuzzer.attempt('zip', rng).

    sources(folder): {reader: (read, [whole inputs])}. refusal: what a reader may raise, in one line.
    """

    def __init__(self, sources=_sources, refusal=DataError):
        self._sources, self._refusal = sources, refusal

    def __enter__(self):
        self._folder = Path(tempfile.mkdtemp())
        self.readers = self._sources(self._folder)
        self._quiet = quiet_decoders()
        self._quiet.__enter__()
        return self

    def __exit__(self, *error):
        self._quiet.__exit__(*error)
        shutil.rmtree(self._folder)

    def attempt(self, reader, rng):
        """Reads one damaged input: 'read' or 'one line'. Whatever else is raised is a fault."""
        read, whole = self.readers[reader]
        try:
            read(self._folder / reader, damaged(rng.choice(whole), rng))
        except self._refusal as error:
            assert "\n" not in str(error)
            return "one line"
        finally:
            if reader == "tar":                                  # lists of names that were remembered
                shutil.rmtree(self._folder / reader / "cache", ignore_errors=True)
        return "read"


def main(fuzzer, count=50_000, *wanted):
    with fuzzer:
        if unknown := set(wanted) - set(fuzzer.readers):
            sys.exit(f"no such reader: {', '.join(sorted(unknown))}; there are {', '.join(fuzzer.readers)}")
        for reader in wanted or fuzzer.readers:
            outcomes, slowest, begun = collections.Counter(), 0, time.perf_counter()
            for seed in range(int(count)):
                started = time.perf_counter()
                try:
                    outcome = fuzzer.attempt(reader, random.Random(seed))
                except Exception as error:
                    kind = type(error).__name__
                    first = f"{kind}, first by seed {seed}: {error}"[:150].split("\n")[0]
                    outcome = next((known for known in outcomes if known.startswith(kind)), first)
                outcomes[outcome] += 1
                slowest = max(slowest, time.perf_counter() - started)
            print(f"{reader}: {dict(outcomes)}, slowest {slowest:.2f} s, "
                  f"all {time.perf_counter() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main(Fuzzer(), *sys.argv[1:])
