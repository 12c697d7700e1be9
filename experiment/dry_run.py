"""--dry-run: the settings, the networks, and what a run would take, measured with a few steps on noise."""
import time
import tracemalloc
from dataclasses import asdict

import numpy as np

import gpuarray as ga
from experiment import checkpoints
from experiment.console import say
from experiment.progress import duration


def print_plan(settings, model, device):
    """Print it all; writes no file."""
    say(f"{settings.script}.py, preset {settings.preset}\n")
    for name, value in asdict(settings).items():
        say(f"  {name:18} {'none' if value is None else value!s:22} {settings.origin[name]}")
    for name, network in model.networks.items():
        shape = model.input_shape(name, _image_shape(settings))
        say(f"\n{name} {_shape(shape)}")
        for row, output, count in network.table(shape):
            say(f"  {row:36} {_shape(output):16} {count:>12,}")
        say(f"  {'':36} {'parameters':16} {network.parameter_count:>12,}")
    say("\na run")
    for what, amount in estimates(settings, model, device):
        say(f"  {what:18} {amount}")


def estimates(settings, model, device):
    """[(what, amount in words)] of the steps, time, memory and disk that a run takes. Trains the model."""
    steps = settings.epochs * settings.epoch_size
    batch = [ga.to_device(array[model.group.part], device) for array in _noise(settings)]
    state = sum(array.nbytes for array in model.state().values())
    gradients = sum(network.gradients.nbytes for network in model.networks.values())
    networks = state + gradients
    memory = f"{_size(networks)} for the networks; what a step takes comes on top"
    if device == "cpu":                          # tracemalloc sees the arrays of NumPy, not those on a GPU
        tracemalloc.start()
        model.step(*batch)
        step = tracemalloc.get_traced_memory()[1]
        memory = f"about {_size(networks + step)}, beside Python and its libraries"
        tracemalloc.stop()
    seconds = _seconds_per_step(model, batch)
    return [("steps", f"{steps:,} of {settings.batch_size} images"),
            ("time", f"about {duration(steps * seconds)} here, {seconds:.2g} s a step"),
            ("memory", memory),
            ("disk", f"about {_size(checkpoints.KEPT * state)} for the last checkpoints")]


def _seconds_per_step(model, batch):
    """Seconds of the third training step: the first may compile kernels, the second record a CUDA graph."""
    for _ in range(3):
        began = time.perf_counter()
        model.step(*batch)
        model.metrics()                               # waits for the device
    return time.perf_counter() - began


def _noise(settings):
    """A batch: images, and attributes where the model is told any."""
    shapes = [_image_shape(settings)]
    shapes += [(len(settings.attribute_names),)] * settings.needs_attributes
    rng = np.random.default_rng(0)
    return [rng.uniform(-1, 1, (settings.batch_size, *shape)).astype(np.float32) for shape in shapes]


def _image_shape(settings):
    return settings.image_size, settings.image_size, settings.channels


def _shape(shape):
    return " x ".join(map(str, shape))


def _size(count):
    """Bytes for people."""
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
