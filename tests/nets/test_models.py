"""VAE, VAE_Dis_l and GAN: gradients by finite differences."""
import numpy as np
import pytest

import gpuarray as ga
import nets
from nets.model import POSTERIOR, PRIOR
from tests.gpuarray.check import check_gradient

Z, SIZE, EPS = 5, 32, 1e-3


def networks(dtype=np.float64, width=0.06):
    rng = np.random.default_rng(0)
    options = dict(width=width, dtype=dtype)
    return (nets.encoder(SIZE, Z, rng, **options), nets.decoder(SIZE, Z, rng, **options),
            nets.discriminator(SIZE, rng, **options))


def images(n=4):
    return np.random.default_rng(1).uniform(-1, 1, (n, SIZE, SIZE, 3))


def along(network, objective):
    def value(parameters):
        kept, network.parameters[...] = network.parameters.copy(), parameters
        result = objective()
        network.parameters[...] = kept
        return result
    return value


@pytest.mark.parametrize("name", ["encoder", "decoder"])
@pytest.mark.parametrize("similarity", ["pixels", "discriminator"])
def test_vae_gradients(similarity, name):
    encoder, decoder, discriminator = networks()
    options = dict(seed=3, learning_rate=1e-3)
    model = (nets.VAE(encoder, decoder, Z, **options) if similarity == "pixels"
             else nets.FeatureVAE(encoder, decoder, discriminator, Z, **options))
    x = images()
    noise = model.noise(len(x), POSTERIOR)

    def objective():
        z, kl = ga.reparametrise(encoder(x, "batch")[0], noise, model.log_var_bound)
        x_rec = decoder(z, "batch")[0]
        if similarity == "pixels":
            return kl[0] + np.sum((x_rec - x) ** 2) / 2
        features = [discriminator.features(images, "test")[0] for images in (x_rec, x)]
        return kl[0] + np.sum((features[0] - features[1]) ** 2) / 2

    model.gradients(x)
    network = model.networks[name]
    check_gradient(along(network, objective), network.gradients.copy(), network.parameters.copy(),
                   np.random.default_rng(2), tolerance=2e-5)


def test_the_fixed_discriminator_of_vae_dis_l_stays_as_it_is():
    encoder, decoder, discriminator = networks()
    before = discriminator.parameters.copy(), discriminator.statistics.copy()
    model = nets.FeatureVAE(encoder, decoder, discriminator, Z, seed=0, learning_rate=1e-3)
    model.step(images())
    assert np.array_equal(before[0], discriminator.parameters) and np.array_equal(before[1], discriminator.statistics)
    assert not discriminator.gradients.any() and "discriminator" not in model.networks


@pytest.mark.parametrize("name", ["decoder", "discriminator"])
@pytest.mark.parametrize("non_saturating", [False, True])
def test_gan_gradients(non_saturating, name):
    _, decoder, discriminator = networks()
    model = nets.GAN(decoder, discriminator, Z, real_weight=0.33, eps=EPS, gate=None, non_saturating=non_saturating,
                     seed=3, learning_rate=1e-3)
    x = images()
    n, z_p = len(x), model.noise(len(x), PRIOR)
    fixed_fakes = decoder(z_p, "batch")[0]

    def probabilities(fakes):
        return 1 / (1 + np.exp(-discriminator(np.concatenate([x, fakes]), "batch")[0]))

    def cost(fakes):
        d = probabilities(fakes)
        return -0.33 * np.log(d[:n] + EPS).sum() - 0.67 * np.log(1 - d[n:] + EPS).sum()

    def objective():
        if name == "discriminator":
            return cost(fixed_fakes)
        fakes = decoder(z_p, "batch")[0]
        return -np.log(probabilities(fakes)[n:] + EPS).sum() if non_saturating else -cost(fakes) / 0.67

    model.gradients(x)
    network = model.networks[name]
    check_gradient(along(network, objective), network.gradients.copy(), network.parameters.copy(),
                   np.random.default_rng(2), tolerance=2e-5)
