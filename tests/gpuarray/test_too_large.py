"""Results with more elements than kernels can index are refused before memory is taken."""
import numpy as np
import pytest

import gpuarray as ga
from gpuarray import cuda
from tests.gpuarray.test_contracts import Arguments

MANY = 46341            # squared, just above what 32 bits count
TOO_LARGE = {
    "conv2d: y": lambda a: ga.conv2d(a(MANY, 1, 1, 1), a(1, 1, 1, MANY)),
    "conv2d_input_grad: dx": lambda a: ga.conv2d_input_grad(a(1, 182, 182, 1), a(1, 1, 1, 1), 255,
                                                            (MANY, MANY)),
    "dense: y": lambda a: ga.dense(a(MANY, 1), a(1, MANY)),
    "dense_input_grad: dx": lambda a: ga.dense_input_grad(a(MANY, 1), a(MANY, 1)),
    "augment: result": lambda a: ga.augment(a(1, 1, 1, 1, dtype=np.uint8), a(1, 9), MANY),
    "normal: the result": lambda a: ga.normal((MANY, MANY), 1, a.counter),
}


@pytest.mark.parametrize("case", TOO_LARGE)
def test_results_that_kernels_cannot_index(case):
    with pytest.raises(ga.ArgumentError,
                       match=f"{case} has 2,147,488,281 elements, expected 1 to 2,147,483,647"):
        TOO_LARGE[case](Arguments("cuda"))


def test_a_whole_that_kernels_cannot_index(monkeypatch):
    a = Arguments("cuda")
    monkeypatch.setattr(cuda, "MOST_ELEMENTS", 40)
    with pytest.raises(ga.ArgumentError, match="concatenate: the result has 48 elements, expected 1 to 40"):
        ga.concatenate(a.rows, a.rows)
