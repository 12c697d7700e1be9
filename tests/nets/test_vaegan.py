"""Algorithm 1's routing: every gradient against the finite difference of the scalar that it is defined by."""
import numpy as np
import pytest

import gpuarray as ga
import nets
from nets.model import POSTERIOR, PRIOR
from tests.gpuarray.check import check_gradient

Z, SIZE = 5, 32
GAMMA, EPS = 0.3, 1e-3


def build(**options):
    rng = np.random.default_rng(0)
    parts = dict(width=0.06, dtype=np.float64)
    options = dict(gamma=GAMMA, eps=EPS, gate=None, seed=3, learning_rate=1e-3) | options
    return nets.VAEGAN(nets.encoder(SIZE, Z, rng, **parts), nets.decoder(SIZE, Z, rng, **parts),
                       nets.discriminator(SIZE, rng, **parts), Z, **options)


def images(n=3):
    return np.random.default_rng(1).uniform(-1, 1, (n, SIZE, SIZE, 3))


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
        return ga.reparametrise(self.encoder(self.x, "batch")[0], self.noise, self.model.log_var_bound)

    def features(self, z=None):
        x_rec = self.decoder(self.z if z is None else z, "batch")[0]
        return self.discriminator.features(np.concatenate([x_rec, self.x]))[0]

    def llike(self, z=None):
        """Linear in the features, with the gradient a - b as its frozen factor: what is descended, as defined."""
        return np.sum(self.df * self.features(z)[:self.n])

    def encoder_objective(self):
        z, kl = self.posterior()
        return kl[0] + self.llike(z)

    def fakes(self):
        decode = lambda z: self.decoder(z, "batch")[0]
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
        return -real_weight * np.log(d[:self.n] + EPS).sum() - fake_weight * np.log(1 - d[self.n:] + EPS).sum()

    def discriminator_objective(self):
        return self.gan(self.fakes_now)

    def decoder_objective(self):
        if self.model.non_saturating:
            d = 1 / (1 + np.exp(-self.logits(self.fakes())))
            against = -np.log(d[self.n:] + EPS).sum()
        else:
            against = -self.gan(self.fakes()) / self.weights()[1]
        return self.model.gamma * self.llike() + (1 - self.model.gamma) * against


WIRINGS = [dict(fakes="prior", real_weight=0.5), dict(fakes="prior", real_weight=0.33),
           dict(fakes="prior", real_weight=0.5, non_saturating=True),
           dict(fakes="reconstructions", real_weight=0.5), dict(fakes="reconstructions", real_weight=None, decode_again=True),
           dict(fakes="both", real_weight=None), dict(fakes="both", real_weight=0.33, decode_again=True)]


@pytest.mark.parametrize("name", ["encoder", "decoder", "discriminator"])
@pytest.mark.parametrize("wiring", WIRINGS, ids=lambda w: "-".join(map(str, w.values())))
def test_each_network_gets_its_gradient_and_no_other(wiring, name):
    model, x = build(**wiring), images()
    objectives = Objectives(model, x)
    network = model.networks[name]
    model.gradients(x)

    def along(parameters):
        kept, network.parameters[...] = network.parameters.copy(), parameters
        value = getattr(objectives, f"{name}_objective")()
        network.parameters[...] = kept
        return value

    rng = np.random.default_rng(2)
    check_gradient(along, network.gradients.copy(), network.parameters.copy(), rng, tolerance=2e-5)


def test_reported_losses():
    model, x = build(fakes="both", real_weight=0.33), images()
    objectives = Objectives(model, x)
    kl = objectives.posterior()[1][0]
    model.step(x)
    metrics = model.metrics()
    assert np.isclose(metrics["kl"], kl / 3) and np.isclose(metrics["feature_loss"], np.sum(objectives.df**2) / 2 / 3)
    assert set(metrics) == {"kl", "feature_loss", "cost_real", "cost_fake", "d_real", "d_fake", "gate_dis", "gate_dec"}
    assert model.metrics() == {}


def test_running_statistics_follow_one_run_of_each_path():
    """Enc on x, Dec on z and on z_p, Dis on the batch of real images and fakes; no other run may touch them."""
    model, x = build(), images()
    objectives = Objectives(model, x)
    before = {name: network.statistics.copy() for name, network in model.networks.items()}
    model.gradients(x)
    twin = build()
    runs = [("encoder", x, 0), ("decoder", objectives.z, POSTERIOR), ("decoder", objectives.z_p, PRIOR),
            ("discriminator", np.concatenate([x, objectives.fakes_now]), 0)]
    for name, batch, path in runs:
        twin.networks[name](batch, "train", path)
        after = model.networks[name].statistics[path]
        assert np.allclose(after, twin.networks[name].statistics[path], rtol=1e-10)
        assert not np.array_equal(after, before[name][path])


@pytest.mark.parametrize("fakes, path", [("prior", PRIOR), ("both", PRIOR), ("reconstructions", POSTERIOR)])
def test_samples_use_the_statistics_of_the_path_that_dis_judges(fakes, path):
    model, decoder = build(fakes=fakes), build().networks["decoder"]
    model.step(images())
    z = np.random.default_rng(7).standard_normal((3, Z))
    decoder.parameters[...], decoder.statistics[...] = (getattr(model.networks["decoder"], name)
                                                        for name in ("parameters", "statistics"))
    assert np.array_equal(model.sample(z), decoder(z, "test", path)[0])
    assert not np.array_equal(model.sample(z), decoder(z, "test", 1 - path)[0])
    assert np.array_equal(model.reconstruct(images()), decoder(model.encode(images()), "test", POSTERIOR)[0])


@pytest.mark.parametrize("gates, moved", [((1, 1), {"encoder", "decoder", "discriminator"}),
                                          ((0, 1), {"encoder", "decoder"}), ((1, 0), {"encoder", "discriminator"})])
def test_gates_stop_networks_and_their_optimisers(gates, moved):
    model, x = build(), images()
    model.gradients(x)
    model.gates = np.array(gates, float)
    before = {name: value.copy() for name, value in model.state().items()}
    model.update()
    after = model.state()
    for name in model.networks:
        for key in ("parameters", "ms"):
            assert np.array_equal(before[f"{name}/{key}"], after[f"{name}/{key}"]) == (name not in moved)
        assert not model.networks[name].gradients.any()


def test_state_resumes_bit_for_bit():
    x = images(4)
    first, second = build(), build()
    first.step(x)
    first.learning_rate = second.learning_rate = 5e-4
    second.restore(first.state())
    first.step(x), second.step(x)
    for name, value in first.state().items():
        assert np.array_equal(value, second.state()[name])


def test_a_foreign_state_is_refused_and_nothing_changes():
    model, other = build(), nets.GAN(*[build().networks[name] for name in ("decoder", "discriminator")], Z, seed=0,
                                     learning_rate=1e-3)
    before = model.state()
    with pytest.raises(ValueError, match="encoder/parameters is missing"):
        model.restore(other.state())
    assert all(np.array_equal(before[name], value) for name, value in model.state().items())
