"""Where images come from: toyfaces, CelebA, LFW, any folder; cached, augmented, in batches. Knows nothing of networks."""
from dataset.augment import AUGMENTATIONS, Augmentation
from dataset.batches import Batches
from dataset.errors import DataError
from dataset.images import Images, Split, open_dataset

__all__ = ["AUGMENTATIONS", "Augmentation", "Batches", "DataError", "Images", "Split", "open_dataset"]
