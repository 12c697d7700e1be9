"""The runtime of the simulated device: what `gpuarray.cuda.cupy_runtime.CuPyRuntime` is for a GPU."""
import ctypes
from contextlib import contextmanager

import numpy as np

from gpuarray.cuda.source import source_text
from tests.cuda_on_cpu import memory
from tests.cuda_on_cpu.build import compile_kernels, scheduler

ACCESSES = "matrix loads", "copies"                   # enum Access in scheduler.h
ORDERS = {"forward": 0, "reverse": 1, "random": 2}
# Of a launch: the grid, the block, the threads of a block, the bytes of dynamic shared memory plus one.
LIMITS = 2 ** 31 - 1, 65535, 65535, 1024, 1024, 64, 1024, 227 * 1024 + 1


class SimulationError(Exception):
    """A launch or a kernel that a GPU would refuse, or whose result would be left to chance."""


class SimulatedRuntime:
    """Memory, copies and launches on the CPU. Each launch has run to its end when `launch` returns."""

    is_gpu = False

    def __init__(self):
        self.order, self.seed = "forward", 0
        self.sanitize = ()             # further options of g++
        self.capability = (9, 0)
        self._libraries = {}
        self._wavefronts = None        # where to note those of each launch
        self._recording = None         # the launches of the graph that is being captured

    empty = staticmethod(memory.empty)

    def zeros(self, shape, dtype):
        array = memory.empty(shape, dtype)
        self.run(lambda: memory.host_view(array).fill(0))
        return array

    def to_device(self, array):
        copy = memory.empty(array.shape, array.dtype)
        memory.host_view(copy)[...] = array
        return copy

    def to_host(self, array):
        self.synchronize()
        return np.array(memory.host_view(array))

    def address(self, array):
        return array.ctypes.data

    def synchronize(self):
        """Nothing to wait for: a launch has run to its end when it returns."""
        if self._recording is not None:
            raise SimulationError("the host waits while a graph is captured")

    def capture(self, step):
        """As on a GPU, step()'s launches are recorded; the function that this returns runs them."""
        recorded = self._recording = []
        try:
            step()
        finally:
            self._recording = None
        return lambda: [launch() for launch in recorded]

    def describe(self):
        return "simulated device: CUDA kernels on the CPU"

    @contextmanager
    def threads_in_order(self, order, seed=0):
        """Run the threads and blocks of launches in 'forward', 'reverse' or 'random' order."""
        before = self.order, self.seed
        self.order, self.seed = order, seed
        self._set_order()
        try:
            yield self
        finally:
            self.order, self.seed = before
            self._set_order()

    def _set_order(self):
        scheduler().simulator_set_order(ORDERS[self.order], self.seed)

    @contextmanager
    def counting_wavefronts(self):
        """Gives a list that receives, of each launch within, (kernel, defines, {"matrix loads": (all, extra),
        "copies": (all, extra)}).

        Of load_matrix and copy_async. A wavefront is one access of the 32 banks of shared memory; extra are
        those that bank conflicts cost.
        """
        before, self._wavefronts = self._wavefronts, []
        try:
            yield self._wavefronts
        finally:
            self._wavefronts = before

    def forget_libraries(self):
        """Compile anew what is launched from now on: the kernel files have changed."""
        self._libraries.clear()

    def _library(self, source, defines):
        key = source, defines, self.sanitize
        if key not in self._libraries:
            self._libraries[key] = compile_kernels(source_text(source, defines), self.sanitize)
        return self._libraries[key]

    def launch(self, source, kernel, grid, block, args, shared=0, defines=()):
        args = tuple(args)
        self.run(lambda: self._launch(source, kernel, grid, block, args, shared, defines))

    def run(self, work):
        """Do the work of the device now, or when the graph that is being captured is launched."""
        if self._recording is None:
            work()
        else:
            self._recording.append(work)

    def _launch(self, source, kernel, grid, block, args, shared, defines):
        where = f"{source}: {kernel}"
        if ("WGMMA", 1) in defines and self.capability != (9, 0):
            raise SimulationError("{}: wgmma needs compute capability 9.0, this card has {}.{}".format(
                where, *self.capability))
        library = self._library(source, defines)
        grid, block = _three(grid), _three(block)
        sizes = *grid, *block, np.prod(block), shared + 1
        if not all(0 < size <= most for size, most in zip(sizes, LIMITS)):
            raise SimulationError(f"{where}: cannot launch grid {grid}, block {block}, {shared} bytes shared")
        try:
            function, signature = library["launch_" + kernel], library["signature_" + kernel]
        except AttributeError as error:
            raise SimulationError(f"{where}: no such kernel") from error
        signature.restype = ctypes.c_char_p
        values = _checked(where, args, signature().decode().split())
        pointers = (ctypes.c_void_p * len(values))(*(value.ctypes.data for value in values))
        three = ctypes.c_uint * 3
        if function(three(*grid), three(*block), ctypes.c_size_t(shared), pointers):
            fault = scheduler().simulator_fault_address()
            raise SimulationError(f"{where}: {scheduler().simulator_error().decode()}{_blame(fault, args)}")
        if self._wavefronts is not None:
            self._wavefronts.append((kernel, defines, dict(zip(ACCESSES, map(_wavefronts, range(2))))))
        for number, arg in enumerate(args):
            if isinstance(arg, memory.SimulatedArray) and not arg.fenced.is_whole():
                raise SimulationError(f"{where}: wrote beside argument {number}, shape {arg.shape}")


def _wavefronts(access):
    """(all, extra) of the launch before."""
    numbers = (ctypes.c_longlong * 2)()
    scheduler().simulator_wavefronts(access, numbers)
    return tuple(numbers)


def _three(sizes):
    return (*(int(size) for size in sizes), 1, 1)[:3]


def _checked(where, args, parameters):
    """The value of each argument as a NumPy array of one element, if they fit the kernel's parameters."""
    if len(args) != len(parameters):
        raise SimulationError(f"{where}: {len(args)} arguments for {len(parameters)} parameters {parameters}")
    values = []
    for number, (arg, parameter) in enumerate(zip(args, parameters)):
        if isinstance(arg, memory.SimulatedArray):
            got, value = "*" + arg.dtype.name, np.array(arg.ctypes.data, np.uint64)
        elif arg is None:
            got, value = parameter if parameter[0] == "*" else "None", np.array(0, np.uint64)
        elif isinstance(arg, np.generic):
            got, value = arg.dtype.name, np.array(arg)
        else:
            got, value = type(arg).__name__, None
        if got != parameter:
            raise SimulationError(f"{where}: argument {number} is {got}, the kernel takes {parameter}")
        values.append(value)
    return values


def _blame(address, args):
    """Which argument lies nearest to an address that was touched out of bounds, in words."""
    if address is None:
        return ""
    distances = []
    for number, arg in enumerate(args):
        if isinstance(arg, memory.SimulatedArray):
            begin, end = arg.ctypes.data, arg.ctypes.data + arg.nbytes
            side = "before" if address < begin else "after"
            distances.append((max(begin - address, address - end + 1, 0), number, side))
    if not distances or min(distances)[0] > 2 ** 20:
        return f" (address {address:#x}, near no argument)"
    distance, number, side = min(distances)
    return f" ({distance} bytes {side} argument {number}, shape {args[number].shape})"
