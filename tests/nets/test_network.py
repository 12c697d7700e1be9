from unittest import mock

import numpy as np
import pytest

import gpuarray as ga
import nets
from tests.gpuarray.check import check_gradient
from tests.nets.by_hand import along

Z = 6


def tiny(kind, size=32, width=0.06, seed=0, attributes=0, channels=3):
    rng = np.random.default_rng(seed)
    options = dict(width=width, dtype=np.float64, attributes=attributes, channels=channels)
    if kind == "encoder":
        return nets.encoder(size, Z, rng, **options), (size, size, channels)
    if kind == "decoder":
        return nets.decoder(size, Z, rng, **options), (Z,)
    return nets.discriminator(size, rng, **options), (size, size, channels)


@pytest.mark.parametrize("kind", ["encoder", "decoder", "discriminator"])
@pytest.mark.parametrize("size, channels", [*((size, 3) for size in nets.SIZES), (32, 1)])
def test_table_tells_the_shapes_and_counts(kind, size, channels):
    network, shape = tiny(kind, size, channels=channels)
    rows = network.table(shape)
    x = np.random.default_rng(1).standard_normal((2, *shape))
    for layer, (_, shape, count) in zip(network.layers, rows):
        x, _ = layer(x)
        assert x.shape == (2, *shape) and count == sum(p.value.size for p in layer.parameters)
    assert shape == {"encoder": (2 * Z,), "decoder": (size, size, channels), "discriminator": (1,)}[kind]
    assert network.parameter_count == sum(count for _, _, count in rows)


@pytest.mark.parametrize("kind, given", [
    ("encoder", [False, False, True, True]), ("decoder", [True, True, True, False]),
    ("discriminator", [False, False, True, True])])
@pytest.mark.parametrize("phase", ["batch", "test"])
def test_convolutions_hand_on_the_sums_for_the_batchnorm_below(kind, given, phase):
    """From the last layer on; dense ones do not, whose columns are not the channels below."""
    network, shape = tiny(kind)
    with mock.patch.object(ga, "batchnorm_grad", wraps=ga.batchnorm_grad) as gradient:
        y, pullback = network(np.random.default_rng(1).standard_normal((2, *shape)), phase)
        pullback(y)
    assert [len(call.args) == 11 for call in gradient.call_args_list] == (given if phase == "batch" else [])


def test_dense_networks_are_those_of_the_released_code():
    rng = np.random.default_rng(0)
    decoder = nets.mlp(64, (1024, 1024), (28, 28, 1), rng, "relu", normalise=True, output="tanh", paths=2)
    assert [row for row, _, _ in decoder.table((64,))] == [
        "FC 1024, BN, relu", "FC 1024, BN, relu", "FC 28*28*1, tanh"]


def test_signals_and_gradients_do_not_fade_in_networks_of_tanh():
    network = nets.mlp(50, (200, 200, 200), 50, np.random.default_rng(0), dtype=np.float64)
    x, dy = np.random.default_rng(1).standard_normal((2, 100, 50))
    y, pullback = network(0.5 * x)
    assert 0.1 < y.std() < 0.5
    assert 0.5 < pullback(dy).std() < 2


@pytest.mark.parametrize("attributes", [0, 3])
def test_dense_networks_by_finite_differences(attributes):
    rng = np.random.default_rng(0)
    network = nets.mlp((5, 5, 1), (7, 6), (3, 2), rng, "relu", normalise=True, output="tanh",
                       attributes=attributes, dtype=np.float64)
    x, dy = rng.standard_normal((4, 5, 5, 1)), rng.standard_normal((4, 3, 2))
    told = rng.standard_normal((4, attributes)) if attributes else None
    y, pullback = network(x, "batch", attributes=told)
    assert y.shape == (4, 3, 2) and np.abs(y).max() < 1
    dx = pullback(dy)

    def value(x):
        return np.sum(network(x, "batch", attributes=told)[0] * dy)

    check_gradient(value, dx, x, np.random.default_rng(1), tolerance=2e-5)
    check_gradient(along(network, lambda: value(x)), network.gradients.copy(), network.parameters.copy(),
                   np.random.default_rng(2), tolerance=2e-5)


