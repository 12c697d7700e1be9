"""A finished model beside the images that it is measured on."""
import numpy as np

from dataset import open_dataset
from experiment.compute import compute_all
from experiment.exit import UsageError
from experiment.settings import generator

FEWEST = 10        # images that are held out, for any measure


class Subject:
    """An opened run on a device with its data: what a command encodes, decodes and samples.

    data, cache: other ones than the run's, or None. Raises dataset.DataError, UsageError.
    """

    def __init__(self, opened, device, data=None, cache=None):
        self.opened, self.model, self.device = opened, opened.model, device
        self.settings = opened.settings
        self.data, self.cache = data or self.settings.data, cache or self.settings.cache

    def images(self, attributes=False, data=None):
        """The dataset.Images of the run's data (or `data`), those with attributes or all, told as well."""
        data = data or self.data
        images = open_dataset(data, self.settings.image_size, self.cache, limit=self.settings.limit,
                              want_attributes=attributes)
        if len(images.test) < FEWEST:
            raise UsageError(f"{data}: only {len(images.test)} images are held out, at least {FEWEST} are "
                             "needed: use more data (--data)")
        left_out = images.train.dropped + images.test.dropped
        without = f"; {left_out:,} without attributes left out" if left_out else ""
        print(f"{'with attributes' if attributes else 'data'}: {images.name}, {len(images.train):,} training images, {len(images.test):,} held out{without}",
              flush=True)
        return images

    def encode(self, split, count, what, sampled=False):
        """z (n, Z) of a split's first images: posterior means, or a draw of each image's posterior."""
        if not sampled:
            return compute_all(self.model.encode, split.pictures, count, self.device, what)
        mean, log_var = compute_all(self.model.posterior, split.pictures, count, self.device, what)
        return mean + np.exp(log_var / 2) * generator(0, what).standard_normal(mean.shape, np.float32)

    def decode(self, z, what):
        """Images of z (n, Z) of the posterior."""
        return compute_all(self.model.decode, z.__getitem__, len(z), self.device, what)

    def samples(self, z, what="samples"):
        """Images of z (n, Z) of the prior."""
        return compute_all(self.model.sample, z.__getitem__, len(z), self.device, what)

    def prior(self, count, purpose, seed=0):
        """z (count, Z) drawn from N(0, I)."""
        return generator(seed, purpose).standard_normal((count, self.settings.z_size), np.float32)

    def about(self):
        """What results are told to belong to."""
        return {"model": str(self.opened.source), "step": self.opened.step, "script": self.settings.script,
                "data": str(self.data), "image_size": self.settings.image_size}
