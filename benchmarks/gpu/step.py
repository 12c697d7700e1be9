"""The whole training step of the `released` VAE/GAN: ours, eager and as a CUDA graph, and PyTorch's five forms."""
import numpy as np

import gpuarray as ga
from tests.cuda_on_cpu.workload import images

OURS = "eager", "graph"
# Cheap ones first, for all sizes and precisions; a compiler takes its time.
PYTORCH = "eager", "channels_last", "graph", "compile", "compile+graph"
ROTATING = 4                # batches that take turns
TIMED_SECONDS = 0.7
MIB = 2 ** 20


def run(place, section, precisions, record):
    for stage in (OURS, PYTORCH[:3], PYTORCH[3:]):
        whose, measure = ("ours", _ours) if stage is OURS else ("pytorch", _pytorch)
        for batch in place.batches:
            for precision in precisions:
                for variant in stage:
                    row = {"whose": whose, "variant": variant, "precision": precision, "batch": batch}
                    section.attempt(row, lambda: measure(place, variant, precision, batch))
                    place.tidy()


def _ours(place, variant, precision, batch):
    batches = _batches(place, batch)
    model = place.model("cuda", precision, graph=variant == "graph")
    turn = _in_turn(model.step, batches)
    turn()                                              # compiles
    turn()                                              # records
    found = place.time(turn, TIMED_SECONDS)
    losses = model.metrics()
    if not all(map(np.isfinite, losses.values())):
        raise ArithmeticError(f"losses are not finite: {losses}")
    del model, turn
    place.tidy()
    return found | ({} if place.simulated else _our_memory(place, variant, precision, batches))


def _our_memory(place, variant, precision, batches):
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
        model = place.model("cuda", precision, graph=variant == "graph")
        for x in batches[:3]:
            model.step(x)
        place.runtime.synchronize()
        del model
    return {"peak_mib": hook.peak / MIB}


def _pytorch(place, variant, precision, batch):
    import torch
    from benchmarks.gpu.twin import Twin
    place.torch_precision(precision)
    batches = [place.torch(x).permute(0, 3, 1, 2) for x in _batches(place, batch)]    # channels last
    if variant == "eager":
        batches = [x.contiguous() for x in batches]
    before = 0 if place.simulated else torch.cuda.memory_allocated()
    torch._dynamo.reset()
    twin = Twin(place.model("cpu"), place.network["size"], variant, precision, place.torch_device)
    step = twin.step
    if variant.endswith("graph"):
        static = batches[0].clone()
        replay = place.torch_recorded(lambda: lambda: twin.step(static))

        def step(x):
            static.copy_(x)
            replay()

    turn = _in_turn(step, batches)
    turn()
    if not place.simulated and not variant.endswith("graph"):
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()            # as before a recording: cuDNN's search is not counted
    turn()
    found = place.time(turn, TIMED_SECONDS)
    parameters = [parameter for module in twin.modules.values() for parameter in module.parameters()]
    if not all(bool(torch.isfinite(parameter).all()) for parameter in parameters):
        raise ArithmeticError("parameters are not finite")
    if not place.simulated:
        found["peak_mib"] = (torch.cuda.max_memory_allocated() - before) / MIB
    return found


def _batches(place, batch):
    return [ga.to_device(images(batch, place.network["size"], seed=seed), "cuda") for seed in range(ROTATING)]


def _in_turn(step, batches):
    """step() on the next batch at every call."""
    calls = 0

    def turn():
        nonlocal calls
        step(batches[calls % len(batches)])
        calls += 1

    return turn
