"""The language of contracts, and that each is kept: what was expected and what came, in one line."""
from unittest import mock

import ml_dtypes
import numpy as np
import pytest

import gpuarray as ga
from gpuarray import checks, cpu, cuda
from gpuarray.checks import check_precision, check_value, checked
from gpuarray.rules import BELOW_ONE, FINITE, NOT_NEGATIVE, POSITIVE, Choice, Optional, Pair, Shape, Whole
from tests.cuda_on_cpu import SimulatedArray, device


def on_gpu(*shape, dtype=np.float32):
    return device.zeros(shape, dtype)


def on_cpu(*shape, dtype=np.float32):
    return np.zeros(shape, dtype)


def huge(*shape):
    """An array on the GPU that claims a shape without having the memory."""
    return np.broadcast_to(np.float32(0), shape).view(SimulatedArray)


X = (on_cpu(2, 8, 6, 3), "N H W C", "T")
KEPT = {
    "axes and types by name": dict(x=X, w=(on_cpu(5, 5, 3, 4), "k k C K", "P"), bias=(on_cpu(4), "K", "P")),
    "an absent array": dict(x=X, bias=(None, "K", "P|None")),
    "absent arrays": dict(x=X, running=(None, ("C", "C"), "P|None")),
    "sizes": dict(parameters=(on_cpu(2, 9), "N 9", "float32")),
    "a multiple": dict(noise=(on_cpu(2, 5), "N Z", "P"), h=(on_cpu(2, 10), "N 2Z", "T")),
    "a multiple before what it is of": dict(h=(on_cpu(2, 10), "N 2Z", "T"), noise=(on_cpu(2, 5), "N Z", "P")),
    "a quotient, rounded up": dict(stride=(4, Whole(1, 9)), x=X,
                                   dy=(on_cpu(2, 2, 2, 1), "N H/stride W/stride K", "T")),
    "a known size": dict(H=6, x=(on_cpu(6, 2), "H C", "T")),
    "leading axes": dict(x=(on_cpu(2, 3, 4), "... C", "T"), y=(on_cpu(2, 3, 4), "... C", "T")),
    "no leading axes": dict(x=(on_cpu(4), "... C", "T")),
    "trailing axes": dict(x=(on_cpu(2, 3, 4), "A ...", "T"), y=(on_cpu(5, 3, 4), "B ...", "T")),
    "float64 on the CPU": dict(x=(on_cpu(3, dtype="f8"), "C", "T"), mean=(on_cpu(3, dtype="f8"), "C", "P")),
    "parameters alone": dict(p=(on_gpu(3), "n", "P"), g=(on_gpu(3), "n", "P")),
    "one of two types": dict(p=(on_cpu(3, dtype="f8"), "n", "P"), lr=(on_cpu(1), "1", "float32|P")),
    "a pair of arrays": dict(x=X, statistics=([on_cpu(3), on_cpu(3)], ("C", "C"), "P")),
    "a result": dict(x=X, y="N H C"),
}
REFUSED = {
    "axes": (dict(x=(on_cpu(2, 3), "N H W C", "T")), r"op: x has shape \(2, 3\), expected \(N, H, W, C\)$"),
    "size": (dict(x=X, w=(on_cpu(5, 5, 4, 4), "k k C K", "P")),
             r"op: w has shape \(5, 5, 4, 4\), expected \(k, k, C, K\) with C = 3$"),
    "not square": (dict(w=(on_cpu(5, 3, 4, 4), "k k C K", "P")),
                   r"w has shape \(5, 3, 4, 4\), expected \(k, k, C, K\)$"),
    "number": (dict(dy=(on_cpu(2, 4), "N 5", "T")), r"dy has shape \(2, 4\), expected \(N, 5\)$"),
    "multiple": (dict(h=(on_cpu(2, 6), "N 2Z", "T"), noise=(on_cpu(2, 2), "N Z", "P")),
                 r"noise has shape \(2, 2\), expected \(N, Z\) with N = 2, Z = 3$"),
    "multiple of what is known": (dict(noise=(on_cpu(2, 2), "N Z", "P"), h=(on_cpu(2, 6), "N 2Z", "T")),
                                  r"h has shape \(2, 6\), expected \(N, 2Z\) with N = 2, 2Z = 4$"),
    "odd": (dict(h=(on_cpu(2, 5), "N 2Z", "T")), r"h has shape \(2, 5\), expected \(N, 2Z\)$"),
    "quotient": (dict(stride=(2, Whole(1, 9)), x=X, dy=(on_cpu(2, 4, 4, 1), "N H/stride W/stride K", "T")),
                 r"expected \(N, H/stride, W/stride, K\) with N = 2, H/stride = 4, W/stride = 3$"),
    "leading": (dict(x=(on_cpu(2, 4), "... C", "T"), y=(on_cpu(3, 4), "... C", "T")),
                r"y has shape \(3, 4\), expected \(\.\.\., C\) with \.\.\. = \(2,\), C = 4$"),
    "trailing": (dict(x=(on_cpu(2, 4), "A ...", "T"), y=(on_cpu(2, 5), "B ...", "T")),
                 r"y has shape \(2, 5\), expected \(B, \.\.\.\) with \.\.\. = \(4,\)$"),
    "too few for leading": (dict(x=(on_cpu(3), "... H C", "T")),
                            r"has shape \(3,\), expected \(\.\.\., H, C\)"),
    "type on the CPU": (dict(x=(on_cpu(3, dtype="f2"), "N", "T")),
                        "x is float16, expected float32 or float64: convert"),
    "type on the GPU": (dict(x=(on_gpu(3, dtype="f8"), "N", "T")),
                        "x is float64, expected float32 or bfloat16: conv"),
    "another type": (dict(x=X, y=(on_cpu(3, dtype="f8"), "K", "T")),
                     "y is float64, expected float32: convert it"),
    "another parameter's type": (dict(p=(on_cpu(3), "n", "P"), g=(on_cpu(3, dtype="f8"), "n", "P")),
                                 "g is float64, expected float32: convert it"),
    "parameters in the type of activations": (
        dict(x=(on_gpu(3, dtype=ml_dtypes.bfloat16), "N", "T"),
             p=(on_gpu(3, dtype=ml_dtypes.bfloat16), "N", "P")),
        "p is bfloat16, expected float32: convert it"),
    "neither type": (dict(p=(on_cpu(3, dtype="f8"), "n", "P"),
                          lr=(on_cpu(1, dtype="i4"), "1", "float32|P|None")),
                     "lr is int32, expected float32 or float64: convert it"),
    "a type by name": (dict(x=(on_cpu(3), "N", "uint8")), "x is float32, expected uint8"),
    "layout": (dict(x=(on_cpu(4, 3).T, "C N", "T")), r"x, shape \(3, 4\), is not C-contiguous: copy it"),
    "empty": (dict(x=(on_cpu(0, 3), "N C", "T")),
              "x has 0 elements, expected 1 to 9,223,372,036,854,775,807"),
    "too large": (dict(x=(huge(2 ** 16, 2 ** 15), "N C", "T")),
                  "x has 2,147,483,648 elements, expected 1 to 2,147,483,647: use another batch size"),
    "too large a result": (dict(H=2 ** 16, W=2 ** 15, x=(on_gpu(1), "N", "T"), y="H W"),
                           "y has 2,147,483,648 elements, expected 1 to 2,147,483,647"),
    "on two devices": (dict(x=(on_gpu(3), "N", "T"), y=(on_cpu(3), "N", "T")),
                       r"op: arrays on different devices \(x on simulated 0, y on cpu\): move them to one"),
    "no array": (dict(x=([1.0], "N", "T")), "op: x: expected numpy or cupy arrays, got list"),
    "absent": (dict(x=(None, "N", "T")), "op: x: expected numpy or cupy arrays, got NoneType"),
    "one array for two": (dict(statistics=(on_cpu(3), ("C", "C"), "P")),
                          "op: statistics is a ndarray, expected a tuple of"),
    "one of a pair": (dict(statistics=((on_cpu(3), on_cpu(4)), ("C", "C"), "P")),
                      r"op: statistics\[1\] has shape \(4,\), expected \(C\) with C = 3"),
    "half a pair": (dict(running=((on_cpu(3), None), ("C", "C"), "P|None")),
                    r"running\[1\]: expected numpy or cupy"),
    "a rule": (dict(stride=(0, Whole(1, 9))), "op: stride is 0, expected a whole number from 1 to 9"),
    "no hash": (dict(stride=({}, Whole(1, 9))), "op: stride is {}, expected a whole number from 1 to 9"),
}


