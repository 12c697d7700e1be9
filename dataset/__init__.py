"""Where images come from: toyfaces, CelebA, LFW, any folder; cached, augmented, in batches."""
from dataset.augment import AUGMENTATIONS, CELEBA, FLIPS, LFW, Augmentation
from dataset.batches import Batches
from dataset.errors import DataError
from dataset.images import Images, Split, open_dataset

__all__ = ["AUGMENTATIONS", "CELEBA", "FLIPS", "LFW", "Augmentation", "Batches", "DataError", "Images",
           "Split", "open_dataset"]
