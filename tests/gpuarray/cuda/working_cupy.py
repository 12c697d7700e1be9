"""A stand-in for `cupy` whose GPU works: kernels on the simulated device; CuPy's memory, streams, graphs.

What can go wrong on a GPU can go wrong here: a captured launch holds addresses, not arrays, and works on what
lies there when it is replayed; memory that is handed out is poison, at every replay anew.
"""
import ctypes
import re
import sys
from contextlib import contextmanager
from functools import cached_property
from types import SimpleNamespace

import numpy as np

from gpuarray.cuda import runtime
from tests.cuda_on_cpu import SimulatedArray, SimulatedRuntime
from tests.cuda_on_cpu.build import compile_kernels
from tests.cuda_on_cpu.memory import POISON
from tests.gpuarray.cuda import fake_cupy
from tests.gpuarray.cuda.card import Card, Memory, MemoryPointer, MemoryPool, Place
from tests.gpuarray.cuda.fake_cupy import CompileException, CUDARuntimeError


class ndarray(SimulatedArray):
    """cupy.ndarray. `fenced`, which an array shares with its views, is the block that they lie in."""
    machine = None                 # set by the machine that arrays are made on

    @property
    def data(self):
        return SimpleNamespace(ptr=self.__array_interface__["data"][0])

    @property
    def place(self):
        return Place(self.machine.card, self.data.ptr, self.shape, self.strides, self.dtype)

    def __array_ufunc__(self, function, method, *operands, out=None, **options):
        if method != "__call__" or any(type(operand) is np.ndarray for operand in operands):
            raise TypeError(f"{function.__name__}.{method} of a GPU's array and a NumPy array")
        inputs = [_placed(operand) for operand in operands]
        with np.errstate(all="ignore"):                    # while a graph is captured: for shape and type
            result = function(*map(_host_view, inputs), **options)
        out = self.machine.empty(result.shape, result.dtype) if out is None else out[0]
        to = out.place
        self.machine.run(lambda: function(*map(_host_view, inputs), out=to.host_view(), **options))
        return out

    def __setitem__(self, index, value):
        if type(value) is np.ndarray:
            raise TypeError("a NumPy array assigned to a GPU's array")
        to, value = self[index].place, _placed(value)
        self.machine.run(lambda: to.host_view().__setitem__(..., _host_view(value)))

    def astype(self, dtype, copy=True):
        if self.dtype == dtype and not copy:
            return self
        result = self.machine.empty(self.shape, dtype)
        result[...] = self
        return result


def _placed(value):
    return value.place if isinstance(value, ndarray) else value


def _host_view(value):
    return value.host_view() if isinstance(value, Place) else value


class Program:
    """cupy.RawModule: a compiled .cu, and its name for messages."""

    def __init__(self, machine, code, options):
        if ("#define WGMMA 1" in code) != ("-arch=sm_90a" in options):
            raise CompileException("wgmma is for sm_90a, which is for nothing else")
        self.machine, self.code = machine, code

    def get_function(self, name):
        return Kernel(self.machine, self, name)

    def __str__(self):
        return re.findall(r'#line 1 "(\w+\.cu)"', self.code)[-1]

    @cached_property
    def compiled(self):
        return compile_kernels(self.code)

    def pointers(self, kernel):
        """Which parameters of the kernel are pointers."""
        signature = self.compiled["signature_" + kernel]
        signature.restype = ctypes.c_char_p
        return [parameter[0] == "*" for parameter in signature().decode().split()]


class Kernels(SimulatedRuntime):
    """The simulated device, told by CuPy which program to run."""

    def _library(self, program, defines):
        return program.compiled


class Kernel:
    """Declares no shared memory; may have 48 KiB, unless more is granted."""

    def __init__(self, machine, program, name):
        self.machine, self.program, self.name = machine, program, name
        self.max_dynamic_shared_size_bytes = 48 * 1024

    def __call__(self, grid, block, args, shared_mem=0):
        if shared_mem > self.max_dynamic_shared_size_bytes:
            raise fake_cupy.CUDADriverError("CUDA_ERROR_INVALID_VALUE")
        placed = [None if is_pointer and isinstance(arg, np.uintp) else _placed(arg)
                  for arg, is_pointer in zip(args, self.program.pointers(self.name))]

        def work():
            found = [arg.array() if isinstance(arg, Place) else arg for arg in placed]
            self.machine.kernels.launch(self.program, self.name, grid, block, found, shared_mem)

        self.machine.run(work)


