import ml_dtypes
import numpy as np
import pytest

import gpuarray as ga


@pytest.mark.parametrize("shape", [(1,), (3, 5, 7), (4, 8, 8, 16)])
def test_to_bfloat16_and_back(cuda, shape):
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    x.flat[0] = np.inf
    there = ga.cast(cuda.to_device(x), "bfloat16")
    assert there.dtype == ml_dtypes.bfloat16
    np.testing.assert_array_equal(cuda.to_host(there), x.astype(ml_dtypes.bfloat16))
    back = ga.cast(there, np.float32)
    np.testing.assert_array_equal(cuda.to_host(back), x.astype(ml_dtypes.bfloat16).astype(np.float32))


def test_the_same_type_is_no_copy(cuda):
    x = cuda.zeros((3,), np.float32)
    assert ga.cast(x, np.dtype(np.float32)) is x


def test_not_a_number_stays_one(cuda):
    y = ga.cast(cuda.to_device(np.array([np.nan, -np.nan], np.float32)), "bfloat16")
    assert np.isnan(cuda.to_host(y).astype(np.float32)).all()
