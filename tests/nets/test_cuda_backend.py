"""Whole training steps of all models on the CUDA backend, all its launchers and kernels, held to the NumPy
backend.

The kernels run on a simulated device. Before each step the NumPy model takes over the state of the other, so
that a step is compared and not how rounding grows over several: where a gradient is all but 0, RMSProp turns
its rounding into a step of full size.
"""
from unittest import mock

import numpy as np
import pytest

import gpuarray as ga
import nets
from gpuarray.cuda import runtime
from tests.cuda_on_cpu import device
from tests.cuda_on_cpu.memory import host_view
from tests.gpuarray.check import assert_close, assert_steps_close, relative_error
from tests.gpuarray.processes import OnDevice, in_processes

Z, SIZE, BATCH, STEPS = 6, 32, 8, 3
# Relative errors of a network's flat buffers and of the losses; in brackets the largest seen.
TOLERANCE = {"gradients": 1e-4,         # (3e-6)
             "parameters": 1e-5,        # (2e-7)
             "statistics": 3e-6,        # (3e-7)
             "losses": 3e-6}            # (2e-7)

MODELS = {
    "vae": lambda e, d, s, **o: nets.VAE(e, d, Z, **o),
    "vae_dis_l": lambda e, d, s, **o: nets.FeatureVAE(e, d, s, Z, **o),
    "gan": lambda e, d, s, **o: nets.GAN(d, s, Z, non_saturating=True, optimiser="adam", **o),
    "released": lambda e, d, s, **o: nets.VAEGAN(e, d, s, Z, gamma=1e-3, weight_decay=2e-5, **o),
    "paper": lambda e, d, s, **o: nets.VAEGAN(e, d, s, Z, gamma=1e-3, fakes="both", real_weight=None, eps=0.0,
                                              gate=None, **o),
    "decode_again": lambda e, d, s, **o: nets.VAEGAN(e, d, s, Z, gamma=1e-3, fakes="both", decode_again=True,
                                                     **o),
    "conditional": lambda e, d, s, **o: nets.VAEGAN(e, d, s, Z, gamma=1e-3, fakes="both", mismatched=True,
                                                    **o),
    "grey": lambda e, d, s, **o: nets.VAEGAN(e, d, s, Z, gamma=1e-3, **o),
    "dense": lambda e, d, s, **o: nets.VAE(e, d, Z, sigma=2.0, **o),
    # One sample: log w of thousands of nats leave weights of several only four digits in float32.
    "binary": lambda e, d, s, **o: nets.ImportanceVAE(e, d, Z, nets.LIKELIHOODS["bernoulli"](), flow=flow(e),
                                                      **o),
}
ATTRIBUTES = {"conditional": 3, "dense": 2}      # of each image, where a model is told any
CHANNELS = {"grey": 1, "dense": 1}               # of each image, where they are not 3


def flow(beside):
    """Two planar flows on the device of another network."""
    where = "cuda" if isinstance(beside.parameters, type(device.zeros((1,), np.float32))) else "cpu"
    return nets.Flow(Z, 2, np.random.default_rng(4), device=where)


@pytest.fixture(autouse=True)
def cuda():
    """The simulated device answers for device 'cuda'."""
    with mock.patch.object(runtime, "default_runtime", lambda: device):
        yield device


def build(name, where, precision="fp32", **options):
    rng, channels = np.random.default_rng(3), CHANNELS.get(name, 3)
    common = dict(device=where, precision=precision, attributes=ATTRIBUTES.get(name, 0))
    if name == "dense":
        common |= dict(activation="relu", normalise=True)
        image = SIZE, SIZE, channels
        networks = (nets.mlp(image, (20, 12), 2 * Z, rng, **common),
                    nets.mlp(Z, (20, 12), image, rng, output="tanh", paths=2, **common), None)
        return MODELS[name](*networks, seed=5, learning_rate=1e-3, **options)
    common |= dict(width=0.06, channels=channels)
    networks = (nets.encoder(SIZE, Z, rng, **common), nets.decoder(SIZE, Z, rng, **common),
                nets.discriminator(SIZE, rng, **common))
    return MODELS[name](*networks, seed=5, learning_rate=1e-3, **options)


def images(step, where, channels=3):
    x = np.random.default_rng(step).uniform(-1, 1, (BATCH, SIZE, SIZE, channels)).astype(np.float32)
    return ga.to_device(x, where)


def batch(name, step, where):
    """A step's images, and their attributes where the model is told any."""
    count = ATTRIBUTES.get(name, 0)
    attributes = np.random.default_rng(100 + step).standard_normal((BATCH, count)).astype(np.float32)
    shown = images(step, where, CHANNELS.get(name, 3))
    return (shown, ga.to_device(attributes, where)) if count else (shown,)


def assert_networks_close(there, here, buffer, tolerance):
    for name, network in here.networks.items():
        got = ga.to_host(getattr(there.networks[name], buffer))
        assert_close(got, getattr(network, buffer), tolerance, f"{buffer} of {name}")


def assert_losses_close(there, here, tolerance):
    got, wanted = there.metrics(), here.metrics()
    assert got.keys() == wanted.keys()
    for name in wanted:
        assert_close(got[name], wanted[name], tolerance, name)


