"""Importance-weighted VAEs with either likelihood and planar flows: gradients, bounds, learning."""
import numpy as np
import pytest
from scipy.special import logsumexp

import gpuarray as ga
import nets
from nets.importance import _OBSERVED, _SAMPLES
from tests.gpuarray import likelihoods as plain
from tests.gpuarray.check import assert_close, check_gradient
from tests.gpuarray.processes import in_processes
from tests.nets.by_hand import along

Z, SHAPE = 3, (6, 6, 2)
CASES = {"vae": ("bernoulli", 1, 0), "gaussian": ("gaussian", 1, 0), "iwae": ("bernoulli", 4, 0),
         "flow": ("bernoulli", 1, 2), "all": ("gaussian", 3, 2)}


def build(likelihood="bernoulli", samples=1, flows=0, seed=3, dtype=np.float64, hidden=8, **options):
    rng, likelihood = np.random.default_rng(0), nets.LIKELIHOODS[likelihood]()
    numbers = *SHAPE[:2], SHAPE[2] * likelihood.numbers
    encoder = nets.mlp(SHAPE, (hidden,), 2 * Z, rng, dtype=dtype)
    decoder = nets.mlp(Z, (hidden,), numbers, rng, dtype=dtype, paths=2)
    flow = nets.Flow(Z, flows, rng, dtype=dtype) if flows else None
    return nets.ImportanceVAE(encoder, decoder, Z, likelihood, samples, flow, seed=seed,
                              **dict(learning_rate=1e-3) | options)


def images(n=4):
    return np.random.default_rng(1).uniform(-1, 1, (n, *SHAPE))


def bound_by_hand(model, x):
    """log mean_k p(x, z_k) / q(z_k|x), summed over the images, written out; the mean of log q(z) / p(z)."""
    encoder, decoder = model.networks["encoder"], model.networks["decoder"]
    if isinstance(model.likelihood, nets.LIKELIHOODS["bernoulli"]):
        x = ga.binarise(x, model.seed, model.noise_counter, _OBSERVED)
    log_w, log_ratios = [], []
    h = encoder((x + 1) / 2, "test")[0]
    for k in range(model.samples):
        noise = model.noise(len(x), _SAMPLES + k)
        log_var = 8 * np.tanh(h[:, Z:] / 8)
        z = h[:, :Z] + np.exp(log_var / 2) * noise
        log_ratio = plain.log_q(h, noise, 8.0)
        for layer in model.flow.layers if model.flow else ():
            z, log_det = plain.flow(z, *(parameter.value for parameter in layer.parameters))
            log_ratio -= log_det
        log_ratio -= -0.5 * np.sum(np.log(2 * np.pi) + z**2, axis=1)
        numbers = decoder(z, "test")[0]
        loss = (plain.bernoulli(numbers, x) if model.likelihood.numbers == 1
                else plain.gaussian(numbers, x, 8.0))
        log_w.append(-loss - log_ratio)
        log_ratios.append(log_ratio)
    return np.sum(logsumexp(log_w, axis=0) - np.log(model.samples)), np.mean(log_ratios)


@pytest.mark.parametrize("name", ["encoder", "decoder", "flow"])
@pytest.mark.parametrize("case", CASES)
def test_gradients_and_what_is_reported(case, name):
    model, x = build(*CASES[case]), images()
    if name not in model.networks:
        assert case not in ("flow", "all")
        return
    model.gradients(x)
    network = model.networks[name]
    check_gradient(along(network, lambda: -bound_by_hand(model, x)[0]), network.gradients.copy(),
                   network.parameters.copy(), np.random.default_rng(2), tolerance=2e-5)
    bound, kl = bound_by_hand(model, x)
    model.add_up_reports()
    model._steps = 1
    assert model.metrics() == {"bound": pytest.approx(bound / len(x)), "kl": pytest.approx(kl)}


def test_more_samples_raise_the_bound_and_approach_the_evidence():
    """A decoder that does not look at z: log p(x) is known, and every importance weight is p(z) / q(z|x)."""
    model = build()
    for layer in model.networks["decoder"].layers:
        layer.weights.value[...] = 0
    model.networks["encoder"].layers[-1].weights.value[...] *= 0.6       # a posterior not far from the prior
    x, draws = model.observe(images(2), model.noise_counter), 2000
    log_p, log_ratio, _ = model.log_weights(x, np.random.default_rng(4).standard_normal((draws, 2, Z)))
    bounds = [ga.importance_bound((log_p - log_ratio).reshape(samples, -1))[0].mean()
              for samples in (1, 10, draws)]
    evidence = -np.log(2) * x[0].size
    assert bounds[0] + 0.1 < bounds[1] < bounds[2] == pytest.approx(evidence, abs=0.05)


@pytest.mark.parametrize("case", CASES)
def test_learns_to_describe_images_it_has_not_seen(case):
    """Images of two kinds: the bound rises by far more than the spread of its draws, at the median of five
    steps: in single ones a variance that has become too small can cost 200 nats."""
    rng = np.random.default_rng(5)
    kinds = np.where(rng.uniform(size=(2, *SHAPE)) < 0.5, -0.95, 0.95)
    x, unseen = kinds[rng.integers(2, size=64)], kinds[rng.integers(2, size=32)]
    model = build(*CASES[case], learning_rate=5e-3, optimiser="adam", hidden=32)
    bounds = [model.test_metrics(unseen)["test_bound"]]
    for step in range(1, 151):
        model.step(x)
        if step > 100 and step % 10 == 0:
            bounds.append((after := model.test_metrics(unseen))["test_bound"])
    gain = 30 if model.likelihood.numbers == 1 else 150                  # nats; seen: 40, and 202 and more
    assert np.median(bounds[1:]) > bounds[0] + gain
    assert model.test_metrics(unseen) == after                           # the same draws each time


def test_pictures():
    for case in CASES:
        model, x = build(*CASES[case]), images()
        z = model.encode(x)
        assert model.reconstruct(x).shape == model.sample(z).shape == x.shape
        if model.likelihood.numbers == 1:
            assert np.abs(model.reconstruct(x)).max() < 1
        assert np.array_equal(model.decode(z), model.sample(z)) == (model.flow is None)


def test_state_holds_the_flow_and_resumes_bit_by_bit():
    model, other = build("bernoulli", 2, 2), build("bernoulli", 2, 2)
    model.step(images())
    other.restore(model.state())
    for either in (model, other):
        either.step(images())
    assert "flow/parameters" in model.state()
    for name, array in model.state().items():
        assert np.array_equal(array, other.state()[name]), name


def test_several_processes_end_as_one():
    def trained(group=ga.ALONE):
        model = build("bernoulli", 2, 2)
        model.join(group)
        for _ in range(3):
            model.step(np.ascontiguousarray(images()[group.part]))
        return model.state(), model.metrics()

    state, metrics = trained()
    for other, other_metrics in in_processes(3, lambda communicator: trained(ga.Group(communicator, 4))):
        assert other_metrics == pytest.approx(metrics, rel=1e-9)
        for name, array in state.items():
            assert_close(other[name], array, 1e-8, name)