@pytest.mark.parametrize("size, hidden, encoder, side, decoder, discriminator", [
    (32, 1024, (64, 128, 256), 4, (192, 128, 32), (128, 192, 256)),               # [released code], CIFAR-10
    (64, 2048, (64, 128, 256), 8, (256, 128, 32), (128, 256, 256)),               # [paper] Table 1
    (128, 1024, (64, 128, 256, 256), 8, (256, 256, 128, 32), (128, 256, 256, 256)),    # [ours]
])
def test_full_size_networks_are_those_of_table_1(size, hidden, encoder, side, decoder, discriminator):
    rng, image = np.random.default_rng(0), (size, size, 3)
    assert [row for row, _, _ in nets.encoder(size, 128, rng, hidden=hidden).table(image)] == [
        *(f"5x5 conv {channels}, stride 2, BN, relu" for channels in encoder),
        f"FC {hidden}, BN, relu", "FC 256"]
    assert [row for row, _, _ in nets.decoder(size, 128, rng).table((128,))] == [
        f"FC {side}*{side}*256, BN, relu", *(f"5x5 up-conv {channels}, BN, relu" for channels in decoder),
        "5x5 conv 3, tanh"]
    assert [row for row, _, _ in nets.discriminator(size, rng).table(image)] == [
        "5x5 conv 32, relu", *(f"5x5 conv {channels}, stride 2, BN, relu" for channels in discriminator),
        "FC 512, BN, relu", "FC 1"]


@pytest.mark.parametrize("size, shape", [(32, (8, 8, 12)), (64, (8, 8, 16)), (128, (16, 16, 16))])
def test_features_are_the_linear_output_of_dis_l(size, shape):
    network, image = tiny("discriminator", size)
    x = np.random.default_rng(2).standard_normal((2, *image))
    f, _ = network.features(x)
    assert f.shape == (2, *shape)
    assert f.min() < 0        # read before the rectifier
    for layer in network.layers[:[layer.name for layer in network.layers].index(network.feature_layer)]:
        x, _ = layer(x, "batch")
    assert np.array_equal(f, network.layers[3 if size > 32 else 2].apply(x))


@pytest.mark.parametrize("phase", ["batch", "test"])
@pytest.mark.parametrize("kind", ["encoder", "decoder", "discriminator", "features"])
def test_whole_networks_by_finite_differences(kind, phase):
    network, shape = tiny(kind)
    run = network.features if kind == "features" else network
    rng = np.random.default_rng(3)
    x = rng.standard_normal((3, *shape))
    y, pullback = run(x, phase)
    dy = rng.standard_normal(y.shape)
    dx = pullback(dy)
    check_gradient(lambda x: np.sum(dy * run(x, phase)[0]), dx, x, rng, tolerance=1e-5)

    def along(parameters):
        kept, network.parameters[...] = network.parameters.copy(), parameters
        result = np.sum(dy * run(x, phase)[0])
        network.parameters[...] = kept
        return result

    check_gradient(along, network.gradients.copy(), network.parameters.copy(), rng, tolerance=1e-5)


def test_flat_buffers_hold_every_parameter_aligned_and_decayed_ones_first():
    network, _ = tiny("discriminator")
    start = network.parameters.__array_interface__["data"][0]
    spans = []
    for layer in network.layers:
        for parameter in layer.parameters:
            offset = parameter.value.__array_interface__["data"][0] - start
            assert offset % 256 == 0 and np.shares_memory(parameter.value, network.parameters)
            assert np.shares_memory(parameter.gradient, network.gradients)
            assert (offset // 8 < network.decay_boundary) == parameter.decayed
            spans.append((offset, offset + parameter.value.nbytes))
    spans.sort()
    assert all(end <= begin for (_, end), (begin, _) in zip(spans, spans[1:]))


def test_an_unsupported_size_is_refused():
    with pytest.raises(ValueError, match="48 is not supported: use one of 28, 32, 64, 128"):
        nets.encoder(48, Z, np.random.default_rng(0))


@pytest.mark.parametrize("phase", ["batch", "test"])
@pytest.mark.parametrize("kind", ["encoder", "decoder", "discriminator"])
def test_attributes_are_joined_and_get_no_gradient(kind, phase):
    network, shape = tiny(kind, attributes=3)
    rng = np.random.default_rng(5)
    x, attributes = rng.standard_normal((4, *shape)), rng.standard_normal((4, 3))
    y, pullback = network(x, phase, attributes=attributes)
    dy = rng.standard_normal(y.shape)
    dx = pullback(dy)
    assert dx.shape == x.shape
    check_gradient(lambda x: np.sum(dy * network(x, phase, attributes=attributes)[0]), dx, x, rng,
                   tolerance=1e-5)
    assert not np.allclose(y, network(x, phase, attributes=attributes[::-1].copy())[0])
    plain, _ = tiny(kind)
    width = next(layer for layer in plain.layers if layer.name == "fc").weights.shape[1]
    assert network.parameter_count == plain.parameter_count + 3 * width
