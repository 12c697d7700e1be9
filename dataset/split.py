"""An opened set of images: memory-mapped pixels to train and to test with."""
import zlib
from dataclasses import dataclass

import numpy as np

import gpuarray
from dataset.augment import Augmentation, unmoved

DIGESTED_BYTES = 1 << 28         # of the pixels of a split


@dataclass
class Split:
    """A part of the images.

    images           (n, P, P, C) uint8, read-only: pictures, each a crop with a margin around it
    margin           its width in pixels
    scale            pixels of a picture to one of the images that are sampled from it; 1: they are its crop
    attributes       (n, A) float32, positive where an image has it (LFW: scores, others: -1 or 1); or None
    attribute_names  the A names
    dropped          how many images were left out because they have no attributes
    """
    images: np.ndarray
    margin: int = 0
    scale: float = 1.0
    attributes: np.ndarray = None
    attribute_names: tuple = ()
    dropped: int = 0

    def __len__(self):
        return len(self.images)

    def pictures(self, rows):
        """The images of `rows` (slice or numbers), not augmented: (k, S, S, C) float32 in [-1, 1]."""
        pictures, crop = np.ascontiguousarray(self.images[rows]), self.images.shape[1] - 2 * self.margin
        if self.scale != 1:
            return gpuarray.augment(pictures, unmoved(len(pictures), self.scale), round(crop / self.scale))
        inner = slice(self.margin, self.margin + crop)
        return pictures[:, inner, inner].astype(np.float32) / np.float32(127.5) - np.float32(1)


@dataclass
class Images:
    """An opened set of images.

    name          that of its reader in dataset.readers, or 'folder'
    size          side S of its images
    train, test   Splits; `train` holds larger pictures where augmentation moves them
    notes         lines to print: what was assumed, left out or made again
    augmentation  Augmentation of its training images; None: none
    crop          how its pictures are cut, a name in CROPS
    skipped       the broken pictures that were left out, a line each
    """
    name: str
    size: int
    train: Split
    test: Split
    notes: list
    augmentation: Augmentation | None = None
    crop: str = "centre"
    skipped: tuple = ()

    @property
    def channels(self):
        """How many channels its images have."""
        return self.test.images.shape[-1]

    @property
    def digest(self):
        """Digits that stand for the pixels; of very many images, for those of evenly spread ones."""
        checksum = 0
        for rows in (self.train.images, self.test.images):
            for row in rows[::-(-rows.nbytes // DIGESTED_BYTES) or 1]:
                checksum = zlib.crc32(row, checksum)
        return f"{checksum:08x}"
