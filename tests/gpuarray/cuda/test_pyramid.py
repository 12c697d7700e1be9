import numpy as np

import gpuarray as ga
from tests.gpuarray.cuda.check import FLOAT32, check_on_device
from tests.gpuarray.test_pyramid import SHAPES, enlarged, shrunk


@SHAPES
def test_shrink_and_enlarge(cuda_any_order, shape):
    rng = np.random.default_rng(0)
    small = rng.standard_normal(shape).astype(FLOAT32)
    large = rng.standard_normal((shape[0], 2 * shape[1], 2 * shape[2], shape[3])).astype(FLOAT32)
    check_on_device(cuda_any_order, lambda x: (ga.shrink(x),), lambda x: (shrunk(x),), [large])
    check_on_device(cuda_any_order, lambda x: (ga.enlarge(x),), lambda x: (enlarged(x),), [small])
