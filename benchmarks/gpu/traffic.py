"""What a step of the `released` VAE/GAN moves on a GPU, counted without one from the launches of a real step.

    python -m benchmarks.gpu.traffic

Counted, not measured: what tiles copy from the L2 cache into shared memory, padding included, and the arrays
that the other kernels read and write, and multiplications. How fast a card does that is for
`python -m benchmarks.gpu`.
"""
import argparse
import math
from collections import Counter

import numpy as np

import gpuarray as ga
from gpuarray.cuda.layout import ceil_div
from tests.cuda_compile.recorder import recording
from tests.cuda_on_cpu.workload import vaegan

PRECISIONS = "fp32", "tf32", "bf16"
CAPABILITY = 9, 0                                # H100, H200
_ITEMSIZE = {"FP32": 4, "TF32": 4, "BF16": 2}
_PHASES = [down * across for down in (2, 2, 2, 2, 2, 1) for across in (2, 2, 2, 2, 2, 1)]    # winograd.cuh


def launches_of_step(precision, batch=64, capability=CAPABILITY):
    """The launches of a step: 64 x 64 images, full width, z of 128, fakes from the prior."""
    with recording(capability) as device:
        model = vaegan("cuda", 64, 1, 128, 1024, precision)
        x = ga.to_device(np.zeros((batch, 64, 64, 3), np.float32), "cuda")
        device.launches.clear()
        model.step(x)
    return device.launches


def is_product(launch):
    return "PRECISION" in launch.defines


def operand_bytes(launch):
    """What the tiles of a product copy from L2 into shared memory.

    A tile of gathered rows copies TILE_ROWS + TILE_COLS lines of TILE_DEPTH for each step of the depth; one
    with patches the weights' TILE_COLS alone, and each patch once. Of a gradient to weights, it copies a
    window of dy and its patch of x.
    """
    if launch.kernel == "conv_weight_grad_patch":
        return launch.grid[0] * _window_elements(launch) * _ITEMSIZE[launch.defines["PRECISION"]]
    tile = {name: launch.defines[name] for name in ("TILE_ROWS", "TILE_COLS", "TILE_DEPTH")}
    rows, cols, step = tile.values()
    if launch.kernel == "winograd_product":
        return steps(launch) * (rows + cols) * step * 4
    depths, patches = _depths(launch), 0
    if launch.kernel.endswith("_patch"):
        of_each = _patch_pixels(launch, step)    # a split in the middle of a patch fetches it again
        rows, patches = 0, sum(of_each) + len(of_each) * (_splits(launch) - 1) * _pixels_of_patch(launch)
    lines = sum(ceil_div(depth, step) * (rows + cols) for depth in depths) + patches
    return launch.grid[0] * lines * step * _ITEMSIZE[launch.defines["PRECISION"]]


def steps(launch):
    """Through how many slices of the depth all tiles of a product go together."""
    if launch.kernel == "winograd_product":
        return sum(_tiles_and_steps(launch))
    if launch.kernel == "conv_weight_grad_patch":
        return launch.grid[0] * _windows(launch)
    return launch.grid[0] * sum(ceil_div(depth, launch.defines["TILE_DEPTH"]) for depth in _depths(launch))


def multiplications(launch):
    """Those of a product, padding left out."""
    if launch.kernel == "winograd_product":
        rows, cols, depth = launch.sizes
        return sum(_PHASES) * rows * cols * depth
    n, _, _, c, p, q, k, side = launch.sizes[:8]
    return n * p * q * c * k * launch.defines.get("SIDE", side) ** 2


def _tiles_and_steps(launch):
    """For each point, its tiles times the steps of their depth."""
    for phases in _PHASES:
        sides = dict(zip(("ROWS", "COLS", "DEPTH"), launch.sizes))
        sides[launch.defines["PHASED"]] *= phases
        yield math.prod(ceil_div(size, launch.defines[f"TILE_{side}"]) for side, size in sides.items())