@pytest.mark.parametrize("case", KEPT)
def test_kept(case):
    for _ in range(2):
        backend = checked("op", **KEPT[case])
        assert backend.__name__ == ("gpuarray.cuda" if case == "parameters alone" else "gpuarray.cpu")


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    arguments, message = REFUSED[case]
    for _ in range(2):
        with pytest.raises(ga.ArgumentError, match=message) as caught:
            checked("op", **arguments)
        assert "\n" not in str(caught.value)


def test_arrays_on_two_gpus():
    elsewhere = on_gpu(3)
    elsewhere.device = "simulated 1"
    checked("op", x=(on_gpu(3), "N", "T"), y=(on_gpu(3), "N", "T"))
    with pytest.raises(ga.ArgumentError, match=r"\(x on simulated 0, y on simulated 1\): move them to one"):
        checked("op", x=(on_gpu(3), "N", "T"), y=(elsewhere, "N", "T"))


def test_what_has_passed_is_not_looked_at_again():
    x = np.zeros((2, 3), np.float32)
    with mock.patch.object(checks, "_passed", {}) as passed, mock.patch.object(checks, "_MOST_REMEMBERED", 2):
        checked("op", x=(x, "N C", "T"), eps=(0.5, FINITE))
        with mock.patch.object(checks, "_Call", side_effect=AssertionError):
            checked("op", x=(x + 1, "N C", "T"), eps=(0.5, FINITE))
        for number in range(9):
            checked("op", x=(x, "N C", "T"), eps=(number, FINITE))
        assert 0 < len(passed) <= 2


