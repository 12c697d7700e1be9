"""What a training step of every model runs, reports and moves, beside the same worked by hand."""
from collections import defaultdict

import numpy as np
import pytest

from nets.model import POSTERIOR, PRIOR
from tests.gpuarray.check import assert_close
from tests.nets.by_hand import EPS, Objectives, Z, build, images

# kind, options, and which z take the decoder's path PRIOR; samples are decoded on it, where any do
MODELS = [("vae", {}, ""), ("vae_dis_l", {}, ""), ("gan", {}, "z_p"),
          ("vaegan", dict(fakes="prior"), "z_p"),
          ("vaegan", dict(fakes="reconstructions"), ""),
          ("vaegan", dict(fakes="reconstructions", decode_again=True), ""),
          ("vaegan", dict(fakes="both"), "z_p"),
          ("vaegan", dict(fakes="both", decode_again=True), "z and z_p")]
every_model = pytest.mark.parametrize("kind, options, prior", MODELS, ids=str)


@every_model
def test_running_statistics_follow_one_run_of_each_path(kind, options, prior):
    """Enc on x, Dec on z and on other fakes, Dis on real images and fakes; no other run moves them."""
    model, twin, x = build(kind, **options), build(**options), images()
    by_hand = Objectives(twin, x)
    encoder, decoder, discriminator = twin.networks.values()
    discriminator(np.concatenate([x, by_hand.fakes_now]))
    if kind != "gan":
        encoder(x)
        decoder(by_hand.z, path=POSTERIOR)
    if prior:
        both = np.concatenate([by_hand.z, by_hand.z_p])
        decoder({"z_p": by_hand.z_p, "z and z_p": both}[prior], path=PRIOR)
    model.gradients(x)
    for name, network in model.networks.items():
        assert_close(network.statistics, twin.networks[name].statistics, 1e-10, name)


@every_model
def test_samples_use_the_statistics_of_the_path_that_is_trained_for_them(kind, options, prior):
    model, x = build(kind, **options), images()
    model.step(x)
    decoder, path = model.networks["decoder"], PRIOR if prior else POSTERIOR
    z = np.random.default_rng(7).standard_normal((3, Z))
    assert np.array_equal(model.sample(z), decoder(z, "test", path)[0])
    assert not np.array_equal(model.sample(z), decoder(z, "test", 1 - path)[0])
    if kind == "gan":
        assert model.encode(x) is None and model.reconstruct(x) is None
    else:
        assert np.array_equal(model.reconstruct(x), decoder(model.encode(x), "test", POSTERIOR)[0])


ADVERSARIAL = {"cost_real", "cost_fake", "d_real", "d_fake", "gate_dis", "gate_dec"}


@pytest.mark.parametrize("kind, names", [("vae", {"kl", "pixel_loss"}), ("vae_dis_l", {"kl", "feature_loss"}),
                                         ("gan", ADVERSARIAL),
                                         ("vaegan", {"kl", "feature_loss"} | ADVERSARIAL)])
def test_reported_losses_are_means_over_the_images(kind, names):
    model, x = build(kind), images()
    by_hand = Objectives(build(), x)

    def half_square(a, b):
        return np.sum((a - b) ** 2) / 2 / len(x)

    x_rec = by_hand.decoder(by_hand.z, "batch")[0]
    phase = "test" if kind == "vae_dis_l" else "batch"
    f = by_hand.discriminator.features(np.concatenate([x_rec, x]), phase)[0]
    d = 1 / (1 + np.exp(-by_hand.logits(by_hand.fakes_now)))
    d_real, d_fake = d[:len(x)], d[len(x):]
    wanted = {"kl": by_hand.posterior()[1][0] / len(x), "pixel_loss": half_square(x_rec, x),
              "feature_loss": half_square(*np.split(f, 2)), "d_real": d_real.mean(), "d_fake": d_fake.mean(),
              "cost_real": -np.log(d_real + EPS).mean(), "cost_fake": -np.log(1 - d_fake + EPS).mean(),
              "gate_dis": 1, "gate_dec": 1}
    model.step(x)
    assert model.metrics() == pytest.approx({name: wanted[name] for name in names}, rel=1e-9)
    assert model.metrics() == {}


