"""The GPU's runtime on a stand-in for CuPy: what it refuses and says, compiles, launches and captures."""
import sys

import numpy as np
import pytest

import gpuarray as ga
from gpuarray import cuda
from gpuarray.cuda import runtime, source
from gpuarray.cuda.cupy_runtime import CuPyRuntime
from tests.gpuarray.cuda import fake_cupy

SOURCE = "memory.cu"


@pytest.fixture
def machine(monkeypatch):
    """A machine with a GPU that works, until the test breaks it."""
    machine = fake_cupy.Machine()
    monkeypatch.setitem(sys.modules, "cupy", machine.cupy())
    runtime.default_runtime.cache_clear()
    yield machine
    runtime.default_runtime.cache_clear()


# ---------------------------------------------------------------------------------------------- which device

def test_a_working_gpu_is_taken(machine):
    device, why = ga.choose_device("auto")
    assert device == "cuda"
    assert why == "Fake GPU, 4 GiB, compute capability 9.0, driver for CUDA 13.0, CuPy 14.0.0"
    assert CuPyRuntime().capability == (9, 0)


BROKEN = {
    "no driver": (dict(driver=0), "no NVIDIA driver: install one"),
    "old driver": (dict(driver=12080),
                   r"too old: it serves CUDA 12\.8, CuPy is built for 13\.2: .*'\.\[cuda12\]'"),
    "no GPU": (dict(gpus=0), "no GPU: check nvidia-smi and CUDA_VISIBLE_DEVICES"),
    "broken GPU": (dict(device_error=fake_cupy.CUDARuntimeError("cudaErrorNoDevice")),
                   r"no usable GPU \(cudaErrorNoDevice\)"),
    "GPU in use": (dict(context_error=fake_cupy.CUDARuntimeError("cudaErrorDevicesUnavailable")),
                   r"no usable GPU \(cudaErrorDevicesUnavailable\): check nvidia-smi, or use the CPU"),
    "very old driver": (dict(driver=11080),
                        r"too old: it serves CUDA 11\.8, CuPy is built for 13\.2: update it$"),
    "old GPU": (dict(capability="70"),
                r"the GPU Fake GPU has compute capability 7\.0, expected 7\.5 or more: use the CPU"),
    "no compiler": (dict(nvrtc_error=OSError("libnvrtc.so.13: not found")),
                    r"no CUDA compiler .*'\.\[cuda13\]'.*libnvrtc\.so\.13"),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_gpu_that_cannot_be_used_says_why(machine, broken):
    faults, message = BROKEN[broken]
    vars(machine).update(faults)
    with pytest.raises(ga.DeviceError, match=message) as error:
        ga.choose_device("cuda")
    assert "\n" not in str(error.value)
    device, why = ga.choose_device("auto")
    assert device == "cpu" and why == str(error.value)


def test_without_cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    runtime.default_runtime.cache_clear()
    with pytest.raises(ga.DeviceError, match=r"no CuPy: pip install '\.\[cuda13\]'"):
        ga.to_device(np.zeros(3), "cuda")


@pytest.mark.parametrize("capability, numbers", [("75", (7, 5)), ("80", (8, 0)), ("120", (12, 0))])
def test_compute_capabilities_of_one_and_two_digits(machine, capability, numbers):
    machine.capability = capability
    assert CuPyRuntime().capability == numbers


# ---------------------------------------------------------------------------------------------- memory

def test_copies_there_and_back(machine):
    x = np.arange(6.0).reshape(2, 3).T
    there = ga.to_device(x, "cuda")
    assert isinstance(there, fake_cupy.ndarray) and there.flags.c_contiguous
    np.testing.assert_array_equal(ga.to_host(there), x)
    assert ga.empty((2, 3), np.float32, there).shape == (2, 3)
    assert (ga.to_host(ga.zeros((4,), np.float32, there)) == 0).all()


@pytest.mark.parametrize("allocate", [
    lambda there: ga.empty((2 ** 18,), np.float32, there),
    lambda there: ga.zeros((2 ** 18,), np.float32, there),
    lambda there: ga.to_device(np.zeros(2 ** 18, np.float32), "cuda")])
def test_out_of_memory_gives_figures_and_a_way_out(machine, allocate):
    there = ga.to_device(np.zeros(1), "cuda")
    machine.largest = 1000
    with pytest.raises(ga.DeviceError, match=(
            r"out of GPU memory: 1 MiB wanted; arrays take 2,048 MiB, the pool holds 1,024 MiB more, "
            r"1,024 of 4,096 MiB are free: use a batch size below 90% of this one")):
        allocate(there)
    machine.pool_used, machine.pool_held, machine.free = 2 ** 20, 2 ** 20, 2 ** 18
    with pytest.raises(ga.DeviceError, match="below 62% of this one"):       # 1.25 MiB for what takes 2
        allocate(there)


def test_out_of_memory_in_a_graph_counts_the_graphs_own(machine):
    there = ga.to_device(np.zeros(1), "cuda")
    machine.largest = 1000
    with pytest.raises(ga.DeviceError, match="arrays take 2,560 MiB, the pool holds 1,024 MiB more"):
        cuda.capture(lambda: ga.empty((2 ** 18,), np.float32, there))
    with pytest.raises(ga.DeviceError, match="arrays take 2,048 MiB"):
        ga.empty((2 ** 18,), np.float32, there)


def test_a_fault_that_copying_to_the_host_meets(machine):
    there = ga.to_device(np.zeros(1), "cuda")
    machine.wait_error = fake_cupy.CUDARuntimeError("cudaErrorIllegalAddress")
    with pytest.raises(ga.DeviceError,
                       match=r"failed in what was launched before \(cudaErrorIllegalAddress\): debug"):
        ga.to_host(there)


# ---------------------------------------------------------------------------------------------- launches

def launch(args=(), shared=0, defines=()):
    like = ga.to_device(np.zeros(4, np.float32), "cuda")
    runtime.launch(like, SOURCE, "copy", (2,), (64,), args, shared, defines)


def test_a_kernel_is_compiled_once_for_its_defines(machine):
    for defines in ((), (("WIDTH", 4),), (("WIDTH", 4),)):
        launch((np.int32(3), None), defines=defines)
    assert len(machine.compiled) == 2 and len(machine.launches) == 3
    code, options = machine.compiled[1]
    assert options == ("-std=c++17",)
    parts = '#line 1 "common.cuh"', "#define WIDTH 4", f'#line 1 "{SOURCE}"'
    assert sorted(parts, key=code.index) == list(parts)
    launch(defines=(("WGMMA", 1),))
    assert machine.compiled[2][1] == ("-std=c++17", "-arch=sm_90a")
    name, grid, block, args, shared, _ = machine.launches[0]
    assert (name, grid, block, args, shared) == ("copy", (2,), (64,), (np.int32(3), 0), 0)
    assert isinstance(args[1], np.uintp)                                     # a null pointer


@pytest.mark.parametrize("shared", [48 * 1024 - 4096, 48 * 1024 - 4095, 100_000])
def test_shared_memory_is_asked_for_beside_what_the_kernel_declares(machine, shared):
    machine.declared = 4096
    launch(shared=shared)
    launch(shared=16)
    assert [most for *_, most in machine.launches] == [shared, shared]


def test_a_kernel_that_does_not_compile(machine):
    machine.compile_error = fake_cupy.CompileException("memory.cu(3): error: no such thing\nand more")
    message = r"does not compile memory\.cu for compute capability 9\.0: .*no such thing$"
    with pytest.raises(ga.DeviceError, match=message):
        launch()


def test_debug_mode_waits_and_names_the_kernel(machine):
    launch()
    assert machine.events == []
    runtime.default_runtime().debug = True
    launch()
    assert machine.events == ["wait"]
    machine.wait_error = fake_cupy.CUDARuntimeError("cudaErrorIllegalAddress")
    message = (r"memory\.cu: copy failed \(cudaErrorIllegalAddress\): grid \(2,\), block \(64,\), "
               r"0 bytes of shared memory, float32\[2, 3\], 7$")
    with pytest.raises(ga.DeviceError, match=message):
        launch((ga.to_device(np.zeros((2, 3), np.float32), "cuda"), np.int32(7)))


def test_a_launch_that_the_driver_refuses(machine):
    machine.launch_error = fake_cupy.CUDADriverError("CUDA_ERROR_INVALID_VALUE")
    with pytest.raises(ga.DeviceError, match=r"memory\.cu: copy failed \(CUDA_ERROR_INVALID_VALUE\)"):
        launch()


# ---------------------------------------------------------------------------------------------- graphs

def test_a_graph_has_memory_of_its_own(machine):
    replay = cuda.capture(lambda: machine.events.append("step"))
    assert machine.events == ["wait", "give idle memory back", "allocate from the graph's own pool",
                              "begin capture", "step", "end capture", "allocate as before"]
    replay()
    assert machine.events[-1] == "launch graph"


def test_a_step_that_fails_ends_the_capture(machine):
    def step():
        raise ga.ArgumentError("no")

    with pytest.raises(ga.ArgumentError, match="no"):
        cuda.capture(step)
    assert "end capture" in machine.events


def test_no_graph_in_debug_mode(machine):
    runtime.default_runtime().debug = True
    with pytest.raises(ga.DeviceError, match="debug mode"):
        cuda.capture(lambda: None)


# ---------------------------------------------------------------------------------------------- sources

def test_included_files_are_joined_with_their_line_numbers(tmp_path, monkeypatch):
    (tmp_path / "common.cuh").write_text("// shared\n")
    (tmp_path / "a.cu").write_text('first\n#include "b.cuh"\nthird\n')
    (tmp_path / "b.cuh").write_text("inside\n")
    monkeypatch.setattr(source, "FOLDER", tmp_path)
    assert source.source_text("a.cu", (("N", 3),)).splitlines() == [
        '#line 1 "common.cuh"', "// shared", "#define N 3", '#line 1 "a.cu"', "first", '#line 1 "b.cuh"',
        "inside", '#line 3 "a.cu"', "third"]
    source.source_text.cache_clear()


def test_arrays_of_the_cpu_have_no_runtime():
    with pytest.raises(ga.ArgumentError, match="expected an array on the GPU, got ndarray: use to_device"):
        runtime.runtime_of(np.zeros(3))
