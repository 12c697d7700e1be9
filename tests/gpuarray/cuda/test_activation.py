import numpy as np
import pytest

import gpuarray as ga
from tests.gpuarray import reference
from tests.gpuarray.check import assert_close
from tests.gpuarray.cuda.check import ELEMENTS, FLOAT32, check_on_device, misaligned

SHAPES = [(1, 1), (5, 3), (1, 23, 23, 5), (3, 11, 11, 36), (1, 92, 92, 32)]


def draw(shape, element, activation, seed):
    rng = np.random.default_rng(seed)
    y = reference.activation(rng.standard_normal(shape), activation)
    dy, dbias = rng.standard_normal(shape), rng.standard_normal(shape[-1])
    return dy.astype(element), y.astype(element), dbias.astype(FLOAT32)


def plain(dy, y, dbias, activation, weight):
    slope = {"linear": np.ones_like(y), "relu": 1.0 * (y > 0), "tanh": 1 - y**2}[activation]
    return dy * slope, dbias + weight * (dy * slope).reshape(-1, y.shape[-1]).sum(0)


@pytest.mark.parametrize("activation", ["linear", "relu", "tanh"])
@pytest.mark.parametrize("element", ELEMENTS, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_gradient_and_weighted_bias_sum(cuda_any_order, shape, element, activation):
    def operation(dy, y, dbias):
        return ga.bias_activation_grad(dy, y, activation, dbias, 0.25), dbias

    check_on_device(cuda_any_order, operation, lambda *arrays: plain(*arrays, activation, 0.25),
                    draw(shape, element, activation, 1), {"float32": 1e-5})          # sums cancel; 4e-6 seen


@pytest.mark.parametrize("weight, with_bias", [(0, True), (1, False)])
@pytest.mark.parametrize("shape", SHAPES[1:4], ids=str)
def test_without_a_sum(cuda, shape, weight, with_bias):
    dy, y, dbias = draw(shape, FLOAT32, "tanh", 2)
    sums = cuda.to_device(dbias) if with_bias else None
    da = ga.bias_activation_grad(cuda.to_device(dy), cuda.to_device(y), "tanh", sums, weight)
    assert_close(cuda.to_host(da), dy * (1 - y**2), 1e-6)
    assert sums is None or (cuda.to_host(sums) == dbias).all()


def test_addresses_that_allow_no_wide_access(cuda):
    dy, y, _ = draw((3, 3, 3, 8), FLOAT32, "relu", 3)
    da = ga.bias_activation_grad(misaligned(cuda, dy), misaligned(cuda, y), "relu")
    assert_close(cuda.to_host(da), dy * (y > 0), 1e-6)