def assert_same_bits(one, other):
    for name, array in one.state().items():
        assert (array == other.state()[name]).all(), name


@pytest.mark.parametrize("name", MODELS)
# The NumPy backend would skip gradients that a closed gate drops.
@mock.patch("gpuarray.cpu.host_value", lambda x, otherwise: otherwise)
def test_steps_agree_with_the_numpy_backend(name):
    here, there = build(name, "cpu"), build(name, "cuda")
    assert_same_bits(here, there)
    errors = []
    for step in range(STEPS):
        here.restore(there.state())
        here.gradients(*batch(name, step, "cpu"))
        there.gradients(*batch(name, step, "cuda"))
        errors.append(0)
        for network, other in zip(here.networks.values(), there.networks.values()):
            gradients = ga.to_host(other.gradients)
            errors[-1] = max(errors[-1], relative_error(gradients, network.gradients))
            network.gradients[...] = gradients                   # so that the update alone is compared
        here.update()
        there.update()
        for buffer in ("parameters", "statistics"):
            assert_networks_close(there, here, buffer, TOLERANCE[buffer])
        assert not any(ga.to_host(network.gradients).any() for network in there.networks.values())
        ga.advance(there.noise_counter)
        for model in (here, there):
            model.add_up_reports()
            model._steps += 1
    assert_steps_close(errors, TOLERANCE["gradients"])
    assert_losses_close(there, here, TOLERANCE["losses"])


@pytest.mark.parametrize("order, seed", [("reverse", 0), ("random", 1)])
def test_a_step_gives_the_same_bits_whatever_the_order_of_threads(order, seed):
    model, other = build("released", "cuda"), build("released", "cuda")
    model.step(images(0, "cuda"))
    with device.threads_in_order(order, seed):
        other.step(images(0, "cuda"))
    assert_same_bits(model, other)


# Where a fraction p of the relus rounds to the other side, gradients differ by about sqrt(p).
@pytest.mark.parametrize("precision, gradients, losses", [
    ("tf32", 0.15, 1e-3),       # (0.074, 1.5e-4)
    ("bf16", 0.4, 1e-2),        # (0.27, 3e-3)
])
def test_reduced_precision_stays_near_float32(precision, gradients, losses):
    here, there = build("released", "cpu"), build("released", "cuda", precision)
    here.gradients(images(0, "cpu"))
    there.gradients(images(0, "cuda"))
    assert_networks_close(there, here, "gradients", gradients)
    for model in (here, there):
        model.add_up_reports()
        model._steps = 1
    assert_losses_close(there, here, losses)


# -------------------------------------------------------------------------------------- one step as one graph

@pytest.mark.parametrize("name", ["released", "conditional", "binary"])
def test_a_recorded_step_gives_the_bits_of_an_eager_one(name):
    eager, recorded = build(name, "cuda"), build(name, "cuda", graph=True)
    for step in range(3):
        for model in (eager, recorded):
            model.learning_rate = 1e-3 / (1 + step)
            model.step(*batch(name, step, "cuda"))
        assert_same_bits(eager, recorded)
        if step == 1:
            assert recorded.metrics() == eager.metrics()
    assert recorded.metrics() == eager.metrics()


def test_a_replay_allocates_nothing_and_starts_no_launcher():
    model = build("gan", "cuda", graph=True)
    batches = [images(step, "cuda") for step in range(3)]
    model.step(batches[0])
    model.step(batches[1])
    with mock.patch.object(device, "empty", side_effect=AssertionError), \
            mock.patch.object(device, "launch", side_effect=AssertionError):
        model.step(batches[2])
    assert model.metrics()["cost_real"] > 0


def test_a_recorded_step_takes_one_batch_size():
    model = build("vae", "cuda", graph=True)
    model.step(images(0, "cuda"))
    wanted = r"recorded for float32 \(8, 32, 32, 3\), got float32 \(4, 32, 32, 3\)"
    with pytest.raises(ga.ArgumentError, match=wanted):
        model.step(images(0, "cuda")[:4])


# -------------------------------------------------------------------------------------- several processes

@pytest.mark.parametrize("name, size", [("released", 2), ("conditional", 3)])
def test_processes_on_their_gpus_step_as_one(name, size):
    """Each with a graph of its own, in which sums over the processes are recorded with the rest."""
    alone = build(name, "cuda")
    alone.step(*batch(name, 0, "cuda"))

    def stepped(communicator):
        model = build(name, "cuda", graph=True)
        group = ga.Group(OnDevice(communicator, device, host_view), BATCH)
        model.join(group)
        states = []
        for step in range(3):
            model.step(*(ga.to_device(ga.to_host(array)[group.part], "cuda")
                         for array in batch(name, step, "cuda")))
            states.append(model.state())
        return states, model.metrics()

    together = in_processes(size, stepped)
    for (first, *_), _ in together:
        for key, array in alone.state().items():
            # RMSProp makes steps of full size of gradients that are all but 0, as before
            assert_close(first[key], array, 2e-3 if "/parameters" in key else 1e-4, key)
    for states, metrics in together[1:]:
        assert metrics == together[0][1]
        for state, wanted in zip(states, together[0][0]):
            assert all(np.array_equal(state[key], wanted[key]) for key in wanted)
