"""Tiny models in float64, and the scalars that they descend as plain forward runs."""
import numpy as np

import gpuarray as ga
import nets
from nets.model import POSTERIOR, PRIOR

Z, SIZE = 5, 32
GAMMA, EPS = 0.3, 1e-3
LOG_VAR_BOUND = 8.0       # [ours]


def build(kind="vaegan", attributes=0, **options):
    """A model of the kind; all kinds start from the same networks and draw the same noise."""
    rng, parts = np.random.default_rng(0), dict(width=0.06, dtype=np.float64, attributes=attributes)
    encoder, decoder = nets.encoder(SIZE, Z, rng, **parts), nets.decoder(SIZE, Z, rng, **parts)
    discriminator = nets.discriminator(SIZE, rng, **parts)
    options = dict(seed=3, learning_rate=1e-3) | options
    if kind == "vae":
        return nets.VAE(encoder, decoder, Z, **options)
    if kind == "vae_dis_l":
        return nets.FeatureVAE(encoder, decoder, discriminator, Z, **options)
    options = dict(eps=EPS, gate=None) | options
    if kind == "gan":
        return nets.GAN(decoder, discriminator, Z, **options)
    return nets.VAEGAN(encoder, decoder, discriminator, Z, **dict(gamma=GAMMA) | options)


def images(n=3):
    return np.random.default_rng(1).uniform(-1, 1, (n, SIZE, SIZE, 3))


def attributes_of(n=3, count=4):
    return np.random.default_rng(6).standard_normal((n, count))


def along(network, objective):
    """The objective as a function of the network's parameters."""
    def value(parameters):
        kept, network.parameters[...] = network.parameters.copy(), parameters
        result = objective()
        network.parameters[...] = kept
        return result
    return value


class Objectives:
    """The scalars of Algorithm 1 as plain forward runs, with what the algorithm holds fixed held fixed."""

    def __init__(self, model, x, attributes=None):
        self.model, self.x, self.n, self.attributes = model, x, len(x), attributes
        self.mismatched = model.mismatched and attributes is not None
        self.encoder, self.decoder, self.discriminator = model.networks.values()
        self.noise, self.z_p = model.noise(self.n, POSTERIOR), model.noise(self.n, PRIOR)
        self.z = self.posterior()[0]
        f = self.features()
        self.df = f[:self.n] - f[self.n:]            # Dis_l(x) and the loss's gradient, frozen
        self.fakes_now = self.fakes()

    def posterior(self):
        h = self.encoder(self.x, "batch", attributes=self.attributes)[0]
        return ga.reparametrise(h, self.noise, LOG_VAR_BOUND)

    def features(self, z=None):
        x_rec = self.decode(self.z if z is None else z)
        return self.discriminator.features(np.concatenate([x_rec, self.x]))[0]

    def llike(self, z=None):
        """Linear in the features, the gradient a - b its frozen factor: what is descended, as defined."""
        return np.sum(self.df * self.features(z)[:self.n])

    def encoder_objective(self):
        z, kl = self.posterior()
        return kl[0] + self.llike(z)

    def fakes(self):
        if self.model.fakes == "prior":
            return self.decode(self.z_p)
        if self.model.fakes == "reconstructions":
            return self.decode(self.z)
        if self.model.decode_again:
            return self.decode(np.concatenate([self.z, self.z_p]))
        return np.concatenate([self.decode(self.z), self.decode(self.z_p)])

    def decode(self, z):
        return self.decoder(z, "batch", attributes=self.attributes_of(len(z)))[0]

    def attributes_of(self, rows):
        """The attributes of so many rows, mini-batch after mini-batch."""
        return None if self.attributes is None else np.tile(self.attributes, (rows // self.n, 1))

    def weights(self):
        if self.model.real_weight is None:
            return 1.0, 1.0
        fakes = len(self.fakes_now) + self.n * self.mismatched
        return self.model.real_weight, (1 - self.model.real_weight) * self.n / fakes

    def logits(self, fakes):
        shown, told = [self.x, fakes], [self.attributes_of(self.n), self.attributes_of(len(fakes))]
        if self.mismatched:
            shown.append(self.x)
            told.append(np.roll(self.attributes, -1, axis=0))
        if not self.model.apart:
            shown = [np.concatenate(shown)]
            told = [None if self.attributes is None else np.concatenate(told)]
        return np.concatenate([self.discriminator(images, "batch", attributes=of)[0]
                               for images, of in zip(shown, told)])

    def gan(self, fakes):
        real_weight, fake_weight = self.weights()
        d = 1 / (1 + np.exp(-self.logits(fakes)))
        real, fake = np.log(d[:self.n] + EPS), np.log(1 - d[self.n:] + EPS)
        return -real_weight * real.sum() - fake_weight * fake.sum()

    def discriminator_objective(self):
        return self.gan(self.fakes_now)

    def decoder_objective(self):
        if self.model.non_saturating:
            d = 1 / (1 + np.exp(-self.logits(self.fakes())))
            against = -np.log(d[self.n:self.n + len(self.fakes_now)] + EPS).sum()
        else:
            against = -self.gan(self.fakes()) / self.weights()[1]
        return self.model.gamma * self.llike() + (1 - self.model.gamma) * against
