"""The simulated device must compute what a GPU does, and notice what a GPU would leave to chance."""
import numpy as np
import pytest

from tests.cuda_on_cpu import SimulationError, device, planted


@pytest.mark.parametrize("n", [1, 64, 130])
def test_threads_and_blocks(cuda_any_order, n):
    np.testing.assert_array_equal(*planted.rotate_twice(n=n))


def in_every_order(kernel, bug):
    """The results of a kernel of planted.py."""
    results = []
    for order, seed in (("forward", 0), ("reverse", 0), ("random", 1), ("random", 2)):
        with device.threads_in_order(order, seed):
            results.append(kernel(bug)[0])
    return results


@pytest.mark.parametrize("bug", ["BARRIER", "BARRIER_AGAIN"])
def test_a_missing_barrier_gives_wrong_numbers_in_some_order(bug):
    right = planted.rotate_twice()[1]
    assert not all(np.array_equal(result, right) for result in in_every_order(planted.rotate_twice, bug))


@pytest.mark.parametrize("bug, message", [
    ("DIVERGENT", "deadlock"), ("READ_PAST", r"\d+ bytes after argument 0, shape \(130,\)"),
    ("WRITE_PAST", r"\d+ bytes after argument 1"), ("WRITE_BEFORE", "wrote beside argument 1")])
def test_faults_are_reported(bug, message):
    with pytest.raises(SimulationError, match=message):
        planted.rotate_twice(bug)


def test_the_simulator_goes_on_after_a_fault():
    with pytest.raises(SimulationError):
        planted.rotate_twice("WRITE_PAST")
    np.testing.assert_array_equal(*planted.rotate_twice())


def test_dynamic_shared_memory():
    np.testing.assert_array_equal(*planted.through_shared())
    got, wanted = planted.through_shared("SHARED_UNSET", shared=256)    # never written: poison
    assert np.isnan(got[0]) and (got[1:] == wanted[1:]).all()
    with pytest.raises(SimulationError, match="touched"):
        planted.through_shared("SHARED_PAST")


def test_tf32_product_with_asynchronous_copies(cuda_any_order):
    np.testing.assert_allclose(*planted.product_tf32(), rtol=1e-5, atol=1e-5)


def test_a_wait_that_is_too_lax_leaves_two_copies_to_one_place():
    with pytest.raises(SimulationError, match="in flight"):
        planted.product_tf32("WAIT")


def test_a_wait_without_a_barrier_is_not_enough():
    assert np.isnan(planted.product_tf32("WAIT_BARRIER")[0]).any()


def test_copies_that_nobody_waits_for_are_refused():
    with pytest.raises(SimulationError, match="a cp.async that was not waited for"):
        planted.product_tf32("WAIT_FOR_ALL")


def test_copies_that_threads_share(cuda_any_order):
    np.testing.assert_allclose(*planted.sum_through_copies(), rtol=1e-5)


def test_a_copy_that_is_started_before_its_barrier_spoils_what_is_read_in_some_order():
    """Though its data come late: a GPU may land it at any time from its start on."""
    assert np.isnan(in_every_order(planted.sum_through_copies, "EARLY_COPY")).any()


def test_a_write_to_where_a_copy_is_in_flight_is_refused():
    with pytest.raises(SimulationError, match="a write to where a cp.async was in flight"):
        planted.sum_through_copies("LATE_WRITE")


@pytest.mark.parametrize("apart, factor", [(4, 1), (8, 2), (12, 1), (16, 4), (20, 1), (32, 8)])
def test_bank_conflicts_of_copies(apart, factor):
    """Eight lanes fill a wavefront of 128 bytes, unless their pieces lie in the same banks."""
    with device.counting_wavefronts() as launches:
        planted.sum_through_copies(apart=apart)
    (kernel, _, counted), = launches
    fewest = 5 * 4                                        # rows, quarters of a warp
    assert kernel == "sum_through_copies" and counted["matrix loads"] == (0, 0)
    assert counted["copies"] == (fewest * factor, fewest * (factor - 1))


