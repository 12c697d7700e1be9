"""A stand-in for the `cupy` module: what the runtime asks of it, answered from a description of a machine."""
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace

import numpy as np


class CUDARuntimeError(RuntimeError):
    def __init__(self, words, status=1):
        super().__init__(words)
        self.status = status


class CUDADriverError(RuntimeError):
    pass


class CompileException(Exception):
    pass


class OutOfMemoryError(MemoryError):
    def __init__(self, size, total, limit=0):
        super().__init__(f"Out of memory allocating {size:,} bytes (allocated so far: {total:,} bytes).")
        self._size = size


class ndarray(np.ndarray):
    """An array that CuPy would hold."""
    device = 0


class Kernel:
    """Declares `machine.declared` bytes of shared memory; may have 48 KiB in all, unless more is granted."""

    def __init__(self, machine, name):
        self.machine, self.name = machine, name
        self.max_dynamic_shared_size_bytes = 48 * 1024 - machine.declared

    def __call__(self, grid, block, args, shared_mem=0):
        if self.machine.launch_error:
            raise self.machine.launch_error
        if shared_mem > self.max_dynamic_shared_size_bytes:
            raise CUDADriverError("CUDA_ERROR_INVALID_VALUE")
        self.machine.launches.append((self.name, grid, block, args, shared_mem,
                                      self.max_dynamic_shared_size_bytes))


class Module:
    def __init__(self, machine, code, options):
        self.machine = machine
        machine.compiled.append((code, options))

    def get_function(self, name):
        if self.machine.compile_error:
            raise self.machine.compile_error
        return Kernel(self.machine, name)


class Machine:
    """A machine with CuPy, which a test can break. Records what is compiled, launched, waited for."""

    def __init__(self):
        self.driver, self.toolkit, self.gpus, self.capability = 13000, 13020, 1, "90"
        self.device_error = self.context_error = self.nvrtc_error = None
        self.compile_error = self.launch_error = self.wait_error = None
        self.free, self.total, self.largest = 2 ** 30, 4 * 2 ** 30, 2 ** 40
        self.pool_used, self.pool_held, self.graph_used = 2 ** 31, 3 * 2 ** 30, 2 ** 29
        self.declared = 0
        self.compiled, self.launches, self.events = [], [], []

    def cupy(self):
        """The module."""
        runtime = SimpleNamespace(
            CUDARuntimeError=CUDARuntimeError, errorMemoryAllocation=2, driverGetVersion=lambda: self.driver,
            runtimeGetVersion=lambda: self.toolkit, getDeviceCount=self._count, getDevice=lambda: 0,
            memGetInfo=self._memory,
            getDeviceProperties=lambda device: {"name": b"Fake GPU"})
        cuda = SimpleNamespace(
            runtime=runtime, driver=SimpleNamespace(CUDADriverError=CUDADriverError),
            nvrtc=SimpleNamespace(getVersion=self._nvrtc_version),
            compiler=SimpleNamespace(CompileException=CompileException),
            memory=SimpleNamespace(OutOfMemoryError=OutOfMemoryError),
            Device=lambda: SimpleNamespace(compute_capability=self.capability),
            get_current_stream=lambda: SimpleNamespace(synchronize=self._wait),
            Stream=lambda non_blocking: _Stream(self),
            MemoryPool=lambda allocator: SimpleNamespace(malloc="the graph's own pool",
                                               used_bytes=lambda: self.graph_used,
                                               total_bytes=lambda: self.graph_used),
            using_allocator=self._using_allocator)
        pool = SimpleNamespace(used_bytes=lambda: self.pool_used, total_bytes=lambda: self.pool_held,
                               free_all_blocks=lambda: self.events.append("give idle memory back"))
        return SimpleNamespace(
            __version__="14.0.0", ndarray=ndarray, cuda=cuda, get_default_memory_pool=lambda: pool,
            RawModule=lambda code, options: Module(self, code, options),
            empty=lambda shape, dtype: self._allocate(np.empty(shape, dtype)),
            zeros=lambda shape, dtype: self._allocate(np.zeros(shape, dtype)),
            array=lambda array, order: self._allocate(np.array(array, order=order)),
            asnumpy=self._to_host)

    def _allocate(self, array):
        if array.nbytes > self.largest:
            raise OutOfMemoryError(array.nbytes, self.pool_held)
        return array.view(ndarray)

    def _to_host(self, array):
        if self.wait_error:
            raise self.wait_error
        return np.array(array.view(np.ndarray))

    def _count(self):
        if self.device_error:
            raise self.device_error
        return self.gpus

    def _memory(self):
        if self.context_error:
            raise self.context_error
        return self.free, self.total

    def _nvrtc_version(self):
        if self.nvrtc_error:
            raise self.nvrtc_error
        return 13, 0

    def _wait(self):
        self.events.append("wait")
        if self.wait_error:
            raise self.wait_error

    @contextmanager
    def _using_allocator(self, allocator):
        self.events.append(f"allocate from {allocator}")
        yield
        self.events.append("allocate as before")


class _Stream(nullcontext):
    def __init__(self, machine):
        super().__init__()
        self.machine = machine

    def begin_capture(self):
        self.machine.events.append("begin capture")

    def end_capture(self):
        self.machine.events.append("end capture")
        return SimpleNamespace(launch=lambda: self.machine.events.append("launch graph"))
