"""Every kernel at the `released` networks' shapes: time, rate, share of the card's ceiling, PyTorch beside it."""
import math
from functools import partial

import numpy as np

import gpuarray as ga
from benchmarks.gpu.cases import cases
from benchmarks.gpu.ceilings import rates

ROTATING_BYTES, MOST_SETS = 2 ** 28, 64      # inputs take turns, so that the cache does not hold them
TIMED_SECONDS = 0.05
# Largest relative difference from PyTorch: either rounds in its own way, and cuDNN may take Winograd's.
DIFFERENCE = {"fp32": 1e-4, "tf32": 5e-3, "bf16": 3e-2}


def run(place, section, precisions, record):
    found = rates(record.results)
    for batch in place.batches:
        for case in cases(place, batch):
            for precision in precisions:
                if case.runs_in(precision):
                    row = {"operation": case.operation, "layer": case.layer, "shapes": case.shapes,
                           "precision": precision, "batch": batch, "flop": case.flop,
                           "bytes": case.nbytes(precision)}
                    _measure(place, section, row, case, precision)
                    _rate(row, case, precision, found)
                    place.tidy()


def _measure(place, section, row, case, precision):
    sets = 1 if place.simulated else max(2, min(MOST_SETS, math.ceil(ROTATING_BYTES / row["bytes"])))
    inputs = []

    def ours():
        inputs.extend(_draw(place, case, precision, 10 * turn) for turn in range(sets))
        calls = place.recorded(lambda: [case.ours(*arrays, tf32=precision == "tf32") for arrays in inputs])
        return place.time(calls, TIMED_SECONDS, per=sets)

    def theirs():
        place.torch_precision(precision)
        replay = place.torch_recorded(
            lambda: _together([_peer(place, case, precision, arrays) for arrays in inputs]))
        return place.time(replay, TIMED_SECONDS, per=sets)

    section.attempt(row, ours, "ours")
    if case.peer and inputs and "error" not in row["ours"]:
        section.attempt(row, theirs, "pytorch")
        if case.operation != "rmsprop_step" and "error" not in row["pytorch"]:
            section.attempt(row, lambda: _compare(place, case, precision), "agreement")
            row["wrong"] = "error" in row["agreement"]


def _draw(place, case, precision, stream):
    arrays = []
    for number, (kind, shape) in enumerate(case.inputs):
        if kind == "u8":
            values = np.random.default_rng(stream).integers(0, 256, shape, np.uint8)
            arrays.append(ga.to_device(values, "cuda"))
            continue
        if kind == "0":
            arrays.append(ga.to_device(np.zeros(shape, np.float32), "cuda"))
            continue
        array = place.normal(shape, stream + number)
        if kind == "v":
            array = array * array + np.float32(0.1)
        arrays.append(ga.cast(array, "bfloat16") if kind == "x" and precision == "bf16" else array)
    return case.settle(arrays)


def _peer(place, case, precision, arrays):
    """PyTorch's call on the same numbers. In bf16 its weights are bfloat16; ours are rounded in each call."""
    import torch
    from benchmarks.gpu import peers
    tensors = [place.torch(ga.cast(array, "float32")) for array in arrays]
    if precision == "bf16":
        lower = [kind == "x" or bool(case.flop) for kind, _ in case.inputs]
        tensors = [tensor.to(torch.bfloat16) if low else tensor for tensor, low in zip(tensors, lower)]
    name, *options = case.peer
    prepare = getattr(peers, name)
    return (prepare(*options) if options else prepare)(*tensors)


def _together(calls):
    return lambda: [call() for call in calls]


def _compare(place, case, precision):
    """The largest relative difference of an output from PyTorch's, on the same numbers."""
    import torch
    arrays = _draw(place, case, precision, 0)
    theirs = _peer(place, case, precision, arrays)()
    got = [place.torch(ga.cast(result, "float32")) for result in case.ours(*arrays, tf32=precision == "tf32")]
    norm = partial(torch.linalg.vector_norm, dtype=torch.float64)        # on the device: outputs are large
    difference = np.max([float(norm(a - b) / norm(b)) for a, b in zip(got, theirs)])     # NaN if one is
    if not difference <= DIFFERENCE[precision]:
        allowed = DIFFERENCE[precision]
        raise ArithmeticError(f"differs from PyTorch by {difference:.1e}, allowed {allowed:.0e}")
    return {"difference": float(difference)}


def _rate(row, case, precision, ceilings):
    """Adds rates, and the share of what the ceilings allow: the longer of products' and bytes' time over ours."""
    time = row["ours"].get("ms")
    if not time:
        return
    row["tflops"], row["gb_per_s"] = case.flop / time / 1e9, row["bytes"] / time / 1e6
    if "ms" in row.get("pytorch", {}):
        row["pytorch_over_ours"] = row["pytorch"]["ms"] / time
    if "copy" in ceilings and (not case.flop or precision in ceilings):
        floors = {"copy": row["bytes"] / ceilings["copy"]}
        if case.flop:
            floors[precision] = case.flop / ceilings[precision]
        row["bound_by"] = max(floors, key=floors.get)
        row["share"] = floors[row["bound_by"]] / time
