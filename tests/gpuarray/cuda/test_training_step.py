"""A whole VAE/GAN training step on the CUDA backend, launchers and kernels, beside the NumPy backend's."""
import numpy as np
import pytest

import gpuarray as ga
from gpuarray.cuda import runtime
from tests.cuda_on_cpu.workload import images, vaegan
from tests.gpuarray.check import STEP_TOLERANCE, assert_close

PRECISIONS = "fp32", "tf32", "bf16"


@pytest.fixture(autouse=True)
def served(cuda, monkeypatch):
    """`cuda` serves device 'cuda': the simulated device or, with --gpu, the GPU."""
    if not cuda.is_gpu:
        monkeypatch.setattr(runtime, "default_runtime", lambda: cuda)


def steps(where, x, count=3, **options):
    """[(gradients, metrics, state) after each step], of the same model on any device, on the host."""
    model = vaegan(where, **options)
    x = ga.to_device(x, where)
    seen = []
    for _ in range(count):
        model.gradients(x)
        gradients = {name: ga.to_host(network.gradients) for name, network in model.networks.items()}
        model.update()
        ga.advance(model.noise_counter)
        model._steps += 1
        seen.append((gradients, model.metrics(), model.state()))
    return seen


VARIANTS = {"released": dict(decode_again=True),
            "paper": dict(fakes="both", gate=None, real_weight=None, eps=0.0),
            "reconstructions": dict(fakes="reconstructions", optimiser="adam", non_saturating=True)}


@pytest.mark.parametrize("variant", VARIANTS)
def test_steps_agree_with_numpy(variant):
    x = images(3)
    wanted, got = (steps(where, x, **VARIANTS[variant]) for where in ("cpu", "cuda"))
    for step, (on_cpu, on_cuda) in enumerate(zip(wanted, got)):
        for what, one, other in zip(("gradients", "metrics", "state"), on_cpu, on_cuda):
            assert one.keys() == other.keys()
            for name in one:
                allowed = STEP_TOLERANCE["fp32"][what == "metrics"]
                assert_close(other[name], one[name], allowed, f"step {step}: {what}: {name}")


def test_steps_of_several_tiles_agree_with_numpy(cuda):
    """Networks with more than one tile and block in each direction: too large for the simulated device."""
    if not cuda.is_gpu:
        pytest.skip("a GPU takes a second for it, the simulated device minutes")
    options = dict(size=64, width=0.25, z_size=32, hidden=256, gate=None)
    wanted, got = (steps(where, images(24, 64), 1, **options)[0] for where in ("cpu", "cuda"))
    for one, other, allowed in zip(wanted, got, STEP_TOLERANCE["fp32"]):             # gradients, metrics
        for name in one:
            assert_close(other[name], one[name], allowed, name)


@pytest.mark.parametrize("precision", ["tf32", "bf16"])
def test_lower_precisions_stay_close(precision):
    x = images(3)
    (gradients, metrics, _), = steps("cpu", x, 1)
    (rounded, their_metrics, _), = steps("cuda", x, 1, precision=precision)
    for one, other, allowed in zip((gradients, metrics), (rounded, their_metrics), STEP_TOLERANCE[precision]):
        for name in one:
            assert_close(other[name], one[name], allowed, name)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_step_gives_the_same_bits_every_time(cuda, precision):
    """In any order of threads, too, where the device lets them be ordered."""
    x, states = images(2), []
    for order, seed in (("forward", 0), ("reverse", 0), ("random", 1)):
        with cuda.threads_in_order(order, seed):
            states.append(steps("cuda", x, 1, precision=precision)[0][2])
    for state in states[1:]:
        for name in state:
            np.testing.assert_array_equal(state[name], states[0][name], name)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_graph_does_what_single_launches_do(precision):
    states = []
    for graph in (False, True):
        model = vaegan("cuda", graph=graph, precision=precision)
        for step in range(4):
            model.learning_rate = 1e-3 / (step + 1)
            model.step(ga.to_device(images(3, seed=step), "cuda"))
        states.append((model.state(), model.metrics()))
    (eager, metrics), (replayed, their_metrics) = states
    assert metrics == their_metrics
    for name in eager:
        np.testing.assert_array_equal(replayed[name], eager[name], name)


def test_pictures_agree_with_numpy():
    x = images(3)
    pictures = [ga.to_host(vaegan(where).reconstruct(ga.to_device(x, where))) for where in ("cpu", "cuda")]
    assert_close(pictures[1], pictures[0], 1e-5)


def test_the_arrays_are_the_devices(cuda):
    assert type(vaegan("cuda").networks["encoder"].parameters) is type(cuda.zeros((1,), np.float32))