def test_bank_conflicts_of_matrix_loads():
    """Of A's rows, 32 bytes long, four fill the banks, so that eight take two wavefronts; B's fill one."""
    with device.counting_wavefronts() as launches:
        planted.product_bf16()
    (_, _, counted), = launches
    assert counted == {"matrix loads": (4 * 2 + 4, 4), "copies": (0, 0)}


def test_bf16_product_with_matrix_loads(cuda_any_order):
    np.testing.assert_allclose(*planted.product_bf16(), rtol=1e-5, atol=1e-5)


def test_copies_of_nothing_write_zeros():
    np.testing.assert_array_equal(*planted.local_array())


def test_warp_operations(cuda_any_order):
    x, (xor, down, up, from_five, total), votes = planted.warp_operations()
    lanes = np.arange(32)
    np.testing.assert_array_equal(xor, x[:, lanes ^ 1])
    np.testing.assert_array_equal(down, x[:, np.where(lanes + 3 < 32, lanes + 3, lanes)])
    np.testing.assert_array_equal(up, x[:, np.where(lanes % 8 >= 2, lanes - 2, lanes)])
    np.testing.assert_array_equal(from_five, x[:, [5] * 32])
    np.testing.assert_allclose(total, x.sum(), rtol=1e-5)
    np.testing.assert_array_equal(votes, ((x > 0) << lanes).sum(1, dtype=np.uint32)[:, None].repeat(32, 1))


@pytest.mark.parametrize("bug, message", [("LANES", "different warp operations"), ("MASK", "not in its own")])
def test_lanes_that_do_not_do_the_same(bug, message):
    with pytest.raises(SimulationError, match=message):
        planted.warp_operations(bug)


@pytest.mark.parametrize("change, message", [
    (dict(args=()), "0 arguments for 3 parameters"),
    (dict(args=(0, 1, 2.0)), r"argument 2 is float, the kernel takes int32"),
    (dict(args=(0, 1, np.int64(1))), "argument 2 is int64"),
    (dict(args=(0, 0, np.int32(1)), dtype=np.float64), r"0 is \*float64, the kernel takes \*float32"),
    (dict(kernel="no_kernel"), "no such kernel"), (dict(grid=(0,)), "cannot launch"),
    (dict(grid=(1, 65536)), "cannot launch"), (dict(block=(1025,)), "cannot launch"),
    (dict(shared=300_000), "cannot launch")])
def test_launches_that_a_gpu_would_refuse_or_misread(change, message):
    array = device.zeros((64,), change.get("dtype", np.float32))
    args = [array if type(arg) is int else arg for arg in change.get("args", (0, 1, np.int32(64)))]
    with pytest.raises(SimulationError, match=message):
        planted.launch(change.get("kernel", "rotate_twice"), change.get("grid", (1,)),
                       change.get("block", (64,)), args, change.get("shared", 0))


def test_a_graph_runs_when_it_is_launched():
    x, y, n = device.zeros((64,), np.float32), device.empty((64,), np.float32), np.int32(64)
    replay = device.capture(lambda: planted.launch("rotate_twice", (1,), (64,), (x, y, n)))
    assert np.isnan(device.to_host(y)).all()
    for value in (1, 2):
        x[...] = value
        replay()
        assert (device.to_host(y) == value).all()
    with pytest.raises(SimulationError, match="waits while a graph"):
        device.capture(lambda: device.to_host(y))


def test_arrays_are_closed_to_numpy():
    x = device.zeros((4,), np.float32)
    np.testing.assert_array_equal(device.to_host(x + 1), np.ones(4))
    x[1:] = 2
    np.testing.assert_array_equal(device.to_host(x), [0, 2, 2, 2])
    for forbidden in (lambda: x + np.ones(4), lambda: np.sum(x), lambda: x.sum(), lambda: x[0],
                      lambda: np.concatenate([x, x]), lambda: x.__setitem__(0, np.ones(()))):
        with pytest.raises(TypeError):
            forbidden()
