"""A whole VAE/GAN training step on the CUDA backend, launchers and kernels, beside the NumPy backend's."""
from unittest import mock

import numpy as np
import pytest

import gpuarray as ga
from gpuarray.cuda import patches, runtime, winograd
from nets.optimisers import OPTIMISERS
from tests.cuda_on_cpu.workload import images, vaegan, winograd_everywhere
from tests.gpuarray.check import STEP_TOLERANCE, assert_close, assert_steps_close, relative_error
from tests.gpuarray.cuda.check import BFLOAT16

PRECISIONS = "fp32", "tf32", "bf16"


@pytest.fixture(autouse=True)
def served(cuda, monkeypatch):
    """`cuda` serves device 'cuda': the simulated device or, with --gpu, the GPU."""
    if not cuda.is_gpu:
        monkeypatch.setattr(runtime, "default_runtime", lambda: cuda)


def step(model, x):
    """(gradients, metrics, state) of a step, on the host. x: on the model's device."""
    model.gradients(x)
    gradients = {name: ga.to_host(network.gradients) for name, network in model.networks.items()}
    model.update()
    model.add_up_reports()
    ga.advance(model.noise_counter)
    model._steps += 1
    return gradients, model.metrics(), model.state()


VARIANTS = {"released": dict(decode_again=True),
            "paper": dict(fakes="both", gate=None, real_weight=None, eps=0.0),
            "reconstructions": dict(fakes="reconstructions", optimiser="adam", non_saturating=True)}


@pytest.mark.parametrize("variant", VARIANTS)
def test_steps_agree_with_numpy(variant):
    """Each step from the same state: RMSProp makes steps of full size of gradients that are all but 0."""
    (here, x), (there, x_there) = ((vaegan(where, **VARIANTS[variant]), ga.to_device(images(3), where))
                                   for where in ("cpu", "cuda"))
    (allowed, allowed_of_metrics), errors = STEP_TOLERANCE["fp32"], []
    for _ in range(3):
        here.restore(there.state())
        gradients, metrics, state = step(here, x)
        their_gradients, their_metrics, their_state = step(there, x_there)
        assert metrics.keys() == their_metrics.keys()
        for name in metrics:
            assert_close(their_metrics[name], metrics[name], allowed_of_metrics, name)
        wanted, got = {**gradients, **state}, {**their_gradients, **their_state}
        errors.append(max(relative_error(got[name], wanted[name]) for name in wanted))
    assert_steps_close(errors, allowed)


def test_steps_by_winograds_algorithm_agree_with_numpy():
    """In all its layers whose images have whole tiles; of such tiny networks it would take none."""
    with winograd_everywhere(), mock.patch.object(winograd, "_product", wraps=winograd._product) as product:
        test_steps_agree_with_numpy("released")
    assert product.call_count >= 3 * 20


def test_steps_of_several_tiles_agree_with_numpy(cuda):
    """Networks with more than one tile and block in each direction: too large for the simulated device."""
    if not cuda.is_gpu:
        pytest.skip("a GPU takes a second for it, the simulated device minutes")
    options = dict(size=64, width=0.25, z_size=32, hidden=256, gate=None)
    wanted, got = (step(vaegan(where, **options), ga.to_device(images(24, 64), where))
                   for where in ("cpu", "cuda"))
    for one, other, allowed in zip(wanted, got, STEP_TOLERANCE["fp32"]):             # gradients, metrics
        for name in one:
            assert_close(other[name], one[name], allowed, name)


@pytest.mark.parametrize("precision", ["tf32", "bf16"])
def test_lower_precisions_stay_close(precision):
    x = images(3)
    gradients, metrics, _ = step(vaegan("cpu"), x)
    rounded, their_metrics, _ = step(vaegan("cuda", precision=precision), ga.to_device(x, "cuda"))
    for one, other, allowed in zip((gradients, metrics), (rounded, their_metrics), STEP_TOLERANCE[precision]):
        for name in one:
            assert_close(other[name], one[name], allowed, name)


@pytest.mark.parametrize("precision, allowed", [("tf32", 1e-4), ("bf16", 1e-2)])
def test_wgmma_and_mma_sync_agree(monkeypatch, multiplied, precision, allowed):
    """In networks that are wide enough for wgmma, as tiny ones are not."""
    def wide_step():
        return step(vaegan("cuda", width=0.75, precision=precision), ga.to_device(images(1), "cuda"))[:2]

    by_wgmma = wide_step()
    assert multiplied == {"conv_forward_patch", "conv_input_grad_patch"}
    monkeypatch.setattr(patches, "WGMMA_CARDS", ())
    for one, other in zip(wide_step(), by_wgmma):                                   # gradients, metrics
        for name in one:
            assert_close(other[name], one[name], allowed, name)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_step_gives_the_same_bits_every_time(cuda, precision):
    """In any order of threads, too, where the device lets them be ordered."""
    x, states = ga.to_device(images(2), "cuda"), []
    for order, seed in (("forward", 0), ("reverse", 0), ("random", 1)):
        with cuda.threads_in_order(order, seed):
            states.append(step(vaegan("cuda", precision=precision), x)[2])
    for state in states[1:]:
        for name in state:
            np.testing.assert_array_equal(state[name], states[0][name], name)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_graph_does_what_single_launches_do(precision):
    states = []
    for graph in (False, True):
        model = vaegan("cuda", graph=graph, precision=precision)
        for turn in range(4):
            model.learning_rate = 1e-3 / (turn + 1)
            model.step(ga.to_device(images(3, seed=turn), "cuda"))
        states.append((model.state(), model.metrics()))
    (eager, metrics), (replayed, their_metrics) = states
    assert metrics == their_metrics
    for name in eager:
        np.testing.assert_array_equal(replayed[name], eager[name], name)


def test_what_products_read_follows_the_parameters():
    """With bf16: after steps of either optimiser, and where a state is taken back or taken over."""
    def assert_rounded(network):
        weights = network.layers[0].weights
        for exact, rounded in ((network.parameters, network.rounded), (weights.value, weights.multiplied)):
            np.testing.assert_array_equal(ga.to_host(rounded), ga.to_host(exact).astype(BFLOAT16))

    x = ga.to_device(images(3), "cuda")
    models = [vaegan("cuda", precision="bf16", gate=None, optimiser=optimiser) for optimiser in OPTIMISERS]
    before = models[0].state()
    for model in models:
        kept = [ga.to_host(network.rounded) for network in model.networks.values()]
        model.step(x)
        for network, rounded in zip(model.networks.values(), kept):
            assert (ga.to_host(network.rounded) != rounded).any()
            assert_rounded(network)
    models[0].restore(before)
    for network in models[0].networks.values():
        assert_rounded(network)
    encoder, learned = (model.networks["encoder"] for model in models)
    encoder.load(learned.parameters, learned.statistics)
    assert_rounded(encoder)
    np.testing.assert_array_equal(ga.to_host(encoder.rounded), ga.to_host(learned.rounded))


def test_pictures_agree_with_numpy():
    x = images(3)
    pictures = [ga.to_host(vaegan(where).reconstruct(ga.to_device(x, where))) for where in ("cpu", "cuda")]
    assert_close(pictures[1], pictures[0], 1e-5)


def test_the_arrays_are_the_devices(cuda):
    assert type(vaegan("cuda").networks["encoder"].parameters) is type(cuda.zeros((1,), np.float32))
