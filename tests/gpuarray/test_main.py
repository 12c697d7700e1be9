"""`python -m gpuarray`: what is told about the machine."""
import numpy as np
import pytest

import gpuarray
from gpuarray import __main__ as program
from gpuarray.errors import DeviceError


@pytest.fixture
def shown(monkeypatch):
    """The lines as a dict, on a machine whose GPU is described so, or unusable for this reason."""
    def show(gpu):
        backend = gpuarray.dispatch._backend("cuda")

        def describe():
            if isinstance(gpu, DeviceError):
                raise gpu
            return gpu

        monkeypatch.setattr(backend, "describe_device", describe)
        monkeypatch.setattr(backend, "why_not", lambda precision: "no" if precision == "bf16" else None)
        return dict(program.lines())

    return show


def test_a_gpu_with_what_it_computes_in(shown):
    lines = shown("a GPU, 80 GiB")
    assert (lines["device"], lines["precisions"]) == ("cuda: a GPU, 80 GiB", "fp32, tf32")


def test_without_one_the_way_to_it(shown):
    lines = shown(DeviceError("no CuPy: pip install '.[cuda13]'"))
    assert lines["device"] == "cpu: no CuPy: pip install '.[cuda13]'" and "precisions" not in lines


def test_versions_memory_and_cores(shown, capsys):
    lines = shown("a GPU")
    assert lines["numpy"] == np.__version__ and "GB" in lines["memory"]
    assert lines["cores"].startswith(f"{gpuarray.available_cores()} of ")
    program.main()
    assert capsys.readouterr().out.count("\n") == len(lines)
