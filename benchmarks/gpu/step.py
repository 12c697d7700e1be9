"""The training step of the `released` VAE/GAN: ours, eager and as a CUDA graph, and PyTorch in five forms."""
import numpy as np

import gpuarray as ga
from benchmarks.gpu.device import PRECISIONS
from tests.cuda_on_cpu.workload import images

OURS = "eager", "graph"
# Cheap ones first, for all sizes and precisions; a compiler takes its time.
PYTORCH = "eager", "channels_last", "graph", "compile", "compile+graph"
ROTATING = 4                # batches that take turns
TIMED_SECONDS = 0.7
MIB = 2 ** 20
TABLE = {"batch": ("batch", "{}"), "precision": ("precision", "{}"), "whose": ("whose", "{}"),
         "variant": ("variant", "{}"), "ms, median": ("ms", "{:.2f}"),
         "over our best": ("over_ours", "{:.2f}"), "peak MiB of arrays": ("peak_mib", "{:,.0f}")}


def run(device, section, precisions):
    for stage in (OURS, PYTORCH[:3], PYTORCH[3:]):
        whose, measure = ("ours", _ours) if stage is OURS else ("pytorch", _pytorch)
        for batch in device.batches:
            for precision in precisions:
                for variant in stage:
                    row = {"whose": whose, "variant": variant, "precision": precision, "batch": batch}
                    section.attempt(row, lambda: measure(device, variant, precision, batch))
                    device.tidy()
    _compare(section.content["rows"])


def _compare(rows):
    """Sorts the rows by size and precision, and adds each time over the best of ours."""
    rows.sort(key=lambda row: (row["batch"], PRECISIONS.index(row["precision"])))
    for row in rows:
        ours = [one["ms"] for one in rows if one["whose"] == "ours" and "ms" in one
                and (one["batch"], one["precision"]) == (row["batch"], row["precision"])]
        if ours and "ms" in row:
            row["over_ours"] = row["ms"] / min(ours)


def _ours(device, variant, precision, batch):
    batches = _batches(device, batch)
    model = device.model("cuda", precision, graph=variant == "graph")
    step = _in_turn(model.step, batches)
    step()                                              # compiles
    step()                                              # records
    found = device.time(step, TIMED_SECONDS)
    losses = model.metrics()
    if not all(map(np.isfinite, losses.values())):
        raise ArithmeticError(f"losses are not finite: {losses}")
    del model, step
    device.tidy()
    return found | ({} if device.simulated else _our_memory(device, variant, precision, batches))


def _our_memory(device, variant, precision, batches):
    """The most that arrays take at once, from the building of the model on, the batches left out."""
    from cupy.cuda.memory_hook import MemoryHook

    class Peak(MemoryHook):
        name, used, peak = "peak", 0, 0

        def malloc_postprocess(self, **facts):
            self.used += facts["mem_size"]
            self.peak = max(self.peak, self.used)

        def free_postprocess(self, **facts):
            self.used -= facts["mem_size"]

    with Peak() as hook:
        model = device.model("cuda", precision, graph=variant == "graph")
        for x in batches[:3]:
            model.step(x)
        device.runtime.synchronize()
        del model
    return {"peak_mib": hook.peak / MIB}


def _pytorch(device, variant, precision, batch):
    import torch

    from benchmarks.gpu.pytorch import TorchStep
    device.torch_precision(precision)
    batches = [device.torch(x).permute(0, 3, 1, 2) for x in _batches(device, batch)]    # channels last
    if variant == "eager":
        batches = [x.contiguous() for x in batches]
    before = 0 if device.simulated else torch.cuda.memory_allocated()
    torch._dynamo.reset()
    model = TorchStep(device.model("cpu"), device.network["size"], variant, precision, device.torch_device)
    take = model.step
    if variant.endswith("graph"):
        static = batches[0].clone()
        replay = device.torch_recorded(lambda: lambda: model.step(static))

        def take(x):
            static.copy_(x)
            replay()

    step = _in_turn(take, batches)
    step()
    if not device.simulated and not variant.endswith("graph"):
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()            # as before a recording: cuDNN's search is not counted
    step()
    found = device.time(step, TIMED_SECONDS)
    parameters = [parameter for module in model.modules.values() for parameter in module.parameters()]
    if not all(bool(torch.isfinite(parameter).all()) for parameter in parameters):
        raise ArithmeticError("parameters are not finite")
    if not device.simulated:
        found["peak_mib"] = (torch.cuda.max_memory_allocated() - before) / MIB
    return found


def _batches(device, batch):
    size = device.network["size"]
    return [ga.to_device(images(batch, size, seed=seed), "cuda") for seed in range(ROTATING)]


def _in_turn(step, batches):
    """step() on the next batch at every call."""
    calls = 0

    def turn():
        nonlocal calls
        step(batches[calls % len(batches)])
        calls += 1

    return turn
