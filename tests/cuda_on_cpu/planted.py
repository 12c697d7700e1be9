"""Launch the kernels of planted.cu, with a fault or without. Each function returns (result, right result).

    python -m tests.cuda_on_cpu.sanitize address tests.cuda_on_cpu.planted rotate_twice STATIC_PAST
"""
import sys
from pathlib import Path

import ml_dtypes
import numpy as np

from tests.cuda_on_cpu import device

SOURCE = str(Path(__file__).parent / "planted.cu")


def launch(kernel, grid, block, args, shared=0, bug="NONE"):
    device.launch(SOURCE, kernel, grid, block, args, shared, (("BUG", bug),))


def rotate_twice(bug="NONE", n=130):
    x = np.random.default_rng(0).standard_normal(n).astype(np.float32)
    y = device.empty((n,), np.float32)
    launch("rotate_twice", (-(-n // 64),), (64,), (device.to_device(x), y, np.int32(n)), bug=bug)
    padded = np.pad(x, (0, -n % 64)).reshape(-1, 64)
    return device.to_host(y), np.roll(padded, -2, axis=1).reshape(-1)[:n]


def through_shared(bug="NONE", shared=240):
    x = np.random.default_rng(0).standard_normal(60).astype(np.float32)
    y = device.empty((60,), np.float32)
    launch("through_shared", (1,), (64,), (device.to_device(x), y, np.int32(60)), shared, bug)
    return device.to_host(y), x


def sum_through_copies(bug="NONE", apart=4):
    x = np.random.default_rng(0).standard_normal((5, 128)).astype(np.float32)
    y = device.empty((128,), np.float32)
    args = device.to_device(x), y, np.int32(5), np.int32(apart)
    launch("sum_through_copies", (1,), (128,), args, bug=bug)
    return device.to_host(y), np.roll(x, -1, axis=1).sum(0)


def product_tf32(bug="NONE"):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((16, 40)).astype(np.float32), rng.standard_normal((40, 8)).astype(np.float32)
    y = device.empty((16, 8), np.float32)
    launch("product_tf32", (1,), (32,), (device.to_device(a), device.to_device(b), y, np.int32(40)), bug=bug)
    return device.to_host(y), _rounded_to_tf32(a) @ _rounded_to_tf32(b)


def product_bf16(bug="NONE"):
    """With B's rows 16 bytes from one another, A's 32: two of eight rows in the same banks."""
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal(shape).astype(ml_dtypes.bfloat16) for shape in ((16, 16), (16, 8)))
    y = device.empty((16, 8), np.float32)
    launch("product_bf16", (1,), (32,), (device.to_device(a), device.to_device(b), y), bug=bug)
    return device.to_host(y), a.astype(np.float64) @ b.astype(np.float64)


def product_wgmma(bug="NONE", bf16=True, columns=64, along_n=False, chunks=8, depth=64):
    rng = np.random.default_rng(0)
    element = ml_dtypes.bfloat16 if bf16 else np.float32
    a, b = (rng.standard_normal(shape).astype(element) for shape in ((64, depth), (depth, columns)))
    y = device.empty((64, columns), np.float32)
    stored = np.ascontiguousarray(b if along_n else b.T)
    device.launch(SOURCE.replace(".cu", "_wgmma.cu"), "product", (1,), (128,),
                  (device.to_device(a), device.to_device(stored), y, np.int32(depth)), b.nbytes + 1024,
                  (("BUG", bug), ("BF16", int(bf16)), ("COLUMNS", columns), ("ALONG_N", int(along_n)),
                   ("CHUNKS", chunks)))
    if not bf16:
        a, b = ((array.view(np.uint32) & 0xffffe000).view(np.float32) for array in (a, b))
    return device.to_host(y), a.astype(np.float64) @ b.astype(np.float64)


def local_array(bug="NONE"):
    x, y = np.arange(8, dtype=np.float32), device.empty((8,), np.float32)
    launch("local_array", (1,), (1,), (device.to_device(x), y, np.int32(8)), bug=bug)
    return device.to_host(y), np.float32([0, 2, 4, 6, 0, 0, 0, 0])


def warp_operations(bug="NONE"):
    """x (2, 32); the results of xor, down, up, from lane 5, and the block's sum (5, 2, 32); votes (2, 32)."""
    x = np.random.default_rng(0).standard_normal(64).astype(np.float32)
    y, votes = device.empty((5, 64), np.float32), device.empty((64,), np.uint32)
    launch("warp_operations", (1,), (64,), (device.to_device(x), y, votes), bug=bug)
    return x.reshape(2, 32), device.to_host(y).reshape(5, 2, 32), device.to_host(votes).reshape(2, 32)


def _rounded_to_tf32(x):
    return ((x.view(np.uint32) + 0x1000) & 0xffffe000).view(np.float32).astype(np.float64)


if __name__ == "__main__":
    for kernel, bug in zip(sys.argv[1::2], sys.argv[2::2]):
        globals()[kernel](bug)
