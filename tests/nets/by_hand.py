"""Tiny models in float64, and the scalars that they descend as plain forward runs."""
import numpy as np

import gpuarray as ga
import nets
from nets.model import POSTERIOR, PRIOR

Z, SIZE = 5, 32
GAMMA, EPS = 0.3, 1e-3
LOG_VAR_BOUND = 8.0       # [ours]


def build(kind="vaegan", **options):
    """A model of the kind; all kinds start from the same networks and draw the same noise."""
    rng, parts = np.random.default_rng(0), dict(width=0.06, dtype=np.float64)
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

    def __init__(self, model, x):
        self.model, self.x, self.n = model, x, len(x)
        self.encoder, self.decoder, self.discriminator = model.networks.values()
        self.noise, self.z_p = model.noise(self.n, POSTERIOR), model.noise(self.n, PRIOR)
        self.z = self.posterior()[0]
        f = self.features()
        self.df = f[:self.n] - f[self.n:]            # Dis_l(x) and the loss's gradient, frozen
        self.fakes_now = self.fakes()

    def posterior(self):
        return ga.reparametrise(self.encoder(self.x, "batch")[0], self.noise, LOG_VAR_BOUND)

    def features(self, z=None):
        x_rec = self.decoder(self.z if z is None else z, "batch")[0]
        return self.discriminator.features(np.concatenate([x_rec, self.x]))[0]

    def llike(self, z=None):
        """Linear in the features, the gradient a - b its frozen factor: what is descended, as defined."""
        return np.sum(self.df * self.features(z)[:self.n])

    def encoder_objective(self):
        z, kl = self.posterior()
        return kl[0] + self.llike(z)

    def fakes(self):
        def decode(z):
            return self.decoder(z, "batch")[0]

        if self.model.fakes == "prior":
            return decode(self.z_p)
        if self.model.fakes == "reconstructions":
            return decode(self.z)
        if self.model.decode_again:
            return decode(np.concatenate([self.z, self.z_p]))
        return np.concatenate([decode(self.z), decode(self.z_p)])

    def weights(self):
        if self.model.real_weight is None:
            return 1.0, 1.0
        return self.model.real_weight, (1 - self.model.real_weight) * self.n / len(self.fakes_now)

    def logits(self, fakes):
        return self.discriminator(np.concatenate([self.x, fakes]), "batch")[0]

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
            against = -np.log(d[self.n:] + EPS).sum()
        else:
            against = -self.gan(self.fakes()) / self.weights()[1]
        return self.model.gamma * self.llike() + (1 - self.model.gamma) * against
