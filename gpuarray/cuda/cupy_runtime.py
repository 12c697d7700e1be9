"""The CUDA backend on a GPU: memory, launches and graphs through CuPy. The only module that imports it."""
from contextlib import contextmanager, suppress

import numpy as np

from gpuarray.cuda.source import compiler_options, source_text
from gpuarray.errors import DeviceError

LOWEST_CAPABILITY = (7, 5)         # Turing: the lowest that CUDA 13 compiles for
MIB = 2 ** 20


class CuPyRuntime:
    """Memory and launches on CuPy's current device and stream.

    NVRTC compiles a kernel at its first launch, and CuPy keeps the result on disk. `debug = True` waits after
    every launch and names the kernel that failed.
    Raises DeviceError where there is no CuPy, no driver or too old a one, no GPU, or one below compute
    capability 7.5.
    """

    def __init__(self):
        self.cupy = _import_cupy()
        self.debug = False
        self._check_driver()
        self.capability = self._open_device()
        if self.capability < LOWEST_CAPABILITY:
            raise DeviceError(f"the GPU {self._name()} has compute capability {_dotted(self.capability)}, "
                              f"expected {_dotted(LOWEST_CAPABILITY)} or more: use the CPU")
        self._modules, self._kernels, self._granted = {}, {}, {}
        self._pools = [self.cupy.get_default_memory_pool()]          # and, while a graph is captured, its own

    # ------------------------------------------------------------------------------------------ memory

    def empty(self, shape, dtype):
        with self._memory_errors():
            return self.cupy.empty(shape, dtype)

    def zeros(self, shape, dtype):
        with self._memory_errors():
            return self.cupy.zeros(shape, dtype)

    def to_device(self, array):
        with self._memory_errors():
            return self.cupy.array(array, order="C")

    def to_host(self, array):
        try:
            return self.cupy.asnumpy(array)
        except self._driver_errors() as error:         # copying waits, and so hears of what went wrong before
            raise DeviceError(f"the GPU has failed in what was launched before ({error}): debug mode, "
                              "without graphs, names the kernel") from error

    def address(self, array):
        return array.data.ptr

    @contextmanager
    def _memory_errors(self):
        try:
            yield
        except self.cupy.cuda.memory.OutOfMemoryError as error:
            raise DeviceError(self._memory_report(error)) from error

    def _memory_report(self, error):
        free, total = self.cupy.cuda.runtime.memGetInfo()
        used = sum(pool.used_bytes() for pool in self._pools)
        held = sum(pool.total_bytes() for pool in self._pools)
        wanted = error._size
        fits = (held + free) / (used + wanted)        # memory grows with the batch, nearly in proportion
        mib = [f"{n / MIB:,.0f}" for n in (wanted, used, held - used, free, total)]
        return ("out of GPU memory: {} MiB wanted; arrays take {} MiB, the pool holds {} MiB more, {} of {} "
                "MiB are free: ".format(*mib)
                + f"use a batch size below {min(100 * fits, 90):.0f}% of this one")

    # ------------------------------------------------------------------------------------------ kernels

    def launch(self, source, kernel, grid, block, args, shared=0, defines=()):
        try:
            function = self._kernel(source, kernel, defines, shared)
            pointers = tuple(np.uintp(0) if arg is None else arg for arg in args)
            function(grid, block, pointers, shared_mem=shared)
            if self.debug:
                self.synchronize()
        except self._driver_errors() as error:
            given = ", ".join(map(_in_words, args))
            raise DeviceError(f"{source}: {kernel} failed ({error}): grid {grid}, block {block}, "
                              f"{shared} bytes of shared memory, {given}") from error
        except self.cupy.cuda.compiler.CompileException as error:
            raise DeviceError(f"NVRTC does not compile {source} for compute capability "
                              f"{_dotted(self.capability)}: {_first_line(error)}") from error

    def _kernel(self, source, name, defines, shared):
        """The compiled kernel, allowed to take `shared` bytes of dynamic shared memory."""
        key = source, defines, name, self.cupy.cuda.runtime.getDevice()
        if key not in self._kernels:
            if key[:2] not in self._modules:
                self._modules[key[:2]] = self.cupy.RawModule(code=source_text(source, defines),
                                                             options=compiler_options(defines))
            self._kernels[key] = self._modules[key[:2]].get_function(name)
            self._granted[key] = 0
        if shared > self._granted[key]:            # unasked, 48 KiB less what the kernel declares itself
            self._kernels[key].max_dynamic_shared_size_bytes = self._granted[key] = shared
        return self._kernels[key]

    def synchronize(self):
        self.cupy.cuda.get_current_stream().synchronize()

    def capture(self, step):
        """Record what step() launches as one CUDA graph; the function that launches it.

        step must have run before (its kernels are compiled then) and may neither wait nor decide on the host.
        What it allocates comes from a pool of the graph's own and lives as long as the returned function, at
        the same addresses.
        """
        if self.debug:
            raise DeviceError("debug mode waits after every launch, a CUDA graph cannot: turn off either")
        self.synchronize()
        self._pools[0].free_all_blocks()                          # the graph takes as much as the step left
        stream = self.cupy.cuda.Stream(non_blocking=True)
        pool = self.cupy.cuda.MemoryPool(self._block_of_graph)
        with stream, self.cupy.cuda.using_allocator(pool.malloc), self._memory_errors():
            stream.begin_capture()
            self._pools.append(pool)
            try:
                step()
            except BaseException:
                with suppress(*self._driver_errors()):     # a broken capture cannot be ended in order
                    stream.end_capture()
                raise
            finally:
                self._pools.remove(pool)
            graph = stream.end_capture()
        return _Graph(graph, pool)

    def _block_of_graph(self, size):
        """`size` bytes from the card, for the pool of a graph that is being captured.

        CuPy's pools meet CUDA's own error by freeing their idle blocks and asking again. Kernels that are
        captured already use the idle blocks of a graph's pool. CuPy's OutOfMemoryError passes through it.
        """
        cuda = self.cupy.cuda
        try:
            return cuda.MemoryPointer(cuda.Memory(size), 0)
        except cuda.runtime.CUDARuntimeError as error:
            if error.status != cuda.runtime.errorMemoryAllocation:
                raise
            raise cuda.memory.OutOfMemoryError(size, self._pools[-1].total_bytes()) from error

    # ------------------------------------------------------------------------------------------ the device

    def describe(self):
        """The GPU in a line: name, memory, compute capability, driver, CuPy."""
        runtime = self.cupy.cuda.runtime
        return (f"{self._name()}, {runtime.memGetInfo()[1] / 2 ** 30:.0f} GiB, compute capability "
                f"{_dotted(self.capability)}, driver for CUDA {_version(runtime.driverGetVersion())}, "
                f"CuPy {self.cupy.__version__}")

    def _name(self):
        runtime = self.cupy.cuda.runtime
        return runtime.getDeviceProperties(runtime.getDevice())["name"].decode()

    def _open_device(self):
        """The GPU's compute capability, asked once a context on it stands."""
        try:
            self.cupy.cuda.runtime.memGetInfo()                      # makes the context
            digits = self.cupy.cuda.Device().compute_capability      # '75', '90', '120'
        except self._driver_errors() as error:
            raise _unusable(error) from error
        return int(digits[:-1]), int(digits[-1])

    def _driver_errors(self):
        return self.cupy.cuda.runtime.CUDARuntimeError, self.cupy.cuda.driver.CUDADriverError

    def _check_driver(self):
        runtime = self.cupy.cuda.runtime
        has, needs = runtime.driverGetVersion(), runtime.runtimeGetVersion()
        if has == 0:
            raise DeviceError("no NVIDIA driver: install one (nvidia-smi must list a GPU), or use the CPU")
        if has // 1000 < needs // 1000:
            way_out = "update it, or pip install '.[cuda12]'" if has >= 12000 else "update it"
            raise DeviceError(f"the NVIDIA driver is too old: it serves CUDA {_version(has)}, CuPy is built "
                              f"for {_version(needs)}: {way_out}")
        try:
            count = runtime.getDeviceCount()
        except runtime.CUDARuntimeError as error:
            raise _unusable(error) from error
        if count == 0:
            raise DeviceError("no GPU: check nvidia-smi and CUDA_VISIBLE_DEVICES, or use the CPU")
        try:
            self.cupy.cuda.nvrtc.getVersion()
        except (ImportError, OSError, RuntimeError) as error:
            raise DeviceError("no CUDA compiler (NVRTC): pip install "
                              f"'.[cuda{needs // 1000}]' brings it ({_first_line(error)})") from error


class _Graph:
    """A captured step: a call launches it on the current stream. Keeps the pool of the step's arrays."""

    def __init__(self, graph, pool):
        self._graph, self._pool = graph, pool

    def __call__(self):
        self._graph.launch()


def _unusable(error):
    return DeviceError(f"no usable GPU ({error}): check nvidia-smi, or use the CPU")


def _import_cupy():
    try:
        import cupy
    except ImportError as error:
        raise DeviceError("no CuPy: pip install '.[cuda13]' (or '.[cuda12]' for an older driver), or use the "
                          f"CPU ({_first_line(error)})") from error
    return cupy


def _in_words(arg):
    return f"{arg.dtype}{list(arg.shape)}" if getattr(arg, "shape", ()) else str(arg)


def _dotted(capability):
    return f"{capability[0]}.{capability[1]}"


def _version(number):              # 12040: 12.4
    return f"{number // 1000}.{number % 1000 // 10}"


def _first_line(error):
    return (str(error).strip() or type(error).__name__).splitlines()[0]