def _window_elements(launch):
    """What a tile of conv_weight_grad_patch copies in all windows."""
    rows, cols, depth, side, stride = (launch.defines[name] for name in (
        "TILE_ROWS", "TILE_COLS", "TILE_DEPTH", "SIDE", "STRIDE"))
    patch = ((depth // 8 - 1) * stride + side) * (7 * stride + side)
    return _windows(launch) * (patch * (rows // side ** 2) + depth * cols)


def _windows(launch):
    """Of dy, for a tile of conv_weight_grad_patch."""
    n, _, _, _, p, q = launch.sizes[:6]
    return n * ceil_div(p, launch.defines["TILE_DEPTH"] // 8) * ceil_div(q, 8)


def _depths(launch):
    """The depth of the products that a tile's place in the grid stands for: one for each phase."""
    if launch.kernel == "conv_weight_grad":
        n, _, _, _, p, q = launch.sizes[:6]
        return [n * p * q]
    _, _, _, c, _, _, k, side, stride = launch.sizes[:9]
    piece = launch.defines.get("A_PIECE", 1)
    if launch.kernel.startswith("conv_forward"):
        return [side * side * ceil_div(c, piece) * piece]
    taps = [ceil_div(side - (o + (side - 1) // 2) % stride, stride) for o in range(stride)]
    return [down * across * ceil_div(k, piece) * piece for down in taps for across in taps]


def _patch_pixels(launch, step):
    """For each phase (one, where a tile is all phases'), the pixels of all patches that a tile fetches."""
    _, _, _, c, _, _, k, _, stride = launch.sizes[:9]
    if launch.kernel == "conv_forward_patch":
        return [stride * stride * c // step * _pixels_of_patch(launch)]
    return [k // step * _pixels_of_patch(launch)] * launch.grid[1]


def _pixels_of_patch(launch):
    rows, height, width, taps = (launch.defines[name] for name in (
        "TILE_ROWS", "TILE_HEIGHT", "TILE_WIDTH", "TAPS"))
    return rows // (height * width) * (height + taps - 1) * (width + taps - 1)


def _splits(launch):
    return launch.grid[2]


def summary(launches):
    """{"launches", "operands": {kernel: bytes}, "multiplications", "casts": (launches, bytes),
    "points": bytes of the transforms of Winograd's algorithm, "memory passes": of all others but products}
    """
    operands, products = Counter(), list(filter(is_product, launches))
    for launch in products:
        operands[launch.kernel] += operand_bytes(launch)
    others = [launch for launch in launches if not is_product(launch)]
    casts = [launch.nbytes for launch in others if launch.kernel.startswith("cast")]
    points = sum(launch.nbytes for launch in others if launch.kernel.startswith("winograd"))
    return {"launches": len(launches), "operands": operands, "casts": (len(casts), sum(casts)),
            "multiplications": sum(map(multiplications, products)), "points": points,
            "memory passes": sum(launch.nbytes for launch in others) - points}


def main():
    argparse.ArgumentParser(prog="python -m benchmarks.gpu.traffic", description=__doc__,
                            formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    found = {precision: summary(launches_of_step(precision)) for precision in PRECISIONS}
    kernels = sorted({kernel for row in found.values() for kernel in row["operands"]})
    print(f"| counted, a step of 64 images | {' | '.join(PRECISIONS)} |\n|---|{'---|' * len(PRECISIONS)}")

    def row(name, cell):
        print(f"| {name} | {' | '.join(cell(found[precision]) for precision in PRECISIONS)} |")

    row("operands, L2 to multiprocessors, GB", lambda of: f"{sum(of['operands'].values()) / 1e9:.1f}")
    for kernel in kernels:
        row(f"of it {kernel}", lambda of: f"{of['operands'][kernel] / 1e9:.1f}")
    row("multiplications of products, billions", lambda of: f"{of['multiplications'] / 1e9:,.0f}")
    row("launches", lambda of: f"{of['launches']}")
    row("casts, and their MB", lambda of: f"{of['casts'][0]}, {of['casts'][1] / 1e6:.0f}")
    row("arrays of the transforms of Winograd's algorithm, MB", lambda of: f"{of['points'] / 1e6:,.0f}")
    row("arrays of all others that are no products, MB", lambda of: f"{of['memory passes'] / 1e6:,.0f}")


if __name__ == "__main__":
    main()
