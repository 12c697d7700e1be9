"""Every array that a kernel does not take is refused, in one line: which, what was expected, what came."""
import numpy as np
import pytest

import gpuarray as ga
from gpuarray.cuda.checks import check_arrays, check_capability, check_choice, check_range
from gpuarray.errors import ArgumentError
from tests.cuda_on_cpu import SimulatedArray, device


def array(*shape, dtype=np.float32):
    return device.zeros(shape, dtype)


def huge(*shape):
    """An array that claims a shape without having the memory."""
    return np.broadcast_to(np.float32(0), shape).view(SimulatedArray)


def test_axes_and_types_are_learned_by_name():
    axes = check_arrays("conv2d", x=(array(2, 8, 6, 3), "N H W C", "T"),
                        w=(array(5, 5, 3, 4), "k k C K", "float32"), bias=(None, "K", "float32"))
    assert vars(axes) == {"N": 2, "H": 8, "W": 6, "C": 3, "k": 5, "K": 4, "T": "float32"}
    check_arrays("conv2d", axes, dy=(array(2, 4, 3, 4), "N 4 3 K", "T"))


def test_leading_axes():
    axes = check_arrays("batchnorm", x=(array(2, 3, 4), "... C", "T"), y=(array(2, 3, 4), "... C", "T"))
    assert axes.leading == (2, 3) and axes.C == 4
    check_arrays("batchnorm", x=(array(4), "... C", "T"))


X = (array(2, 8, 6, 3), "N H W C", "T")
REFUSED = {
    "axes": (dict(x=(array(2, 3), "N H W C", "T")), r"op: x has shape \(2, 3\), expected \(N, H, W, C\)$"),
    "size": (dict(x=X, w=(array(5, 5, 4, 4), "k k C K", "float32")),
             r"op: w has shape \(5, 5, 4, 4\), expected \(k, k, C, K\) with C = 3$"),
    "not square": (dict(w=(array(5, 3, 4, 4), "k k C K", "float32")),
                   r"w has shape \(5, 3, 4, 4\), expected \(k, k, C, K\)$"),
    "number": (dict(dy=(array(2, 4), "N 5", "T")), r"dy has shape \(2, 4\), expected \(N, 5\)$"),
    "leading": (dict(x=(array(2, 4), "... C", "T"), y=(array(3, 4), "... C", "T")),
                r"y has shape \(3, 4\), expected \(\.\.\., C\) with \.\.\. = \(2,\), C = 4$"),
    "too few for leading": (dict(x=(array(3), "... H C", "T")),
                            r"has shape \(3,\), expected \(\.\.\., H, C\)"),
    "type": (dict(x=(array(3, dtype=np.float64), "N", "T")),
             "x is float64, expected float32 or bfloat16: convert it"),
    "other type": (dict(x=X, w=(array(3, dtype=np.float16), "K", "T")), "w is float16, expected float32:"),
    "given type": (dict(x=(array(3), "N", "uint8")), "x is float32, expected uint8"),
    "layout": (dict(x=(array(4, 3).T, "C N", "T")), r"x, shape \(3, 4\), is not C-contiguous: copy it"),
    "empty": (dict(x=(array(0, 3), "N C", "T")), "x has 0 elements, expected 1 to 2,147,483,647"),
    "too large": (dict(x=(huge(2 ** 16, 2 ** 15), "N C", "T")),
                  "x has 2,147,483,648 elements, expected 1 to 2,147,483,647"),
    "numpy": (dict(x=(np.zeros(3), "N", "T")),
              "op: x: expected an array on the GPU, got ndarray: use to_device"),
    "no array": (dict(x=([1.0], "N", "T")), "op: x: expected an array on the GPU, got list"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    arrays, message = REFUSED[case]
    with pytest.raises(ArgumentError, match=message):
        check_arrays("op", **arrays)


def test_arrays_on_two_devices():
    elsewhere = array(3)
    elsewhere.device = "simulated 1"
    with pytest.raises(ArgumentError, match=r"\(x on simulated 0, y on simulated 1\): move them to one"):
        check_arrays("op", x=(array(3), "N", "T"), y=(elsewhere, "N", "T"))


def test_choices_and_ranges():
    assert check_choice("op", "activation", "relu", ("linear", "relu")) == "relu"
    with pytest.raises(ArgumentError, match="op: activation is 'gelu', expected one of 'linear', 'relu'"):
        check_choice("op", "activation", "gelu", ("linear", "relu"))
    assert check_range("op", "stride", 2, 1, 2) == 2
    for value in (0, 3, 1.5, True):
        with pytest.raises(ArgumentError, match=f"stride is {value}, expected a whole number from 1 to 2"):
            check_range("op", "stride", value, 1, 2)


def test_capability(monkeypatch):
    check_capability("conv2d", array(1), (8, 0), "tf32")
    monkeypatch.setattr(device, "capability", (7, 5))
    message = r"conv2d: tf32 needs compute capability 8\.0, this card has 7\.5: use fp32"
    with pytest.raises(ArgumentError, match=message):
        check_capability("conv2d", array(1), (8, 0), "tf32")


def test_arrays_of_both_backends_in_one_call():
    with pytest.raises(ArgumentError, match="move them to one device"):
        ga.feature_loss(array(2, 3), np.zeros((2, 3), np.float32))
