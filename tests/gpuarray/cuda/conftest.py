"""Fixtures for the tests of the CUDA backend, on a simulated device or, with --gpu, on the machine's GPU:

    python -m pytest tests/gpuarray/cuda --gpu --ignore tests/gpuarray/cuda/test_sanitizers.py

--steps N: how many training steps test_captured_steps.py replays beside eager ones.
"""
import os
from contextlib import contextmanager

import pytest

from gpuarray.cuda import patches, products, runtime
from tests.cuda_on_cpu import device

ORDERS = ("forward", 0), ("reverse", 0), ("random", 1), ("random", 2)
WGMMA = "WGMMA", 1                                    # the define of products that wgmma makes


class GPU:
    """The machine's GPU in the place of the simulated device; its threads cannot be ordered."""

    is_gpu = True

    def __getattr__(self, name):
        return getattr(runtime.default_runtime(), name)

    @contextmanager
    def threads_in_order(self, order, seed=0):
        yield self


def pytest_addoption(parser):
    parser.addoption("--gpu", action="store_true", help="run kernels on the machine's GPU, not on the CPU")
    parser.addoption("--steps", type=int, help="steps replayed beside eager ones, 6 or more")


def pytest_runtest_makereport(item, call):
    """Where a kernel has broken its process's connection to the GPU, all that follows would fail, too: end
    the process. pytest-xdist says which test it was, and starts another."""
    if call.excinfo and "PYTEST_XDIST_WORKER" in os.environ and item.config.getoption("--gpu", default=False):
        try:
            runtime.default_runtime().synchronize()
        except Exception:
            os._exit(1)


@pytest.fixture
def cuda(request):
    """The device that kernels run on: `cuda.to_device(array)`, `cuda.to_host(array)`."""
    return GPU() if request.config.getoption("--gpu", default=False) else device


@pytest.fixture(params=ORDERS, ids=lambda order: f"{order[0]}{order[1]}")
def cuda_any_order(request, cuda):
    """The device, once for each order in which threads and blocks run."""
    with cuda.threads_in_order(*request.param):
        yield cuda


@pytest.fixture
def cuda_in_turn(request, cuda):
    """The device, in one of these orders: they take turns over the parameters of a test."""
    turn = sum(request.node.callspec.indices.values())
    with cuda.threads_in_order(*ORDERS[turn % len(ORDERS)]):
        yield cuda


@pytest.fixture
def launched(cuda, monkeypatch):
    """The names of the kernels of products that were launched."""
    names, launch = [], products.launch

    def noted(like, source, kernel, *args, **options):
        names.append(kernel)
        launch(like, source, kernel, *args, **options)

    monkeypatch.setattr(products, "launch", noted)
    return names


@pytest.fixture
def multiplied(cuda, monkeypatch):
    """The names of the kernels whose products wgmma made."""
    if cuda.capability not in patches.WGMMA_CARDS:
        pytest.skip("wgmma needs a card of compute capability 9.0")
    names, launch = set(), products.launch

    def noted(like, source, kernel, *args, **options):
        if WGMMA in options["defines"]:
            names.add(kernel)
        launch(like, source, kernel, *args, **options)

    monkeypatch.setattr(products, "launch", noted)
    return names