class Stream:
    """What is launched while it is the current stream runs at once, or is recorded."""

    def __init__(self, machine):
        self.machine, self.recorded = machine, None

    def __enter__(self):
        self.before, self.machine.stream = self.machine.stream, self

    def __exit__(self, *error):
        self.machine.stream = self.before

    def begin_capture(self):
        self.recorded = []

    def end_capture(self):
        recorded, self.recorded = self.recorded, None
        return SimpleNamespace(launch=lambda: [work() for work in recorded])

    def synchronize(self):
        self.machine.refuse_in_capture()


class Machine(fake_cupy.Machine):
    """A machine with CuPy and a GPU of `total` bytes on which kernels run."""

    def __init__(self, total=2 ** 30):
        super().__init__()
        self.card, self.kernels, self.stream = Card(total), Kernels(), Stream(self)
        self.pool = MemoryPool(self._allocate_block)
        self.allocator = self.pool.malloc

    def cupy(self):
        ndarray.machine = ndarray.runtime = self
        module = super().cupy()
        vars(module).update(
            ndarray=ndarray, empty=self.empty, zeros=self.zeros, array=self.array, asnumpy=self.asnumpy,
            get_default_memory_pool=lambda: self.pool,
            RawModule=lambda code, options: Program(self, code, options))
        vars(module.cuda).update(
            Memory=lambda size: Memory(self.card, size), MemoryPointer=MemoryPointer,
            MemoryPool=lambda allocator=self._allocate_block: MemoryPool(allocator),
            Stream=lambda non_blocking: Stream(self), get_current_stream=lambda: self.stream,
            using_allocator=self.using_allocator)
        vars(module.cuda.runtime).update(memGetInfo=lambda: (self.card.free_bytes, self.card.total))
        return module

    def _allocate_block(self, size):
        return MemoryPointer(Memory(self.card, size), 0)

    @contextmanager
    def using_allocator(self, allocator):
        before, self.allocator = self.allocator, allocator
        try:
            yield
        finally:
            self.allocator = before

    def run(self, work):
        """Do it now, or when the graph that is captured is launched."""
        if self.stream.recorded is None:
            work()
        else:
            self.stream.recorded.append(work)

    def refuse_in_capture(self):
        if self.stream.recorded is not None:
            raise CUDARuntimeError("cudaErrorStreamCaptureUnsupported")

    def empty(self, shape, dtype):
        """Poisoned, in a graph at every replay."""
        array = self._new(shape, dtype)
        place = array.place
        self.run(lambda: place.array().reshape(-1).view(np.ndarray).view(np.uint8).fill(POISON))
        return array

    def zeros(self, shape, dtype):
        array = self._new(shape, dtype)
        array[...] = 0
        return array

    def array(self, array, order):
        self.refuse_in_capture()
        copy = self._new(array.shape, array.dtype)
        copy.place.host_view()[...] = array
        return copy

    def asnumpy(self, array):
        self.refuse_in_capture()
        return np.array(array.place.host_view())

    def _new(self, shape, dtype):
        dtype, shape = np.dtype(dtype), (shape,) if isinstance(shape, int) else tuple(shape)
        block = self.allocator(int(np.prod(shape, dtype=np.int64)) * dtype.itemsize)
        fenced, _ = self.card.allocation(block.mem.ptr, 0)
        array = np.ndarray(shape, dtype, fenced.data).view(ndarray)
        array.fenced = block
        return array


@contextmanager
def serving(monkeypatch, **options):
    """A Machine whose GPU is the default of the CUDA backend inside the with statement."""
    machine = Machine(**options)
    monkeypatch.setitem(sys.modules, "cupy", machine.cupy())
    runtime.default_runtime.cache_clear()
    monkeypatch.setitem(runtime._RUNTIMES, ndarray, runtime.default_runtime())
    yield machine
    runtime.default_runtime.cache_clear()
