"""What a file is, by its name and by how it begins."""
from pathlib import PurePosixPath

HEAD = 64                       # bytes that tell what a file is

PICTURES = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".avif",
            ".jp2", ".ppm", ".pgm", ".pbm", ".pnm"}
# Photos in formats that are not read here. Pictures all the same, so that they are never lost unnoticed.
FOREIGN_PICTURES = {".heic", ".heif", ".jxl", ".cr2", ".cr3", ".nef", ".arw", ".dng", ".raf", ".orf", ".rw2"}
ARCHIVES = {".zip": "a zip archive", ".tar": "a tar archive", ".tgz": "a tar archive", ".gz": "a gzip file",
            ".bz2": "a bzip2 file", ".xz": "an xz file", ".zst": "a Zstandard file", ".7z": "a 7z archive",
            ".001": "a part of an archive", ".rar": "a rar archive"}
TABLES = {".parquet": "a Parquet file", ".arrow": "an Arrow file", ".npy": "a NumPy array",
          ".npz": "a file of NumPy arrays", ".h5": "an HDF5 file", ".hdf5": "an HDF5 file",
          ".mat": "a MATLAB file", ".mdb": "an LMDB database", ".tfrecord": "a TFRecord file",
          ".tfrecords": "a TFRecord file", ".pkl": "a pickle", ".pt": "a PyTorch file",
          ".pth": "a PyTorch file"}
# Known to be no pictures, so that nobody has to look into them.
OTHERS = {".txt", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".xmp", ".md", ".rst", ".html", ".htm", ".yaml",
          ".yml", ".db", ".ini", ".log", ".py", ".ipynb", ".pdf", ".svg", ".eps", ".ps", ".ai", ".psd",
          ".mp4", ".mov", ".avi", ".mkv", ".webm", ".mp3", ".wav", ".lock", ".part", ".caption", ".doc",
          ".docx", ".xlsx", ".lnk"}
# Files of MNIST, CIFAR-10 and STL-10. The latter begin with a pixel, and so can look like anything.
RECORDS = "idx1-ubyte", "idx3-ubyte", ".bin"

# (what it is, how it begins, from which byte on)
_BEGINNINGS = [
    ("JPEG", b"\xff\xd8\xff", 0), ("PNG", b"\x89PNG\r\n\x1a\n", 0), ("GIF", b"GIF8", 0), ("BMP", b"BM", 0),
    ("WebP", b"WEBP", 8), ("TIFF", b"II*\0", 0), ("TIFF", b"MM\0*", 0), ("TIFF", b"II+\0", 0),
    ("TIFF", b"MM\0+", 0), ("JPEG 2000", b"\0\0\0\x0cjP  \r\n\x87\n", 0),
    ("JPEG 2000", b"\xff\x4f\xff\x51", 0),
    *(("PNM", b"P%d" % number, 0) for number in range(1, 7)),
    *(("AVIF", b"ftyp" + brand, 4) for brand in (b"avif", b"avis")),
    *(("HEIC", b"ftyp" + brand, 4)
      for brand in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")),
    ("JPEG XL", b"\xff\x0a", 0), ("JPEG XL", b"\0\0\0\x0cJXL ", 0), ("a video", b"ftyp", 4),
    ("PostScript", b"%!PS", 0), ("PDF", b"%PDF", 0), ("a Photoshop file", b"8BPS", 0),
    ("a zip archive", b"PK\x03\x04", 0), ("a 7z archive", b"7z\xbc\xaf\x27\x1c", 0),
    ("a rar archive", b"Rar!", 0), ("a gzip file", b"\x1f\x8b", 0), ("an xz file", b"\xfd7zXZ", 0),
    ("a Zstandard file", b"\x28\xb5\x2f\xfd", 0),
    ("a bzip2 file", b"BZh", 0), ("a tar archive", b"ustar", 257), ("a Parquet file", b"PAR1", 0),
    ("an Arrow file", b"ARROW1", 0), ("a NumPy array", b"\x93NUMPY", 0), ("an HDF5 file", b"\x89HDF", 0),
    ("a pointer of Git LFS, without the file", b"version https://git-lfs", 0),
]
READ_HERE = {"JPEG", "PNG", "GIF", "BMP", "WebP", "TIFF", "JPEG 2000", "PNM", "AVIF"}
_CONVERT = "which is not read here: convert it to JPEG or PNG"


def kind_of(head):
    """What a file is that begins with `head` (bytes), in words; None where that is not known."""
    if head[4:12] == b"ftypmif1" and b"avif" in head:          # images of either kind may call themselves so
        return "AVIF"
    known = (kind for kind, start, offset in _BEGINNINGS if head.startswith(start, offset))
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head")):
        return "a web page"
    return next(known, None if head else "an empty file")


def is_picture_name(name):
    """Whether a file's name says that it is a picture; None where it says nothing."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in PICTURES or suffix in FOREIGN_PICTURES:
        return True
    known = suffix in OTHERS or suffix in ARCHIVES or suffix in TABLES or name.lower().endswith(RECORDS)
    return False if known else None


def is_picture(head):
    """Whether a file that begins with `head` is a picture, of a kind that is read here or not."""
    return kind_of(head) in READ_HERE | {"HEIC", "JPEG XL"}


def why_no_picture(name, head):
    """Why a picture cannot be read that begins with `head`; None where nothing speaks against it."""
    kind, suffix = kind_of(head), PurePosixPath(name).suffix.lower()
    if kind in ("HEIC", "JPEG XL"):
        return f"{kind}, {_CONVERT}"
    if suffix in FOREIGN_PICTURES:
        return f"{suffix[1:].upper()}, {_CONVERT}"
    return None if kind in READ_HERE else f"not an image that can be read ({kind or 'of no known kind'})"


def kind_of_name(name):
    """What a file is that may hold pictures, by its name; None for others."""
    suffix = PurePosixPath(name).suffix.lower()
    if name.lower().endswith((".tar.gz", ".tar.bz2", ".tar.xz")):
        return "a tar archive"
    return ARCHIVES.get(suffix) or TABLES.get(suffix)


def is_archive_name(name):
    """Whether a file calls itself an archive of a kind that is read here."""
    return kind_of_name(name) in ("a zip archive", "a tar archive")


def advice_for(kind):
    """What to do with a file of this kind that is given as data and is no archive that is read here."""
    if kind in READ_HERE | {"HEIC", "JPEG XL"}:
        return "give the folder that holds it and more pictures"
    if kind in ARCHIVES.values():
        return "unpack it and give the folder"
    if kind in TABLES.values():
        return "save the images in it as picture files, as PNG for one, and give their folder"
    if kind in ("a web page", "a pointer of Git LFS, without the file"):
        return "fetch the file again"
    return "give a folder of pictures, or a zip or tar archive of them"
