"""VAE, VAE_Dis_l and GAN: gradients by finite differences."""
import numpy as np
import pytest

import gpuarray as ga
import nets
from nets.model import POSTERIOR, PRIOR
from tests.gpuarray.check import check_gradient
from tests.nets.by_hand import EPS, LOG_VAR_BOUND, SIZE, along, attributes_of, build, images


@pytest.mark.parametrize("name", ["encoder", "decoder"])
@pytest.mark.parametrize("kind", ["vae", "vae_dis_l", "vae_dis_l raw"])
def test_vae_gradients(kind, name):
    if kind == "vae_dis_l raw":
        check_vae(build("vae_dis_l", standardise=False), kind, name, images())
        return
    check_vae(build(kind), kind, name, images())


@pytest.mark.parametrize("name", ["encoder", "decoder"])
def test_vae_gradients_with_another_sigma(name):
    check_vae(build("vae", sigma=2.0), "vae", name, images())


def test_pixel_loss_is_that_of_the_likelihood():
    losses = []
    for sigma in (1.0, 2.0):
        model = build("vae", sigma=sigma)
        model.step(images())
        losses.append(model.metrics()["pixel_loss"])
    assert losses[0] == pytest.approx(4 * losses[1], rel=1e-12)


@pytest.mark.parametrize("name", ["encoder", "decoder"])
def test_conditional_vae_gradients(name):
    check_vae(build("vae", attributes=4), "vae", name, images(), attributes_of())


def feature_layer(discriminator):
    return next(layer for layer in discriminator.layers if layer.name == discriminator.feature_layer)


def check_vae(model, kind, name, x, attributes=None):
    encoder, decoder = model.networks.values()
    noise = model.noise(len(x), POSTERIOR)
    if kind != "vae":
        for running in feature_layer(model.discriminator).norm.running[0]:
            running += 0.7

    def objective():
        h = encoder(x, "batch", attributes=attributes)[0]
        z, kl = ga.reparametrise(h, noise, LOG_VAR_BOUND)
        x_rec = decoder(z, "batch", attributes=attributes)[0]
        if kind == "vae":
            return kl[0] + np.sum((x_rec - x) ** 2) / 2 * model.weight
        features = [model.discriminator.features(images, "test")[0] for images in (x_rec, x)]
        if model.standardise:
            mean, inv_std = feature_layer(model.discriminator).norm.running[0]
            features = [(f - mean) * inv_std for f in features]
        return kl[0] + np.sum((features[0] - features[1]) ** 2) / 2

    model.gradients(x, attributes)
    network = model.networks[name]
    check_gradient(along(network, objective), network.gradients.copy(), network.parameters.copy(),
                   np.random.default_rng(2), tolerance=2e-5)


def test_the_fixed_discriminator_of_vae_dis_l_stays_as_it_is():
    model = build("vae_dis_l")
    discriminator = model.discriminator
    before = discriminator.parameters.copy(), discriminator.statistics.copy()
    model.step(images())
    for kept, now in zip(before, (discriminator.parameters, discriminator.statistics)):
        assert np.array_equal(kept, now)
    assert not discriminator.gradients.any() and "discriminator" not in model.networks


def test_regressor_gradients_and_that_it_learns_the_attributes():
    rng, x, attributes = np.random.default_rng(0), images(), attributes_of()
    network = nets.regressor(SIZE, 4, rng, width=0.06, dtype=np.float64)
    model = nets.Regressor(network, seed=0, learning_rate=1e-3)

    def objective():
        return np.sum((network(x, "batch")[0] - attributes) ** 2) / 2

    model.gradients(x, attributes)
    check_gradient(along(network, objective), network.gradients.copy(), network.parameters.copy(),
                   np.random.default_rng(2), tolerance=2e-5)
    first = objective()
    for _ in range(60):
        model.step(x, attributes)
    assert objective() < 0.1 * first and model.predict(x).shape == (3, 4)


def test_a_regressor_is_measured_with_running_statistics_and_learns_nothing_by_it():
    x, attributes = images(), attributes_of()
    model = nets.Regressor(nets.regressor(SIZE, 4, np.random.default_rng(0), width=0.06, dtype=np.float64),
                           seed=0, learning_rate=1e-3)
    before = model.state()
    found = model.test_metrics(x, attributes)
    assert found == {"test_attribute_loss": pytest.approx(np.sum((model.predict(x) - attributes) ** 2) / 6)}
    for name, array in model.state().items():
        assert np.array_equal(array, before[name]), name
    alone = np.concatenate([model.predict(one[None]) for one in x])
    assert np.allclose(alone, model.predict(x), rtol=1e-12)                # images do not tell of each other
    assert not model.has_encoder and not model.has_decoder
    assert model.sample(np.zeros((2, 0))) is None and model.reconstruct(x) is None


@pytest.mark.parametrize("name", ["decoder", "discriminator"])
@pytest.mark.parametrize("non_saturating", [False, True])
def test_gan_gradients(non_saturating, name):
    model, x = build("gan", real_weight=0.33, non_saturating=non_saturating), images()
    decoder, discriminator = model.networks.values()
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


# ------------------------------------------------------------------------------------ a finished model

@pytest.mark.parametrize("bound", [LOG_VAR_BOUND, None])
@pytest.mark.parametrize("kind", ["vae", "vaegan"])
def test_the_posterior_is_what_training_samples_from(kind, bound):
    model, x = build(kind, log_var_bound=bound), images()
    mean, log_var = model.posterior(x)
    h = model.networks["encoder"](x, "test")[0]
    noise = model.noise(len(x), POSTERIOR)
    z, _ = ga.reparametrise(h, noise, bound)
    assert np.allclose(mean + np.exp(log_var / 2) * noise, z, rtol=1e-12, atol=1e-14)
    assert np.array_equal(model.encode(x), mean) and np.abs(log_var).max() > 0
    assert np.array_equal(model.reconstruct(x), model.decode(mean))


def test_posterior_and_prior_take_their_own_paths_through_the_decoder():
    model = build("vaegan")
    z = np.random.default_rng(5).standard_normal((2, 5))
    assert np.array_equal(model.sample(z), model.decode(z))
    model.networks["decoder"].statistics[PRIOR] *= 1.5
    assert not np.array_equal(model.sample(z), model.decode(z))


def test_a_gan_has_no_encoder_and_decodes_as_it_samples():
    model = build("gan")
    model.networks["decoder"].statistics[PRIOR] *= 1.5
    z = np.random.default_rng(5).standard_normal((2, 5))
    assert not model.has_encoder and model.posterior(images()) is model.encode(images()) is None
    assert model.reconstruct(images()) is None and np.array_equal(model.sample(z), model.decode(z))
