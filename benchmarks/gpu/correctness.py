"""Every operation of the CUDA backend and whole training steps, held to the NumPy backend.

Operations are held to it in float64. In tf32 and bf16 a step's error depends on how many rectifiers rounding
sends to their other side, so that only the step for which the tests' tolerance was found is compared.
"""
from unittest import mock

import numpy as np

import gpuarray as ga
from benchmarks.gpu.operations import checks
from benchmarks.gpu.record import OUT_OF_TIME
from tests.cuda_on_cpu.workload import images, vaegan
from tests.gpuarray.check import STEP_TOLERANCE, TOLERANCE, relative_error

ELEMENT = {"fp32": "float32", "tf32": "tf32", "bf16": "bfloat16"}       # precision -> row of TOLERANCE
STEPS = 3


def run(place, section, precisions, record):
    for precision in precisions:
        for check in checks(tiny=place.simulated):
            if precision == "fp32" or check.lower:
                _check(section, check.name, precision, lambda: _operation(check, precision))
        _check(section, "steps, eager", precision, lambda: _eager_steps(place, precision))
        _check(section, "steps, graph beside eager", precision, lambda: _graph_steps(place, precision))
        place.tidy()


def _check(section, name, precision, work):
    row = {"check": name, "precision": precision}
    section.attempt(row, work)
    if "error" in row:
        row["wrong"] = row["error"] != OUT_OF_TIME
    else:
        row["wrong"] = not (row["error_over_tolerance"] <= 1 and row["same_bits_twice"])


def _operation(check, precision):
    """The largest relative error of an output over its tolerance; does a second run give the same bits?"""
    rng = np.random.default_rng(4)
    arrays = [array.astype(np.float32) if array.dtype.kind == "f" else array for array in check.draw(rng)]

    def on_device():
        return check.run(*_on_device(arrays, check, precision), tf32=precision == "tf32")

    runs = [[ga.to_host(result) for result in on_device()] for _ in range(2)]
    wanted = check.run(*_in_float64(arrays, check, precision), tf32=False)
    worst = 0.0
    for got, exact in zip(runs[0], wanted, strict=True):
        tolerance = check.tolerance or TOLERANCE["float32"]
        if precision != "fp32":
            tolerance = max(tolerance, TOLERANCE[ELEMENT[precision]])
        worst = max(worst, relative_error(got, exact) / tolerance)
    return _outcome(worst, *runs)


def _on_device(arrays, check, precision):
    """Copies on the device; in bf16, those that are activations are bfloat16."""
    for number, array in enumerate(arrays):
        there = ga.to_device(array, "cuda")
        yield ga.cast(there, "bfloat16") if precision == "bf16" and number in check.lower else there


def _in_float64(arrays, check, precision):
    """The same numbers, rounded as those on the device are."""
    for number, (array, there) in enumerate(zip(arrays, _on_device(arrays, check, precision))):
        if array.dtype.kind != "f" or number in check.float32:
            yield array.copy()
        else:
            yield ga.to_host(there).astype(np.float64)


# ------------------------------------------------------------------------------------- whole training steps

def _scaled(place, precision):
    """(options, batch): the tests' tiny networks or, in fp32 on a GPU, some with whole tiles and several blocks."""
    if place.simulated or precision != "fp32":
        return dict(size=32), 3
    return dict(size=64, width=0.25, z_size=32, hidden=256), 24


@mock.patch("gpuarray.cpu.host_value", lambda x, otherwise: otherwise)     # or closed gates save gradients
def _eager_steps(place, precision):
    """Steps, each from the same state on both backends: gradients, metrics and, in fp32, the state after it."""
    options, n = _scaled(place, precision)
    here = vaegan("cpu", **options)
    there, again = (vaegan("cuda", precision=precision, **options) for _ in range(2))
    of_gradients, of_metrics = STEP_TOLERANCE[precision]
    errors = [0.0]
    for step in range(STEPS):
        x = images(n, options["size"], seed=1 + step)
        here.restore(there.state())
        for model, batch in ((here, x), *((model, ga.to_device(x, "cuda")) for model in (there, again))):
            model.gradients(batch)
        is_compared = precision == "fp32" or step == 0
        if is_compared:
            for name, network in here.networks.items():
                got = ga.to_host(there.networks[name].gradients)
                errors.append(relative_error(got, network.gradients) / of_gradients)
        for model in (here, there, again):
            model.update()
            ga.advance(model.noise_counter)
            model._steps += 1
        wanted, got = here.metrics(), there.metrics()
        if is_compared:
            errors += [relative_error(got[name], wanted[name]) / of_metrics for name in wanted]
        if precision == "fp32":
            wanted, got = here.state(), there.state()
            errors += [relative_error(got[name], wanted[name]) / of_gradients for name in wanted]
    return _outcome(max(errors), _values(there), _values(again))


def _graph_steps(place, precision):
    """A recorded step, replayed, gives the bits of an eager one: the error is 0."""
    options, n = _scaled(place, precision)
    eager, recorded, again = (vaegan("cuda", precision=precision, graph=graph, **options)
                              for graph in (False, True, True))
    for step in range(STEPS + 1):
        for model in (eager, recorded, again):
            model.learning_rate = 1e-3 / (1 + step)
            model.step(ga.to_device(images(n, options["size"], seed=step), "cuda"))
    same = _same_bits(_values(eager), _values(recorded)) and eager.metrics() == recorded.metrics()
    return _outcome(0.0 if same else np.inf, _values(recorded), _values(again))


def _values(model):
    return list(model.state().values())


def _outcome(error, one, other):
    return {"error_over_tolerance": float(min(error, 1e9)), "same_bits_twice": _same_bits(one, other)}     # JSON has no inf


def _same_bits(one, other):
    return all(a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))
