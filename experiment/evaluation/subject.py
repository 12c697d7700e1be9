"""A finished model beside the images that it is measured on."""
import numpy as np

from dataset import open_dataset
from experiment.compute import compute_all
from experiment.console import say
from experiment.exit import UsageError
from experiment.settings import generator

FEWEST = 10        # images that are held out, for any measure


class Subject:
    """An opened run on a device with the data of its settings: what commands encode, decode and sample.

    A conditional model is told the images' attributes.
    """

    def __init__(self, opened, device):
        self.opened, self.model, self.device = opened, opened.model, device
        self.settings = opened.settings
        self.data, self.cache = self.settings.data, self.settings.cache
        self.is_conditional = bool(self.settings.attribute_names)

    def images(self, attributes=False, data=None):
        """The dataset.Images of the run's data, or of `data`, told as well: those with attributes, or all.

        Raises dataset.DataError; UsageError where they are too few, or are not what the run is told of.
        """
        data, attributes = data or self.data, attributes or self.is_conditional
        images = open_dataset(data, self.settings.image_size, self.cache, limit=self.settings.limit,
                              want_attributes=attributes, skip_broken=self.settings.skip_broken,
                              offline=self.settings.offline, channels=self.settings.channels)
        if len(images.test) < FEWEST:
            raise UsageError(f"{data}: only {len(images.test)} images are held out, at least {FEWEST} are "
                             "needed: use more data (--data)")
        if self.is_conditional and images.test.attribute_names != self.settings.attribute_names:
            raise UsageError(f"--data {data}: has other attributes than the run is told: give the data it "
                             "was trained on")
        dropped = images.train.dropped + images.test.dropped
        left_out = f"; {dropped:,} without attributes left out" if dropped else ""
        say(f"{'with attributes' if attributes else 'data'}: {images.name}, {len(images.train):,} training "
            f"images, {len(images.test):,} held out{left_out}")
        return images

    def told(self, split, count):
        """The arrays, in a tuple, that a conditional model is told of a split's first images; else ()."""
        return (split.attributes[:count],) if self.is_conditional else ()

    def encode(self, split, count, what, sampled=False):
        """z (n, Z) of a split's first images: posterior means, or a draw from each image's posterior."""
        told = self.told(split, count)

        def batch(rows):
            return split.pictures(rows), *(array[rows] for array in told)

        if not sampled:
            return compute_all(self.model.encode, batch, count, self.device, what)
        mean, log_var = compute_all(self.model.posterior, batch, count, self.device, what)
        return mean + np.exp(log_var / 2) * generator(0, what).standard_normal(mean.shape, np.float32)

    def decode(self, z, what, told=()):
        """Images of z (n, Z) of the posterior, and of what a conditional model is `told`."""
        return self._images_of(self.model.decode, z, what, told)

    def samples(self, z, what="samples", told=()):
        """Images of z (n, Z) of the prior, and of what a conditional model is `told`."""
        return self._images_of(self.model.sample, z, what, told)

    def prior(self, count, purpose, seed=0):
        """z (count, Z) drawn from N(0, I)."""
        return generator(seed, purpose).standard_normal((count, self.model.z_size), np.float32)

    def about(self):
        """What results are told to belong to."""
        return {"model": str(self.opened.source), "step": self.opened.step, "script": self.settings.script,
                "data": str(self.data), "image_size": self.settings.image_size}

    def _images_of(self, function, z, what, told):
        def batch(rows):
            return z[rows], *(array[rows] for array in told)

        return compute_all(function, batch, len(z), self.device, what)
