import numpy as np
import pytest

import gpuarray as ga
from tests.gpuarray import reference
from tests.gpuarray.check import assert_close
from tests.gpuarray.cuda.check import check_on_device

IDENTITY = (1, 0, 0, 0, 1, 0, 1, 1, 0)


def draw(n, height, width, channels, seed=1, scale=1.0):
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (n, height, width, channels), np.uint8)
    images[0, :height // 2] = images[0, :height // 2, :, :1]                     # greys, which have no hue
    images[0, :height // 3] = 0                                                  # and black
    parameters = np.array(IDENTITY) + rng.standard_normal((n, 9)) * [.05, .05, 2, .05, .05, 2, .05, .2, .1]
    parameters[::2, [0, 3]] *= -1                                                # every other one is flipped
    parameters[:, [0, 1, 3, 4]] *= scale
    return images, parameters.astype(np.float32)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("n, height, width, size, scale", [
    (1, 5, 6, 4, 1.0), (3, 21, 17, 18, 1.0), (2, 1, 1, 3, 1.0), (2, 31, 29, 11, 2.3), (1, 9, 9, 19, 0.4)])
def test_augment(cuda_any_order, n, height, width, size, scale, channels):
    images, parameters = draw(n, height, width, channels, scale=scale)
    check_on_device(cuda_any_order, lambda *arrays: (ga.augment(*arrays, size),),
                    lambda *arrays: (reference.augment(*arrays, size),), [images, parameters],
                    {"float32": 2e-5})           # positions are rounded at some ten pixels; 1.4e-6 seen


def test_the_identity_cuts_out_the_middle_exactly(cuda):
    images, _ = draw(2, 12, 12, 3)
    out = ga.augment(cuda.to_device(images), cuda.to_device(np.tile(np.float32(IDENTITY), (2, 1))), 8)
    assert_close(cuda.to_host(out), images[:, 2:10, 2:10] / 127.5 - 1, 1e-6)


def test_the_last_pixel_of_the_last_image_has_no_neighbours(cuda):
    images = np.arange(16, dtype=np.uint8).reshape(1, 4, 4, 1)                   # ends where its memory ends
    far_right_and_down = np.float32([[1, 0, 9, 0, 1, 9, 1, 1, 0]])
    out = ga.augment(cuda.to_device(images), cuda.to_device(far_right_and_down), 2)
    assert_close(cuda.to_host(out), np.full((1, 2, 2, 1), 15 / 127.5 - 1), 1e-6)


def test_as_in_the_numpy_backend(cuda):
    images, parameters = draw(4, 20, 20, 3, seed=2)
    assert_close(cuda.to_host(ga.augment(cuda.to_device(images), cuda.to_device(parameters), 16)),
                 ga.augment(images, parameters, 16), 1e-5)
