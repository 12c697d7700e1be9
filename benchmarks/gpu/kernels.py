"""Every operation of a step of the `released` VAE/GAN: time, share of the card's ceiling, PyTorch's time.

The operations are those that a real step calls. Each is timed when it is first called with such shapes and
options, on copies of the arrays of that call: milliseconds, median over replays of a graph whose inputs take
turns. '+ moments', '+ sums': those of batchnorm, forward and backward, are taken in the product; PyTorch
takes them in its batchnorm.
In bf16 the weights of both are bfloat16 already. What Winograd's algorithm computes is
timed without it, too; its rate counts the products that it saves, so that it may pass the ceiling. What wgmma
multiplies is timed by mma.sync, too, as on other cards.
"""
import inspect
import math
from contextlib import ExitStack
from functools import partial
from unittest import mock

import numpy as np

import gpuarray as ga
from benchmarks.gpu.ceilings import rates
from gpuarray import operations
from gpuarray.cuda import patches, products, winograd
from tests.cuda_on_cpu.workload import images

BESIDE_PYTORCH = ("batchnorm", "batchnorm_grad", "bias_activation_grad", "cast", "concatenate", "conv2d",
                  "conv2d_input_grad", "conv2d_weight_grad", "dense", "dense_input_grad", "dense_weight_grad",
                  "feature_loss", "rmsprop_step")
ALONE = "augment", "gan_cost", "normal", "reparametrise", "reparametrise_grad"
ADDED_TO, UPDATED = {"dw", "dgamma", "dbeta", "dbias"}, {"p", "g", "ms"}     # arguments that are written to
ROTATING_BYTES, MOST_COPIES = 2 ** 28, 64    # copies take turns, so that the cache does not hold them
TIMED_SECONDS = 0.05
# Largest relative difference from PyTorch: each rounds in its own way, and cuDNN may use Winograd.
DIFFERENCE = {"fp32": 1e-4, "tf32": 5e-3, "bf16": 3e-2}
TABLE = {"batch": ("batch", "{}"), "layer": ("layer", "{}"), "operation": ("operation", "{}"),
         "shapes": ("shapes", "{}"), "precision": ("precision", "{}"), "ms": ("ours.ms", "{:.4f}"),
         "TFLOP/s": ("ours.tflops", "{:.1f}"), "GB/s": ("ours.gb_per_s", "{:,.0f}"),
         "share of ceiling": ("ours.share", "{:.0%}"), "bound by": ("ours.bound_by", "{}"),
         "direct / ours": ("direct.over_ours", "{:.2f}"),
         "mma.sync / ours": ("mma_sync.over_ours", "{:.2f}"),
         "PyTorch / ours": ("pytorch.over_ours", "{:.2f}")}


def run(device, section, precisions):
    ceilings = rates(section.results.content)
    for batch in device.batches:
        seen = set()
        for precision in precisions:
            model = device.model("cuda", precision)
            layers = _layers(device, model)

            def first(call):
                if call.key not in seen and not call.does_nothing:
                    seen.add(call.key)
                    row = call.facts(device, layers) | {"precision": precision, "batch": batch}
                    _measure(device, section, row, call, ceilings)

            with ExitStack() as patches:
                for name in (*BESIDE_PYTORCH, *ALONE):
                    patches.enter_context(mock.patch.object(ga, name, _noted(name, first)))
                size = device.network["size"]
                side = round(size * 148 / 64) + 24                   # as CelebA is kept for images of 64
                pixels = ga.to_device(np.zeros((batch, side, side, 3), np.uint8), "cuda")
                ga.augment(pixels, ga.to_device(np.ones((batch, 9), np.float32), "cuda"), size)
                model.step(ga.to_device(images(batch, size), "cuda"))


def _noted(name, note):
    """The operation, which first gives note(call) a look at each call."""
    def operation(*args, **options):
        note(Call(name, *args, **options))
        return getattr(operations, name)(*args, **options)
    return operation


def _layers(device, model):
    """{(address, size) of a parameter array: its layer; of a network's flat buffer: the network}."""
    found = {}
    for name, network in model.networks.items():
        for layer in network.layers:
            for parameter in layer.parameters:
                for array in (parameter.value, parameter.gradient, parameter.multiplied):
                    found[device.runtime.address(array), array.size] = f"{name} {layer.name}"
        found[device.runtime.address(network.parameters), network.parameters.size] = name
    return found


