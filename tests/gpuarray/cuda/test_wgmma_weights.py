"""Weights as wgmma takes them in tf32: rounded, and along the depth."""
import numpy as np
import pytest

from gpuarray.cuda import patches, tiles
from gpuarray.cuda.wgmma_weights import weights_for
from tests.gpuarray.cuda.check import misaligned


def rounded(values):
    """To 10 bits of mantissa, halves to even: what float64 leaves of the sum with a large number."""
    large = 1.5 * 2.0 ** (52 - 10) * 2.0 ** np.floor(np.log2(np.abs(values.astype(np.float64))))
    return ((values + large) - large).astype(np.float32)


def plan_of(precision, w):
    b = tiles.Operand(4, along_depth=False)
    return patches.plan_patches(precision, b, 1, (8, 8), w.shape[3], w.shape[2], 3, 1, (9, 0))


# side, C, K: blocks that are full, partly filled, and of one weight
@pytest.mark.parametrize("shape", [(1, 32, 96), (2, 37, 70), (3, 5, 129), (1, 1, 65)], ids=str)
@pytest.mark.parametrize("aligned", [True, False])
def test_against_numpy(cuda_any_order, shape, aligned):
    side, c, k = shape
    w = np.random.default_rng(shape).standard_normal((side, side, c, k)).astype(np.float32)
    place = cuda_any_order.to_device if aligned else lambda array: misaligned(cuda_any_order, array)
    for transposed, wanted in ((False, rounded(w)), (True, rounded(w).swapaxes(2, 3))):
        got = cuda_any_order.to_host(weights_for(plan_of("TF32", w), place(w), transposed))
        np.testing.assert_array_equal(got, wanted)
    assert (rounded(w) != w).any()


def test_other_products_take_them_as_they_are(cuda):
    w = cuda.to_device(np.ones((1, 1, 8, 128), np.float32))
    for precision in "FP32", "BF16":
        assert weights_for(plan_of(precision, w), w, True) is w
    narrow = w[..., :64]
    assert weights_for(plan_of("TF32", narrow), narrow, True) is narrow
