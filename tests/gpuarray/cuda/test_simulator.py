"""The simulated device must compute what a GPU does, and notice what a GPU would leave to chance."""
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from tests import cuda_on_cpu
from tests.cuda_on_cpu import SimulationError, device

PLANTED = str(Path(cuda_on_cpu.__file__).parent / "planted.cu")


def launch(kernel, grid, block, args, shared=0, bug="NONE"):
    device.launch(PLANTED, kernel, grid, block, args, shared, (("BUG", bug),))


def rotate_twice(n, bug="NONE"):
    x = np.random.default_rng(0).standard_normal(n).astype(np.float32)
    y = device.empty((n,), np.float32)
    launch("rotate_twice", (-(-n // 64),), (64,), (device.to_device(x), y, np.int32(n)), bug=bug)
    padded = np.pad(x, (0, -n % 64)).reshape(-1, 64)
    return device.to_host(y), np.roll(padded, -2, axis=1).reshape(-1)[:n]


@pytest.mark.parametrize("n", [1, 64, 130])
def test_threads_and_blocks(cuda_any_order, n):
    got, wanted = rotate_twice(n)
    np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("bug", ["BARRIER", "BARRIER_AGAIN"])
def test_a_missing_barrier_gives_wrong_numbers_in_some_order(bug):
    wrong = []
    for order, seed in (("forward", 0), ("reverse", 0), ("random", 1), ("random", 2)):
        with device.threads_in_order(order, seed):
            got, wanted = rotate_twice(128, bug)
            wrong.append(not np.array_equal(got, wanted))
    assert any(wrong)


@pytest.mark.parametrize("bug, message", [
    ("DIVERGENT", "deadlock"), ("READ_PAST", r"\d+ bytes after argument 0, shape \(130,\)"),
    ("WRITE_PAST", r"\d+ bytes after argument 1"), ("WRITE_BEFORE", "wrote beside argument 1")])
def test_faults_are_reported(bug, message):
    with pytest.raises(SimulationError, match=message):
        rotate_twice(130, bug)


def test_the_simulator_goes_on_after_a_fault():
    with pytest.raises(SimulationError):
        rotate_twice(130, "WRITE_PAST")
    np.testing.assert_array_equal(*rotate_twice(130))


def through_shared(bug, shared):
    y = device.empty((60,), np.float32)
    launch("through_shared", (1,), (64,), (device.zeros((60,), np.float32), y, np.int32(60)), shared, bug)
    return device.to_host(y)


def test_dynamic_shared_memory():
    assert (through_shared("NONE", 240) == 0).all()
    assert np.isnan(through_shared("SHARED_UNSET", 256)[0])             # never written: poison
    with pytest.raises(SimulationError, match="touched"):
        through_shared("SHARED_PAST", 240)


def rounded_to_tf32(x):
    return ((x.view(np.uint32) + 0x1000) & 0xffffe000).view(np.float32).astype(np.float64)


def product_tf32(bug="NONE"):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((16, 40)).astype(np.float32), rng.standard_normal((40, 8)).astype(np.float32)
    y = device.empty((16, 8), np.float32)
    launch("product_tf32", (1,), (32,), (device.to_device(a), device.to_device(b), y, np.int32(40)), bug=bug)
    return device.to_host(y), rounded_to_tf32(a) @ rounded_to_tf32(b)


def test_tf32_product_with_asynchronous_copies(cuda_any_order):
    got, wanted = product_tf32()
    np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)


def test_a_wait_that_is_too_lax_reads_poison():
    got, _ = product_tf32("WAIT")
    assert np.isnan(got).all()


def test_a_wait_without_a_barrier_is_not_enough():
    got, _ = product_tf32("WAIT_BARRIER")
    assert np.isnan(got).any()


def test_bf16_product_with_matrix_loads(cuda_any_order):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((16, 16)).astype(ml_dtypes.bfloat16), rng.standard_normal((16, 8)).astype(ml_dtypes.bfloat16)
    y = device.empty((16, 8), np.float32)
    launch("product_bf16", (1,), (32,), (device.to_device(a), device.to_device(b), y))
    np.testing.assert_allclose(device.to_host(y), a.astype(np.float64) @ b.astype(np.float64), rtol=1e-5, atol=1e-5)


def warp_operations(bug="NONE"):
    x = np.random.default_rng(0).standard_normal(64).astype(np.float32)
    y, votes = device.empty((5, 64), np.float32), device.empty((64,), np.uint32)
    launch("warp_operations", (1,), (64,), (device.to_device(x), y, votes), bug=bug)
    return x.reshape(2, 32), device.to_host(y).reshape(5, 2, 32), device.to_host(votes).reshape(2, 32)


def test_warp_operations(cuda_any_order):
    x, (xor, down, up, from_five, total), votes = warp_operations()
    lanes = np.arange(32)
    np.testing.assert_array_equal(xor, x[:, lanes ^ 1])
    np.testing.assert_array_equal(down, x[:, np.where(lanes + 3 < 32, lanes + 3, lanes)])
    np.testing.assert_array_equal(up, x[:, np.where(lanes % 8 >= 2, lanes - 2, lanes)])
    np.testing.assert_array_equal(from_five, x[:, [5] * 32])
    np.testing.assert_allclose(total, x.sum(), rtol=1e-5)
    np.testing.assert_array_equal(votes, ((x > 0) << lanes).sum(1, dtype=np.uint32)[:, None].repeat(32, 1))


@pytest.mark.parametrize("bug, message", [("LANES", "different warp operations"), ("MASK", "not in its own mask")])
def test_lanes_that_do_not_do_the_same(bug, message):
    with pytest.raises(SimulationError, match=message):
        warp_operations(bug)


def test_copies_of_nothing_write_zeros():
    y = device.empty((8,), np.float32)
    launch("local_array", (1,), (1,), (device.to_device(np.arange(8, dtype=np.float32)), y, np.int32(8)))
    np.testing.assert_array_equal(device.to_host(y), [0, 2, 4, 6, 0, 0, 0, 0])


@pytest.mark.parametrize("change, message", [
    (dict(args=()), "0 arguments for 3 parameters"),
    (dict(args=(0, 1, 2.0)), r"argument 2 is float, the kernel takes int32"),
    (dict(args=(0, 1, np.int64(1))), "argument 2 is int64"),
    (dict(args=(0, 0, np.int32(1)), dtype=np.float64), r"argument 0 is \*float64, the kernel takes \*float32"),
    (dict(kernel="no_kernel"), "no such kernel"),
    (dict(grid=(0,)), "cannot launch"), (dict(grid=(1, 65536)), "cannot launch"), (dict(block=(1025,)), "cannot launch"),
    (dict(shared=300_000), "cannot launch")])
def test_launches_that_a_gpu_would_refuse_or_misread(change, message):
    array = device.zeros((64,), change.get("dtype", np.float32))
    args = [array if type(arg) is int else arg for arg in change.get("args", (0, 1, np.int32(64)))]
    with pytest.raises(SimulationError, match=message):
        launch(change.get("kernel", "rotate_twice"), change.get("grid", (1,)), change.get("block", (64,)), args,
               change.get("shared", 0))


def test_a_graph_runs_when_it_is_launched():
    x, y, n = device.zeros((64,), np.float32), device.empty((64,), np.float32), np.int32(64)
    replay = device.capture(lambda: launch("rotate_twice", (1,), (64,), (x, y, n)))
    assert np.isnan(device.to_host(y)).all()
    for value in (1, 2):
        device.upload(np.full(64, value, np.float32), x)
        replay()
        assert (device.to_host(y) == value).all()
    with pytest.raises(SimulationError, match="waits while a graph"):
        device.capture(lambda: device.to_host(y))


def test_arrays_are_closed_to_numpy():
    x = device.zeros((4,), np.float32)
    np.testing.assert_array_equal(device.to_host(x + 1), np.ones(4))
    x[1:] = 2
    np.testing.assert_array_equal(device.to_host(x), [0, 2, 2, 2])
    for forbidden in (lambda: x + np.ones(4), lambda: np.sum(x), lambda: x[0], lambda: np.concatenate([x, x]), lambda: x.sum(),
                      lambda: x.__setitem__(0, np.ones(()))):
        with pytest.raises(TypeError):
            forbidden()
