"""wgmma on the simulated device: its layouts, and what a GPU would leave to chance."""
import numpy as np
import pytest

from tests.cuda_on_cpu import SimulationError, planted


@pytest.mark.parametrize("bf16, along_n", [(True, False), (True, True), (False, False)], ids=str)
@pytest.mark.parametrize("chunks", [1, 2, 4, 8])
@pytest.mark.parametrize("columns", [64, 128])
def test_every_layout_of_b(cuda_any_order, bf16, along_n, chunks, columns):
    """Without a swizzle, and with those of 32, 64 and 128 bytes; products in flight while A is read."""
    got, wanted = planted.product_wgmma(bf16=bf16, columns=columns, along_n=along_n, chunks=chunks)
    np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("bf16", [True, False])
def test_32_columns(cuda_any_order, bf16):
    """Along the depth, in spans of 64 bytes, as swizzled.cuh has them."""
    got, wanted = planted.product_wgmma(bf16=bf16, columns=32, chunks=4)
    np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("bug, message", [
    ("FENCE", "before the first wgmma.fence"), ("FENCE_AGAIN", "written after the last wgmma.fence"),
    ("COMMIT", "a wgmma that was not waited for"), ("NOT_LANDED", "what a cp.async is still to bring"),
    ("PROXY", "a copy without fence.proxy.async"),
    ("PROXY_LATE", "a copy without (a barrier after its )?fence.proxy.async"),
    ("PLAIN_STORE", "what no cp.async has brought"), ("CHANGE_A", "A was written before the wgmma.wait"),
    ("CHANGE_SUM", "sums were written before the wgmma.wait"),
    ("CHANGE_B", "shared memory was written while a wgmma read it"),
    ("LANES", "lanes with different descriptors"), ("WARPS", "warps of a warpgroup in different wgmma"),
    ("ONE_WARP", "not all warps of a warpgroup started"), ("BASE_OFFSET", "a base offset"),
    ("MEANINGLESS", "bits that mean nothing"), ("OUTSIDE", "outside of dynamic shared memory")])
def test_faults_are_reported(cuda_any_order, bug, message):
    with pytest.raises(SimulationError, match=message):
        planted.product_wgmma(bug)


def test_sums_that_are_read_before_the_wait_are_poison():
    assert np.isnan(planted.product_wgmma("READ_EARLY")[0]).all()


def test_a_descriptor_of_another_swizzle_finds_other_numbers():
    """The layouts differ, so that a mistaken one shows in the results."""
    got, wanted = planted.product_wgmma("SWIZZLE")
    assert np.abs(got - wanted).max() > 1


def test_simulation_goes_on_after_a_fault():
    with pytest.raises(SimulationError):
        planted.product_wgmma("CHANGE_A")
    np.testing.assert_allclose(*planted.product_wgmma(), rtol=1e-5, atol=1e-5)
