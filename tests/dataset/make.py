"""Tiny data sets in the formats of the real ones."""
import gzip
import io
import struct
import tarfile
import zipfile

import numpy as np
from PIL import Image

FACES = ["5_o_Clock_Shadow", "Eyeglasses", "Smiling"]


def picture(number, height=218, width=178):
    """A smooth picture of its own for each number, (height, width, 3) uint8."""
    rng = np.random.default_rng(number)
    coarse = Image.fromarray(rng.integers(0, 256, (4, 4, 3), np.uint8))
    return np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))


def encoded(pixels, form="PNG"):
    """The bytes of an image file."""
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, form)
    return data.getvalue()


def write_files(folder, files):
    """Writes {path in the folder: bytes or text}."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def write_zip(path, files):
    """A zip archive of {name: bytes}."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def write_tgz(path, files, mode="w:gz"):
    """A gzipped tar archive of {name: bytes}; a value that is a TarInfo is put in as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
            else:
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return path


def write_tar(path, files):
    """A tar archive of {name: bytes}, not compressed."""
    return write_tgz(path, files, "w")


def celeba_images(numbers, folder="img_align_celeba/"):
    """{name: bytes} of aligned images, each its own picture (PNG data, so that pixels can be compared)."""
    return {f"{folder}{number:06d}.jpg": encoded(picture(number)) for number in numbers}


def celeba_attributes(numbers, line_end="\r\n"):
    """list_attr_celeba.txt: count, names, rows; attribute a of image i is 1 if bit a of i is set."""
    bits = range(len(FACES))
    rows = [f"{i:06d}.jpg " + " ".join(f"{1 if i >> a & 1 else -1:2d}" for a in bits) for i in numbers]
    return line_end.join([str(len(rows)), " ".join(FACES) + " ", *rows, ""])


def celeba_partition(parts, line_end="\r\n"):
    """list_eval_partition.txt of {number: 0, 1 or 2}."""
    return "".join(f"{i:06d}.jpg {part}{line_end}" for i, part in parts.items())


def idx(array):
    """The bytes of an IDX file of uint8 numbers."""
    return struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def mnist(train=70, test=8, side=28, classes=10):
    """({name: bytes} of MNIST's four files, not zipped, {part: (images (n, H, W, 1), labels (n,))})."""
    rng, files, parts = np.random.default_rng(train), {}, {}
    for part, name, count in (("train", "train", train), ("test", "t10k", test)):
        images = rng.integers(0, 256, (count, side, side), np.uint8)
        labels = rng.permutation(np.arange(count, dtype=np.uint8) % classes)
        files |= {f"{name}-images-idx3-ubyte": idx(images), f"{name}-labels-idx1-ubyte": idx(labels)}
        parts[part] = images[..., None], labels
    return files, parts


def cifar10(train=3, test=4):
    """({name: bytes} of CIFAR-10's six files, {part: (images (n, 32, 32, 3), labels)}).

    train: how many there are in each of five.
    """
    rng, files, parts = np.random.default_rng(0), {}, {}
    for part, count in [*((f"data_batch_{i}", train) for i in range(1, 6)), ("test_batch", test)]:
        images = rng.integers(0, 256, (count, 32, 32, 3), np.uint8)
        labels = rng.integers(0, 10, count, np.uint8)
        planes = images.transpose(0, 3, 1, 2).reshape(count, -1)
        files[f"{part}.bin"] = np.column_stack([labels, planes]).tobytes()
        parts[part] = images, labels
    return files, parts


def stl10(unlabelled=7, train=3, test=4):
    """({name: bytes} of STL-10's files, {part: (images (n, 96, 96, 3), labels from 0 on, or None)})."""
    rng, files, parts = np.random.default_rng(1), {"class_names.txt": b"airplane\n"}, {}
    for part, count in (("unlabeled", unlabelled), ("train", train), ("test", test)):
        images, labels = rng.integers(0, 256, (count, 96, 96, 3), np.uint8), rng.integers(0, 10, count)
        files[f"{part}_X.bin"] = images.transpose(0, 3, 2, 1).tobytes()       # planes, column after column
        parts[part] = images, None if part == "unlabeled" else labels
        if part != "unlabeled":
            files[f"{part}_y.bin"] = (labels + 1).astype(np.uint8).tobytes()
    return files, parts


def zipped(files):
    """{name: bytes} of files, each gzipped."""
    return {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in files.items()}


def lfw_images(people, side=250, folder="lfw-deepfunneled/"):
    """{name: bytes} of {person: number of images}."""
    return {f"{folder}{person}/{person}_{i:04d}.jpg": encoded(picture(len(person) * 100 + i, side, side))
            for person, count in people.items() for i in range(1, count + 1)}


def lfw_people(folds):
    """people.txt: the number of folds; for each the number of its people, then a row for each person."""
    lines = [str(len(folds))]
    for people in folds:
        lines += [str(len(people)), *(f"{person}\t{count}" for person, count in people.items())]
    return "\n".join(lines) + "\n"


def lfw_attributes(rows, names=("Male", "No Eyewear", "Smiling")):
    """lfw_attributes.txt of {(person, image number): values}; people are written with spaces there."""
    lines = ["# lfw_attributes.txt v1.1", "\t".join(["#", "person", "imagenum", *names])]
    lines += ["\t".join([person.replace("_", " "), str(image), *map(str, values)])
              for (person, image), values in rows.items()]
    return "\n".join(lines) + "\n"
