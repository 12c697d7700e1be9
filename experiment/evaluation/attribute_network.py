"""A network that reads the attributes of images, trained here once for each data set and image size.

Its features, the 128 activations that it reads from, are where images are compared. They are ours: distances
in them are no Inception distances, and only those of one network can be compared.
"""
import zipfile
import zlib
from pathlib import Path

import numpy as np
from tqdm import tqdm

import gpuarray as ga
import nets
from dataset import Batches, DataError, atomic_write
from dataset.cache import default_folder, digest
from experiment import pretrained
from experiment.compute import compute_all
from experiment.pictures import to_bytes
from experiment.settings import generator

# How it is trained. A change makes new networks: the settings are part of the name of the cached file.
SETTINGS = {"version": 1, "width": 0.25, "hidden": 512, "images": 40_000, "batch_size": 64, "adam": 2e-3}


class AttributeNetwork:
    """The attributes that `read` gives, and the features behind them, of images in [-1, 1].

    regressor: a nets.Regressor. names: of the A attributes. mean, std (A,): of the attributes in training, to
    which the regressor's outputs are scaled. device: 'cpu' or 'cuda'. digest: of data and settings.
    """

    def __init__(self, regressor, names, mean, std, device, digest):
        self.regressor, self.names, self.mean, self.std = regressor, tuple(names), mean, std
        self.device, self.digest = device, digest

    def about(self):
        """What results are told to depend on."""
        return {"digest": self.digest, **SETTINGS}

    def read(self, pictures, count, what="attributes read"):
        """(n, A) float32 of `pictures(rows)`, in the data's own units: above 0 where it sees an attribute."""
        return compute_all(self.regressor.predict, pictures, count, self.device, what) * self.std + self.mean

    def features(self, pictures, count, what="features"):
        """(n, 128) float32 of `pictures(rows)`."""
        return compute_all(self.regressor.features, pictures, count, self.device, what)


def attribute_network(images, cache, device):
    """The AttributeNetwork of an opened data set with attributes: from the folder `cache`, from those that
    come with the package, or trained into `cache`.

    Raises dataset.DataError where the folder cannot be written.
    """
    name = _digest(images)
    path = Path(cache or default_folder()) / f"attribute-network-{images.name}-{images.size}-{name}.npz"
    std = images.train.attributes.std(0)
    network = AttributeNetwork(_regressor(images, device), images.train.attribute_names,
                               images.train.attributes.mean(0), np.where(std > 0, std, 1), device, name)
    arrays = network.regressor.networks["regressor"]
    if not any(_load(known, arrays, device) for known in (path, pretrained.FOLDER / path.name)):
        _train(network, images, device)
        try:
            with atomic_write(path) as file:
                np.savez(file, parameters=ga.to_host(arrays.parameters),
                         statistics=ga.to_host(arrays.statistics))
        except OSError as error:
            raise DataError(f"{path.parent}: the attribute network cannot be kept there "
                            f"({error.strerror}): free some space, or choose another folder with --cache"
                            ) from error
    return network


def _digest(images):
    """What stands for the data and the settings that a network is trained by."""
    return digest([SETTINGS, images.size, list(images.train.attribute_names), *_checksums(images.train)])


def _regressor(images, device):
    rng = generator(0, "attribute network")
    network = nets.regressor(images.size, len(images.train.attribute_names), rng, hidden=SETTINGS["hidden"],
                             width=SETTINGS["width"], channels=images.channels, device=device)
    return nets.Regressor(network, seed=0, learning_rate=SETTINGS["adam"], optimiser="adam")


def _train(network, images, device):
    """Adam, its rate falling to 0 along a straight line; the targets have mean 0 and variance 1."""
    size = min(SETTINGS["batch_size"], len(images.train))
    steps = SETTINGS["images"] // size
    batches = Batches(images.train, size, images.size, images.augmentation,
                      generator(0, "attribute network's batches"), device, attributes=True)
    mean, std = (ga.to_device(array, device) for array in (network.mean, network.std))
    for step in tqdm(range(steps), desc="attribute network", unit="step", disable=None):
        network.regressor.learning_rate = SETTINGS["adam"] * (1 - step / steps)
        pictures, attributes = batches.next()
        network.regressor.step(pictures, (attributes - mean) / std)
    batches.close()


def _load(path, network, device):
    """Take what a cached file holds; False where there is none, or it is damaged."""
    try:
        with np.load(path) as file:
            kept = [(getattr(network, name), file[name]) for name in ("parameters", "statistics")]
        fits = all(array.shape == values.shape and np.isfinite(values).all() for array, values in kept)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return False
    if fits:
        network.load(*(ga.to_device(values, device) for _, values in kept))
    return fits


def _checksums(split):
    """What stands for the images and attributes of a split: its length, and CRC-32s of about 1,000 pictures
    and of all attributes. Of the pictures it takes the mean colours of 4 x 4 fields, in steps of 16 grey
    levels: from another processor a pixel in a million is one level off.
    """
    some = to_bytes(split.pictures(np.arange(0, len(split), -(-len(split) // 1000))))
    side = some.shape[1]
    edges = np.arange(4) * side // 4
    sums = np.add.reduceat(np.add.reduceat(some, edges, 1, np.int64), edges, 2)
    means = np.rint(sums / (16 * (side / 4) ** 2)).astype(np.uint8)
    return len(split), zlib.crc32(means), zlib.crc32(split.attributes)
