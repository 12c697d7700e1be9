"""Fixtures for the tests of the CUDA half, which runs on a simulated device."""
import pytest

from tests.cuda_on_cpu import device


@pytest.fixture
def cuda():
    """The simulated device: `cuda.to_device(array)`, `cuda.to_host(array)`."""
    return device


ORDERS = ("forward", 0), ("reverse", 0), ("random", 1), ("random", 2)


@pytest.fixture(params=ORDERS, ids=lambda order: f"{order[0]}{order[1]}")
def cuda_any_order(request):
    """The simulated device, once for each order in which threads and blocks run."""
    with device.threads_in_order(*request.param):
        yield device