class Call:
    """A call of an operation, with weight 1, so that all gradients are worked out. arguments: by name."""

    def __init__(self, name, *args, **options):
        self.name, self.operation = name, getattr(operations, name)
        self.bound = inspect.signature(self.operation).bind(*args, **options)
        self.bound.apply_defaults()
        self.arguments = self.bound.arguments
        if "weight" in self.arguments:
            self.arguments["weight"] = 1.0

    @property
    def key(self):
        """Calls of one key take the same time."""
        return self.name + repr(_map(lambda array: (array.shape, array.dtype.name), dict(self.arguments)))

    @property
    def does_nothing(self):
        return self.name == "cast" and self.arguments["x"].dtype.name == str(self.arguments["dtype"])

    def copy(self):
        """The same call on arrays of its own; those that gradients are added to are 0."""
        copy = Call(self.name, *self.bound.args, **self.bound.kwargs)
        for name, value in self.arguments.items():
            copy.arguments[name] = _map(_zeros if name in ADDED_TO else _copied, value)
        return copy

    def run(self):
        """The arrays that it returns and, after them, those that it adds to."""
        result = self.operation(*self.bound.args, **self.bound.kwargs)
        return _arrays([result, *(value for name, value in self.arguments.items() if name in ADDED_TO)])

    def torch(self, device):
        """PyTorch's call of the same, on copies of the arrays."""
        from benchmarks.gpu import pytorch
        return getattr(pytorch, self.name)(**_map(device.torch, dict(self.arguments)))

    def facts(self, device, layers):
        """What the results say of it beside its times."""
        arguments = self.arguments
        with mock.patch.object(winograd, "_product", wraps=winograd._product) as product, \
                mock.patch.object(products, "launch", wraps=products.launch) as launch:
            results = self.copy().run()
        wgmma = any(("WGMMA", 1) in made.kwargs["defines"] for made in launch.call_args_list)
        arrays = _arrays(list(arguments.values()))
        updated = _arrays([value for name, value in arguments.items() if name in UPDATED])
        epilogue = " + moments" if arguments.get("moments") is True else \
            " + sums" if arguments.get("into") else " with sums" if arguments.get("sums") is not None else \
            f" + bias, {arguments['activation']}" if arguments.get("bias") is not None else ""
        flop, weights = 0, arguments.get("dw", arguments.get("w"))
        if weights is not None:               # each is multiplied with each pixel (row) of the smaller array
            smaller = arguments.get("dy", results[0])
            flop = 2 * weights.size * (smaller.size // smaller.shape[-1])
        known = (layers.get((device.runtime.address(array), array.size)) for array in arrays)
        return {"operation": self.name + epilogue + ", Winograd" * product.called + ", wgmma" * wgmma,
                "winograd": product.called, "wgmma": wgmma,
                "layer": next(filter(None, known), "-"), "flop": flop,
                "shapes": " ".join("x".join(map(str, array.shape)) for array in arrays[:2]),
                "bytes": sum(array.nbytes for array in (*arrays, *results, *updated))}


def _map(function, value):
    """value with function(array) for each array in it."""
    if isinstance(value, dict):
        return {name: _map(function, item) for name, item in value.items()}
    if isinstance(value, (tuple, list)):
        items = [_map(function, item) for item in value]
        return value._make(items) if hasattr(value, "_make") else type(value)(items)
    return function(value) if getattr(value, "shape", ()) else value


def _arrays(value):
    found = []
    _map(found.append, value)
    return found


def _copied(array):
    return array.copy()


def _zeros(array):
    return ga.zeros(array.shape, array.dtype, array)


def _measure(device, section, row, call, ceilings):
    """Adds 'ours', with rates and the share of the ceiling, 'direct', 'mma_sync' and 'pytorch' to the row."""
    count = 1 if device.simulated else max(2, min(MOST_COPIES, math.ceil(ROTATING_BYTES / row["bytes"])))
    copies, precision = [], row["precision"]

    def ours():
        copies[:] = [call.copy() for _ in range(count)]
        replay = device.recorded(lambda: [copy.run() for copy in copies])
        return add_rates(device.time(replay, TIMED_SECONDS, per=count), row, ceilings)

    def direct():
        with mock.patch.object(winograd, "applies", lambda *_: False):
            return compared(ours())

    def mma_sync():
        with mock.patch.object(patches, "WGMMA_CARDS", ()):
            return compared(ours())

    def compared(time):
        ratio = {"over_ours": time["ms"] / row["ours"]["ms"]} if time else {}
        return time | ratio

    def theirs():
        def prepare():
            calls = [copy.torch(device) for copy in copies]
            return lambda: [one() for one in calls]

        device.torch_precision(precision)
        difference, allowed = _difference(device, call.copy()), DIFFERENCE[precision]
        if not difference <= allowed:                                  # or is NaN
            raise ArithmeticError(f"differs from PyTorch by {difference:.1e}, allowed {allowed:.0e}")
        return {"difference": difference,
                **compared(device.time(device.torch_recorded(prepare), TIMED_SECONDS, per=count))}

    section.attempt(row, ours, "ours")
    if row["winograd"] and "error" not in row["ours"]:
        section.attempt(row, direct, "direct")
    if row["wgmma"] and "error" not in row["ours"]:
        section.attempt(row, mma_sync, "mma_sync")
    if call.name in BESIDE_PYTORCH and "error" not in row["ours"]:
        section.attempt(row, theirs, "pytorch")
        row["wrong"] = row["pytorch"].get("error", "").startswith("ArithmeticError")
    device.tidy()


def add_rates(time, row, ceilings):
    """time with rates and the share of the ceiling: the least time that products and bytes need, over it."""
    if not time:
        return time
    time |= {"tflops": row["flop"] / time["ms"] / 1e9, "gb_per_s": row["bytes"] / time["ms"] / 1e6}
    needs = {"copy": row["bytes"], **({row["precision"]: row["flop"]} if row["flop"] else {})}
    if needs.keys() <= ceilings.keys():
        least = {name: amount / ceilings[name] for name, amount in needs.items()}
        time["bound_by"] = max(least, key=least.get)
        time["share"] = least[time["bound_by"]] / time["ms"]
    return time


def _difference(device, call):
    """The largest relative difference of an array from PyTorch's, on the same numbers."""
    import torch
    theirs = call.torch(device)()
    norm = partial(torch.linalg.vector_norm, dtype=torch.float64)        # on the device: outputs are large
    found = [float(norm(device.torch(a) - b) / norm(b)) for a, b in zip(call.run(), theirs)]
    return float(np.max(found)) if found else 0.0
