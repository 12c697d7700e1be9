"""The error of float32 by Winograd's algorithm beside that of direct float32, without a GPU.

    python -m benchmarks.gpu.rounding               # some minutes: the kernels run on the CPU

Root mean square, in millionths of float64's, of standard normal arrays, for the wide layers of the `released`
networks and a batch of 64: y of the convolution, dx and dw of its gradients. A result's error depends on what
it sums and in which order. So the sums are as long as the layer's, and split as they are, but only a few
results are computed: one image of y and dx, with 4 channels, and 16 x 36 channels of dw.
"""
import argparse
from contextlib import contextmanager
from unittest import mock

import numpy as np

import gpuarray as ga
from gpuarray.cuda import tiles, winograd
from tests.cuda_compile.recorder import recording
from tests.cuda_on_cpu import device
from tests.cuda_on_cpu.workload import winograd_everywhere
from tests.gpuarray.check import relative_error

LAYERS = (64, 32, 128), (32, 64, 128), (32, 128, 256), (16, 128, 256), (16, 256, 256)         # H = W, C, K
IMAGES, CAPABILITY = 64, (9, 0)
OPERATIONS = {
    "y": lambda x, w, dy, dw: ga.conv2d(x, w, 2),
    "dx": lambda x, w, dy, dw: ga.conv2d_input_grad(dy, w, 2, x.shape[1:3]),
    "dw": lambda x, w, dy, dw: ga.conv2d_weight_grad(x, dy, dw, 2) or dw}


@contextmanager
def directly():
    with mock.patch.object(winograd, "applies", lambda *_: False):
        yield


ALGORITHMS = {"direct": directly, "Winograd": winograd_everywhere}


def shapes(n, h, c, k):
    """Of x, w, dy and dw."""
    return (n, h, h, c), (5, 5, c, k), (n, h // 2, h // 2, k), (5, 5, c, k)


def product(operation, *layer):
    """(kernel, splits of the depth) by which a card would compute it."""
    with recording(CAPABILITY) as recorder:
        OPERATIONS[operation](*(recorder.zeros(shape, np.float32) for shape in shapes(*layer)))
    return next((launch.kernel, launch.grid[2]) for launch in recorder.launches
                if "PRECISION" in launch.defines)


def error(operation, algorithm, h, c, k):
    few = {"y": (1, 16, c, 4), "dx": (1, 16, 4, k), "dw": (IMAGES, h, 16, 36)}[operation]
    rng = np.random.default_rng([h, c, k])
    x, w, dy, dw = (rng.standard_normal(shape, np.float32) for shape in shapes(*few))
    dw[...] = 0
    wanted = OPERATIONS[operation](*(array.astype(np.float64) for array in (x, w, dy, dw)))
    with ALGORITHMS[algorithm]():
        kernel, splits = product(operation, IMAGES, h, c, k)
        assert product(operation, *few)[0] == kernel
        with mock.patch.object(tiles, "choose_splits", lambda *_: splits):
            got = OPERATIONS[operation](*map(device.to_device, (x, w, dy, dw)))
    return relative_error(device.to_host(got), wanted)


def main():
    argparse.ArgumentParser(prog="python -m benchmarks.gpu.rounding", description=__doc__,
                            formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    columns = [(operation, algorithm) for operation in OPERATIONS for algorithm in ALGORITHMS]
    print("| H, C, K |", " | ".join(map(", ".join, columns)), "|")
    print("|---|" + "---|" * len(columns))
    for layer in LAYERS:
        cells = (f"{error(*column, *layer) * 1e6:.2f}" for column in columns)
        print(f"| {', '.join(map(str, layer))} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
