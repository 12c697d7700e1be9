"""Where images come from: toyfaces, known image sets, any folder; cached, augmented, in batches."""
from dataset.atomic import atomic_write
from dataset.augment import CELEBA, FLIPS, LFW, Augmentation
from dataset.batches import Batches
from dataset.crop import CROPS
from dataset.errors import DataError
from dataset.images import (
    attribute_names, channels, held_out_attributes, open_all, open_dataset, read_pictures)
from dataset.split import Images, Split

__all__ = ["CELEBA", "CROPS", "FLIPS", "LFW", "Augmentation", "Batches", "DataError", "Images", "Split",
           "atomic_write", "attribute_names", "channels", "open_all", "open_dataset", "read_pictures",
           "held_out_attributes"]
