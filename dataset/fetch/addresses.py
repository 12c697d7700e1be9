"""Where the image sets' own files are: the one table of addresses, sizes and checksums.

Taken from the sources of well-kept loaders: torchvision, TensorFlow Datasets, Keras, scikit-learn, DeepPy.
This project's tests fetch nothing from them. (?) marks what those loaders do not confirm either. A file that
is not the one meant never gets past its checksum.
"""
from dataclasses import dataclass

from dataset.fetch.disk import in_words


@dataclass(frozen=True)
class File:
    """One file of a set.

    name       what it is called in the set's folder
    checksum   "md5:..." or "sha256:...", in hexadecimal digits
    sources    https addresses, tried in turn
    size       bytes, or None where nobody states them
    page       where a person gets it with a browser; '' where no such page is known to work
    """
    name: str
    checksum: str
    sources: tuple = ()
    size: int | None = None
    page: str = ""

    def __str__(self):
        return f"{self.name} ({in_words(self.size)})" if self.size else self.name


@dataclass(frozen=True)
class Need:
    """A part of a set that one file provides.

    files       any one of them will do; the first that can be had is fetched
    present     patterns of names that provide it as well, in the set's folder or up to two folders deeper
    attributes  it is needed only where attributes are used
    otherwise   what happens without it; '' where it is required
    instead     what else a person may put into the folder
    """
    files: tuple
    present: tuple = ()
    attributes: bool = False
    otherwise: str = ""
    instead: str = ""


def _drive(number):
    """The sources and the page of a file on Google Drive. Large ones come after a form has been confirmed."""
    base = "https://drive.usercontent.google.com/download"
    return dict(sources=(f"{base}?id={number}&export=download&confirm=t",
                         f"https://drive.google.com/uc?id={number}&export=download"),
                page=f"https://drive.google.com/file/d/{number}/view")


def _figshare(number):
    """The sources and the page of a file on Figshare, which answers 403 or 202 to some programs."""
    return dict(sources=(f"https://ndownloader.figshare.com/files/{number}",
                         f"https://api.figshare.com/v2/file/download/{number}"),
                page=f"https://figshare.com/ndownloader/files/{number}")


def _site(*addresses):
    """The sources and the page of a file that lies openly on a web server."""
    return dict(sources=addresses, page=addresses[0])


def _single(name, checksum, size=None, present=(), **where):
    """A Need that just this file provides, or what is found under one of the names `present`."""
    return Need((File(name, checksum, size=size, **where),), present)


def _mnist(sums, *places):
    """The needs of an image set in MNIST's four files: `sums` are {how a file's name begins: its MD5}."""
    return tuple(_single(f"{name}-ubyte.gz", f"md5:{md5}", present=(f"{name.replace('-idx', '?idx')}-ubyte",),
                         **_site(*(f"{place}{name}-ubyte.gz" for place in places)))
                 for name, md5 in sums.items())


_LFW = "https://vis-www.cs.umass.edu/lfw/"              # (?) its name has not resolved since early 2025
_KAGGLE_CELEBA = "archive.zip of https://www.kaggle.com/datasets/jessicali9530/celeba-dataset"
_KAGGLE_LFW = "archive.zip of https://www.kaggle.com/datasets/jessicali9530/lfw-dataset"

CELEBA_ATTRIBUTES = File(
    "list_attr_celeba.txt", "md5:75e246fa4810816ffd6ee81facbd244c", size=26_721_026,
    **_drive("0B7EVK8r0v71pblRyaVFSWGxPY0U"))
CELEBA_PARTITION = File(
    "list_eval_partition.txt", "md5:d32c9cbf5e040fd4025c592c306e6668", size=2_836_386,
    **_drive("0B7EVK8r0v71pY0NSMzRuSXJEVkk"))
CELEBA_IMAGES = File(
    "img_align_celeba.zip", "md5:00d2c5bc6d35e252742224ab0c1e8fcb", size=1_443_490_838,
    **_drive("0B7EVK8r0v71pZjFTYXZWM3FlRnM"))

LFW_ATTRIBUTES = File(
    "lfw_attributes.txt", "md5:a68c039ac854fd966fe4bdc36674b98f",
    **_site("https://www.cs.columbia.edu/CAVE/databases/pubfig/download/lfw_attributes.txt"))          # (?)
LFW_DEEPFUNNELED = File(
    "lfw-deepfunneled.tgz", "md5:68331da3eb755a505a502b5aacb3c201", (_LFW + "lfw-deepfunneled.tgz",))
LFW_FUNNELED = File(
    "lfw-funneled.tgz", "sha256:b47c8422c8cded889dc5a13418c4bc2abbda121092b3533a83306f90d900100a",
    **_figshare(5976015))
LFW_ORIGINAL = File(
    "lfw.tgz", "sha256:055f7d9c632d7370e6fb4afc7468d40f970c34a80d4c6f50ffec63f5a8d536c0",
    **_figshare(5976018))
LFW_PEOPLE = File(
    "people.txt", "md5:450f0863dd89e85e73936a6d71a3474b", (_LFW + "people.txt",), 94_770)

_LFW_LISTS = (
    Need((LFW_ATTRIBUTES,), ("lfw_attributes.*",), attributes=True),
    Need((LFW_PEOPLE,), ("people.*",),
         otherwise="a tenth of the people will be held out for testing, not the official tenth"))

# The needs of each set, small files first, so that what fails fails soon.
SETS = {
    "celeba": (
        Need((CELEBA_PARTITION,), ("list_eval_partition.*", "archive.zip"), instead=_KAGGLE_CELEBA),
        Need((CELEBA_ATTRIBUTES,), ("list_attr_celeba.*", "archive.zip"), attributes=True,
             instead=_KAGGLE_CELEBA),
        Need((CELEBA_IMAGES,), ("img_align_celeba*", "archive.zip"), instead=_KAGGLE_CELEBA)),
    "lfw": (
        *_LFW_LISTS,
        Need((LFW_DEEPFUNNELED, LFW_FUNNELED),
             ("lfw*funneled*", "lfw*.t*gz", "lfw*.tar", "lfw*.zip", "archive.zip", "*_*/*_0001.jpg"),
             instead=_KAGGLE_LFW)),
    "lfw-original": (*_LFW_LISTS, Need((LFW_ORIGINAL,), ("lfw",))),          # as found, not aligned
    "mnist": _mnist(
        {"train-labels-idx1": "d53e105ee54ea40749a09fcbcd1e9432",
         "t10k-labels-idx1": "ec29112dd5afa0611ce80d1b7f02629c",
         "t10k-images-idx3": "9fb629c4189551a2d022fa330f9573f3",
         "train-images-idx3": "f68b3c2dcbeaaa9fbdd348bbdeb94873"},
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/"),
    "fashion_mnist": _mnist(
        {"train-labels-idx1": "25c81989df183df01b3e8a0aad5dffbe",
         "t10k-labels-idx1": "bb300cfdad3c16e7a12a480ee83cd310",
         "t10k-images-idx3": "bef4ecab320f06d8554ea6380940ec79",
         "train-images-idx3": "8d4fb7e6c68d591d4c3dfef9ec88bf0d"},
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"),
    "cifar10": (_single(
        "cifar-10-binary.tar.gz", "sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        170_052_171, ("cifar-10-binary*", "data_batch_1.bin"),
        **_site("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz")),),
    "stl10": (_single(
        "stl10_binary.tar.gz", "md5:91f7769df0f17e558f3565bffb0c7dfb", 2_640_397_119,
        ("stl10_binary*", "test_X.bin"),
        **_site("https://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz")),),
}
