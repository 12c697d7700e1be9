"""--dry-run: the settings, the networks, and what a run would take, measured with a few steps on noise."""
import time
import tracemalloc
from dataclasses import asdict

import numpy as np

import gpuarray as ga
from experiment.progress import duration

_SMALL, _LARGER = 4, 8        # batch sizes of the steps that are measured on a CPU


def print_plan(settings, model, device):
    """Print it all; writes no file."""
    print(f"{settings.script}.py, preset {settings.preset}\n")
    for name, value in asdict(settings).items():
        print(f"  {name:18} {'none' if value is None else value!s:22} {settings.origin[name]}")
    for name, network in model.networks.items():
        shape = (settings.z_size,) if name == "decoder" else (settings.image_size, settings.image_size, 3)
        print(f"\n{name} {_shape(shape)}")
        for row, output, count in network.table(shape):
            print(f"  {row:36} {_shape(output):16} {count:>12,}")
        print(f"  {'':36} {'parameters':16} {network.parameter_count:>12,}")
    print("\na run")
    for what, amount in estimates(settings, model, device):
        print(f"  {what:18} {amount}")


def estimates(settings, model, device):
    """[(what, amount in words)] of the steps, time, memory and disk that a run takes. Trains `model` for a few steps."""
    steps = settings.epochs * settings.epoch_size
    state = sum(array.nbytes for array in model.state().values())
    gradients = sum(network.gradients.nbytes for network in model.networks.values())
    if device == "cpu":
        seconds = _seconds_per_step(settings, model, device, _LARGER) * settings.batch_size / _LARGER
        memory = f"about {_size(state + gradients + _activations(settings, model))}, beside Python and its libraries"
    else:
        seconds = _seconds_per_step(settings, model, device, settings.batch_size)
        memory = f"{_size(state + gradients)} for the networks; activations come on top"
    return [("steps", f"{steps:,} of {settings.batch_size} images"),
            ("time", f"about {duration(steps * seconds)} here, {seconds:.2g} s a step"),
            ("memory", memory),
            ("disk", f"about {_size(3 * state)} for the last three checkpoints")]


def _seconds_per_step(settings, model, device, batch_size):
    """Seconds of a training step of `batch_size` noise images: the faster of two, after one that warms up."""
    images = ga.to_device(_noise(settings, batch_size), device)
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        model.step(images)
        model.metrics()                               # waits for the device
        seconds.append(time.perf_counter() - began)
    return min(seconds[1:])


def _activations(settings, model):
    """Bytes that a step takes at its peak beside the networks, from the peaks of two small steps: it grows in a line."""
    peaks = []
    for batch_size in (_SMALL, _LARGER):
        images = _noise(settings, batch_size)
        tracemalloc.start()
        model.step(images)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    return peaks[0] + (peaks[1] - peaks[0]) / (_LARGER - _SMALL) * (settings.batch_size - _SMALL)


def _noise(settings, batch_size):
    shape = batch_size, settings.image_size, settings.image_size, 3
    return np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)


def _shape(shape):
    return " x ".join(map(str, shape))


def _size(count):
    """Bytes for people."""
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