STRIDE = Whole(1, 9)
PASSED = dict(stride=(2, STRIDE), x=X, pair=((on_cpu(3), on_cpu(3)), ("C", "C"), "P"),
              bias=(None, "C", "P|None"))
CHANGED = {
    "2.0 for 2": dict(stride=(2.0, STRIDE)),
    "another rule": dict(stride=(2, Whole(3, 9))),
    "another shape": dict(x=(on_cpu(2, 8, 6), "N H W C", "T")),
    "another type": dict(x=(on_cpu(2, 8, 6, 3, dtype="f8"), "N H W C", "T")),
    "another layout": dict(x=(on_cpu(2, 8, 6, 6)[..., ::2], "N H W C", "T")),
    "another device": dict(x=(on_gpu(2, 8, 6, 3), "N H W C", "T")),
    "other axes": dict(x=(on_cpu(2, 8, 6, 3), "N N N C", "T")),
    "a type by name": dict(x=(on_cpu(2, 8, 6, 3), "N H W C", "uint8")),
    "half a pair": dict(pair=((on_cpu(3), None), ("C", "C"), "P")),
    "another shape in a pair": dict(pair=((on_cpu(3), on_cpu(4)), ("C", "C"), "P")),
    "an array for None": dict(bias=(on_cpu(4), "C", "P|None")),
}


@pytest.mark.parametrize("change", CHANGED)
def test_what_has_passed_does_not_let_something_else_pass(change):
    checked("op", **PASSED)
    with pytest.raises(ga.ArgumentError):
        checked("op", **PASSED | CHANGED[change])


@pytest.mark.parametrize("rule, allowed, refused", [
    (Whole(1, 3), (1, 3, np.int64(2)), (0, 4, 1.0, True, "1", None, np.ones(1))),
    (FINITE, (0, -1e300, np.float32(2)), (np.nan, np.inf, -np.inf, True, "1", None, 1j, np.ones(1))),
    (NOT_NEGATIVE, (0, 1.5), (-1e-9, np.inf, np.nan)),
    (POSITIVE, (1e-9, 3), (0, -1.0, np.inf)),
    (BELOW_ONE, (0, 0.999), (1, -0.1, np.nan)),
    (Choice(("linear", "relu")), ("relu",), ("gelu", None, 0, ("relu",))),
    (Pair(FINITE, NOT_NEGATIVE, "two"), ((-1, 0), [0.5, 1.0]),
     (None, (1, -1), (1,), (1, 2, 3), 0.5, (np.nan, 1), "ab")),
    (Optional(POSITIVE), (None, 8.0), (0, "none")),
    (Shape(), ((1,), (2, 3), [4]), ((0,), (2.0,), 3, (2, -1), None)),
    (Shape(axes=2), ((1, 9),), ((1,), (1, 2, 3), 4)),
])
def test_rules(rule, allowed, refused):
    for value in allowed:
        check_value("op", "name", value, rule)
    for value in refused:
        with pytest.raises(ga.ArgumentError, match="op: name is .*, expected ") as caught:
            check_value("op", "name", value, rule)
        assert str(rule) in str(caught.value) and "\n" not in str(caught.value)


def test_products_in_lower_precisions(monkeypatch):
    x, x16 = on_gpu(1), on_gpu(1, dtype=ml_dtypes.bfloat16)
    for array, tf32 in ((x, False), (x, True), (x16, False)):
        check_precision("conv2d", cuda, array, tf32)
    monkeypatch.setattr(device, "capability", (7, 5))
    check_precision("conv2d", cuda, x, False)
    for array, tf32, name in ((x, True, "tf32"), (x16, False, "bf16")):
        message = rf"conv2d: {name} needs compute capability 8\.0, this card has 7\.5: use fp32"
        with pytest.raises(ga.ArgumentError, match=message):
            check_precision("conv2d", cuda, array, tf32)
    with pytest.raises(ga.ArgumentError,
                       match="conv2d: tf32 is a precision of the CUDA backend: leave it off on the CPU"):
        check_precision("conv2d", cpu, on_cpu(1), True)