def test_totals_are_taken_back_by_name():
    """In another order, as an older version may have kept them, and without one of them: that begins at 0."""
    one, other = build("vaegan"), build("vaegan")
    one.step(images())
    steps, totals = one.totals()
    lost = totals.pop("d_fake")
    other.restore(one.state())
    other.restore_totals(steps, dict(reversed(totals.items())))
    assert other.totals() == (steps, totals)
    for model in (one, other):
        model.step(images())
    metrics = one.metrics()
    metrics["d_fake"] -= lost[0] / 2
    assert other.metrics() == pytest.approx(metrics, rel=1e-12)


# ---------------------------------------------------------------------------------------------- gates

@pytest.mark.parametrize("kind", ["gan", "vaegan"])
@pytest.mark.parametrize("gates, stopped", [((1, 1), None), ((0, 1), "discriminator"), ((1, 0), "decoder")])
def test_gates_stop_networks_and_their_optimisers(kind, gates, stopped):
    model = build(kind)
    model.gradients(images())
    model.gates = dict(zip(("discriminator", "decoder"), np.array(gates, float).reshape(2, 1)))
    before = model.state()
    model.update()
    after = model.state()
    for name, network in model.networks.items():
        for key in ("parameters", "ms"):
            assert np.array_equal(before[f"{name}/{key}"], after[f"{name}/{key}"]) == (name == stopped)
        assert not network.gradients.any()


@pytest.mark.parametrize("kind", ["gan", "vaegan"])
@pytest.mark.parametrize("non_saturating", [False, True])
# Both costs are near log 2.
@pytest.mark.parametrize("gate, gates", [((2.0, 1.0), [0, 1]), ((0.1, 0.2), [1, 0])])
def test_a_closed_gate_of_dis_saves_its_gradient_and_no_other(gate, gates, non_saturating, kind):
    gated, free = (build(kind, gate=gate, non_saturating=non_saturating) for gate in (gate, None))
    for model in (gated, free):
        model.gradients(images())
    assert [float(gate[0]) for gate in gated.gates.values()] == gates
    free.networks["discriminator"].gradients *= gates[0]
    for name, network in free.networks.items():
        assert np.array_equal(gated.networks[name].gradients, network.gradients)


# ---------------------------------------------------------------------------------------- steps and states

def rmsprop(g, kept, t):
    """[released code] decay 0.9, eps 1e-8."""
    kept["ms"] = 0.9 * kept["ms"] + 0.1 * g**2
    return g / (np.sqrt(kept["ms"]) + 1e-8)


def adam(g, kept, t):
    """[Kingma & Ba 2015] beta2 0.999, eps 1e-8; [ours] beta1 0.5."""
    kept["m"], kept["v"] = 0.5 * kept["m"] + 0.5 * g, 0.999 * kept["v"] + 0.001 * g**2
    return kept["m"] / (1 - 0.5**t) / (np.sqrt(kept["v"] / (1 - 0.999**t)) + 1e-8)


@pytest.mark.parametrize("formula", [rmsprop, adam])
def test_steps_follow_the_formula_and_all_weights_but_those_of_the_latent_heads_decay(formula):
    rate, decay = 2**-10, 0.1           # a rate that float32 holds exactly
    model = build(optimiser=formula.__name__, weight_decay=decay, learning_rate=rate)
    kept = {name: defaultdict(float) for name in model.networks}
    for t in (1, 2):
        wanted = {}
        model.gradients(images())       # those that the step will find
        for name, network in model.networks.items():
            for layer in network.layers:
                if layer.name != "latent":
                    layer.weights.gradient += decay * layer.weights.value
            wanted[name] = network.parameters - rate * formula(network.gradients, kept[name], t)
            network.gradients[...] = 0
        model.step(images())
        for name, network in model.networks.items():
            assert_close(network.parameters, wanted[name], 1e-12, f"{name} after step {t}")


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
    model, other = build(), build("gan")
    before = model.state()
    with pytest.raises(ValueError, match="encoder/parameters is missing"):
        model.restore(other.state())
    assert all(np.array_equal(before[name], value) for name, value in model.state().items())
