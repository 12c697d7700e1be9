import numpy as np
import pytest

from nets.layers import Conv, Dense, UpConv
from nets.network import Network
from tests.gpuarray.check import check_gradient

LAYERS = {
    "conv": (lambda **o: Conv("c", 3, 5, stride=1, kernel=3, **o), (3, 5, 7, 3)),
    "strided conv": (lambda **o: Conv("c", 2, 6, stride=2, **o), (2, 7, 5, 2)),
    "up-conv": (lambda **o: UpConv("u", 3, 4, **o), (2, 3, 5, 3)),
    "dense": (lambda **o: Dense("d", 30, (2, 2, 3), **o), (4, 5, 6)),
}


def build(make, **options):
    rng = np.random.default_rng(0)
    network = Network([make(**options)], rng, dtype=np.float64)
    layer = network.layers[0]
    for parameter in layer.parameters:       # away from 0 and 1, where mistakes hide
        parameter.value += rng.uniform(0.1, 0.4, parameter.shape)
    if layer.norm:
        layer.norm.running[0][0][...] = 0.3
        layer.norm.running[0][1][...] = 1.7
    return network, layer


@pytest.mark.parametrize("phase", ["batch", "test"])
@pytest.mark.parametrize("options", [
    dict(normalise=normalise, activation=activation)
    for normalise, activation in ((True, "relu"), (True, "linear"), (False, "tanh"), (False, "relu"))],
                         ids=lambda o: f"{'BN' if o['normalise'] else 'bias'}-{o['activation']}")
@pytest.mark.parametrize("kind", LAYERS)
def test_pullback_by_finite_differences(kind, options, phase):
    make, shape = LAYERS[kind]
    network, layer = build(make, **options)
    rng = np.random.default_rng(1)
    x = rng.standard_normal(shape)
    y, pullback = network(x, phase)
    dy = rng.standard_normal(y.shape)
    dx = pullback(dy)
    assert y.shape == (len(x), *layer.output_shape(shape[1:]))
    check_gradient(lambda x: np.sum(dy * network(x, phase)[0]), dx, x, rng)
    for parameter in layer.parameters:
        def run(values, parameter=parameter):
            kept, parameter.value[...] = parameter.value.copy(), values
            result = np.sum(dy * network(x, phase)[0])
            parameter.value[...] = kept
            return result
        check_gradient(run, parameter.gradient, parameter.value.copy(), rng)


@pytest.mark.parametrize("normalise", [True, False])
@pytest.mark.parametrize("kind", LAYERS)
def test_pullback_is_repeatable_and_adds_weighted_gradients(kind, normalise):
    make, shape = LAYERS[kind]
    network, layer = build(make, normalise=normalise)
    rng = np.random.default_rng(2)
    x = rng.standard_normal(shape)
    y, pullback = layer(x)
    dy = rng.standard_normal(y.shape)
    first = pullback(dy)
    once = network.gradients.copy()
    assert np.array_equal(pullback(dy, weight=0), first) and np.array_equal(network.gradients, once)
    assert pullback(dy, weight=-0.5, need_dx=False) is None
    assert np.allclose(network.gradients, 0.5 * once, rtol=1e-12, atol=1e-12) and np.abs(once).max() > 0


@pytest.mark.parametrize("kind", LAYERS)
def test_only_the_train_phase_moves_running_statistics_and_as_in_the_released_code(kind):
    make, shape = LAYERS[kind]
    network, layer = build(make)
    x = np.random.default_rng(3).standard_normal(shape)
    before = network.statistics.copy()
    layer(x, "batch"), layer(x, "test")
    assert np.array_equal(network.statistics, before)
    layer(x, "train")
    a = layer.apply(x.reshape(len(x), -1) if kind == "dense" else x)
    axes, eps = tuple(range(a.ndim - 1)), 1e-5 if kind == "dense" else 1e-6
    mean, inv_std = layer.norm.running[0]
    assert np.allclose(mean, 0.9 * 0.3 + 0.1 * a.mean(axes), rtol=1e-10, atol=1e-12)
    assert np.allclose(inv_std, 0.9 * 1.7 + 0.1 / np.sqrt(a.var(axes) + eps), rtol=1e-10)


def test_a_layer_with_batchnorm_has_no_bias_and_only_weights_decay():
    with_norm, without = LAYERS["conv"][0](), LAYERS["conv"][0](normalise=False)
    assert [p.decayed for p in with_norm.parameters] == [True, False, False] and with_norm.bias is None
    assert [p.decayed for p in without.parameters] == [True, False] and without.norm is None


def test_initial_weights_follow_the_released_code():
    rng = np.random.default_rng(4)
    for layer, fan_in in ((Conv("c", 8, 64), 200), (UpConv("u", 64, 8), 200), (Dense("d", 500, 60), 500)):
        weights = layer.weights.initial(rng)
        bound = 1 / np.sqrt(3 * fan_in)
        assert np.abs(weights).max() <= bound and abs(weights.std() / (bound / np.sqrt(3)) - 1) < 0.02
