"""A Laplacian pyramid of GANs: every level's gradients by finite differences, samples from coarse to fine."""
from unittest import mock

import numpy as np
import pytest

import gpuarray as ga
import nets
from gpuarray.cuda import runtime
from nets.model import PRIOR
from tests.cuda_on_cpu import device
from tests.gpuarray.check import assert_close, check_gradient
from tests.gpuarray.processes import in_processes
from tests.nets.by_hand import along

Z, N, EPS = 5, 4, 1e-3


def build(attributes=0, dtype=np.float64, device="cpu", **options):
    rng, parts = np.random.default_rng(0), dict(dtype=dtype, attributes=attributes, device=device)
    decoder = nets.mlp(Z, (6, 6), (4, 4, 2), rng, "relu", normalise=True, output="tanh", paths=2, **parts)
    discriminator = nets.mlp((4, 4, 2), (6, 6), 1, rng, "relu", **parts)
    finer = {side: (nets.residual_decoder(rng, 0.07, channels=2, **parts),
                    nets.residual_discriminator(side, rng, 0.07, channels=2, **parts)) for side in (8, 16)}
    options = dict(seed=3, learning_rate=1e-3, eps=EPS, gate=None, real_weight=None) | options
    return nets.PyramidGAN(decoder, discriminator, finer, Z, **options)


def batch(attributes=0, n=N):
    rng = np.random.default_rng(1)
    told = rng.standard_normal((n, attributes))
    return (rng.uniform(-1, 1, (n, 16, 16, 2)), *([told] if attributes else []))


def halved(x):
    return x.reshape(len(x), x.shape[1] // 2, 2, x.shape[2] // 2, 2, -1).mean(axis=(2, 4))


def doubled(x):
    return np.kron(x, np.ones((1, 2, 2, 1)))


def cost(model, side, x, told=None, fakes=None):
    """(Dis's cost at a level, written out; the fakes)"""
    images = {16: x, 8: halved(x), 4: halved(halved(x))}
    z, start, decoder = model.noise(len(x), PRIOR), Z, model.networks[f"decoder{side}"]
    if not side:
        if fakes is None:
            fakes = decoder(z[:, :Z].copy(), "batch", attributes=told)[0]
        told = None if told is None else np.tile(told, (2, 1))
        logits = model.networks["discriminator"](np.concatenate([images[4], fakes]), "batch",
                                                 attributes=told)[0]
    else:
        start += 64 * (side == 16)
        plane = z[:, start:start + side**2].reshape(-1, side, side, 1)
        context = [doubled(images[side // 2])]
        if told is not None:
            context.append(np.tile(told[:, None, None], (1, side, side, 1)))
        if fakes is None:
            fakes = context[0] + decoder(np.concatenate([plane, *context], axis=-1), "batch")[0]
        shown = [np.concatenate([some, *context], axis=-1) for some in (images[side], fakes)]
        logits = model.networks[f"discriminator{side}"](np.concatenate(shown), "batch")[0]
    d = 1 / (1 + np.exp(-logits))
    return -np.log(d[:len(x)] + EPS).sum() - np.log(1 - d[len(x):] + EPS).sum(), fakes


@pytest.mark.parametrize("attributes", [0, 3])
@pytest.mark.parametrize("kind", ["decoder", "discriminator"])
@pytest.mark.parametrize("side", ["", 8, 16])
def test_each_level_plays_its_own_game(side, kind, attributes):
    model, (x, *told) = build(attributes), batch(attributes)
    model.gradients(x, *told)
    _, fakes = cost(model, side, x, *told)
    network = model.networks[f"{kind}{side}"]

    def objective():
        if kind == "decoder":
            return -cost(model, side, x, *told)[0]
        return cost(model, side, x, *told, fakes=fakes)[0]

    check_gradient(along(network, objective), network.gradients.copy(), network.parameters.copy(),
                   np.random.default_rng(2), tolerance=2e-5)


@pytest.mark.parametrize("attributes", [0, 3])
def test_samples_are_drawn_from_coarse_to_fine(attributes):
    model, (_, *told) = build(attributes), batch(attributes)
    z = np.random.default_rng(2).standard_normal((N, model.z_size))
    image = model.networks["decoder"](z[:, :Z].copy(), "test", PRIOR, *told)[0]
    for side, start in ((8, Z), (16, Z + 64)):
        context = [doubled(image), *(np.tile(some[:, None, None], (1, side, side, 1)) for some in told)]
        plane = z[:, start:start + side**2].reshape(-1, side, side, 1)
        residual = model.networks[f"decoder{side}"](np.concatenate([plane, *context], axis=-1), "test")[0]
        image = np.clip(context[0] + residual, -1, 1)
    assert_close(model.sample(z, *told), image, 1e-12)
    assert model.z_size == Z + 64 + 256 and not model.has_encoder


@pytest.mark.parametrize("name", ["decoder8", "discriminator8"])
def test_a_finer_level_sees_each_image_by_itself(name):
    network = build().networks[name]
    x = np.random.default_rng(2).standard_normal((N, *build().input_shape(name, (16, 16, 2))))
    assert_close(network(x, "batch")[0][:1], network(x[:1], "batch")[0], 1e-12)


def test_a_residual_stays_in_range_however_wild_its_level():
    decoder = build().networks["decoder8"]
    decoder.parameters *= 100
    residual = decoder(np.random.default_rng(2).standard_normal((N, 8, 8, 3)), "test")[0]
    assert 0.9 < np.abs(residual).max() <= 1


def test_every_level_is_gated_and_reported_by_itself():
    model, (x,) = build(gate=(0.68, 0.35)), batch()
    model.gradients(x)
    model.add_up_reports()
    model.gates["discriminator8"] = np.zeros(1)
    before = model.state()
    model.update()
    moved = {name.partition("/")[0] for name, array in model.state().items()
             if name.endswith("parameters") and not np.array_equal(array, before[name])}
    assert set(model.networks) - moved == {"discriminator8"}
    model._steps = 1
    assert {"d_real", "d_real8", "d_real16", "gate_dec16"} <= set(model.metrics())


def test_several_processes_end_as_one():
    def trained(group=ga.ALONE):
        model = build(3)
        model.join(group)
        for _ in range(2):
            model.step(*(np.ascontiguousarray(array[group.part]) for array in batch(3)))
        return model.state()

    alone = trained()
    for other in in_processes(2, lambda communicator: trained(ga.Group(communicator, N))):
        for name, array in alone.items():
            assert_close(other[name], array, 1e-8, name)


@mock.patch.object(runtime, "default_runtime", lambda: device)
@mock.patch("gpuarray.cpu.host_value", lambda x, otherwise: otherwise)
def test_a_step_is_the_same_on_the_kernels():
    here, there = (build(3, np.float32, where, seed=4) for where in ("cpu", "cuda"))    # (no relu at 0)
    arrays = [array.astype(np.float32) for array in batch(3)]
    here.gradients(*arrays)
    there.gradients(*(ga.to_device(array, "cuda") for array in arrays))
    for name, network in here.networks.items():
        assert_close(ga.to_host(there.networks[name].gradients), network.gradients, 1e-4, name)     # (4e-6)
