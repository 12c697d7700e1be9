"""The GPU: its models, memory, graphs and clock. Without one the CPU, which simulates it for our kernels."""
import math
import os
import platform
import statistics
import sys
from contextlib import contextmanager
from importlib.metadata import distributions
from unittest import mock

import numpy as np

import gpuarray as ga
from gpuarray.cuda import runtime
from gpuarray.operations import cast
from tests.cuda_on_cpu.workload import vaegan

PRECISIONS = "fp32", "tf32", "bf16"
PACKAGES = ("numpy", "cupy-cuda13x", "cupy-cuda12x", "ml_dtypes", "torch", "triton", "nvidia-cudnn-cu13",
            "nvidia-cudnn-cu12")
RELEASED = dict(size=64, width=1.0, z_size=128, hidden=1024)
TINY = dict(size=32, width=1 / 16, z_size=8, hidden=64)
MOST_RUNS, FEWEST_RUNS = 200, 20       # of a measurement


class Device:
    """simulated: are there no timings? network: of the models' builder. batches: sizes of mini-batches."""

    def __init__(self, simulated, batches, why):
        self.simulated = simulated
        self.network = TINY if simulated else RELEASED
        self.batches = batches or ([3] if simulated else [64, 256])
        self.about = f"{why}: simulating, without timings" if simulated else f"on {why}"
        self.runtime = runtime.default_runtime()
        self.torch_device = "cpu" if simulated else "cuda"

    def machine(self):
        """GPU and versions."""
        packages = {found.name: found.version for found in distributions() if found.name in PACKAGES}
        return {"gpu": None if self.simulated else self.runtime.describe(), "cpu_cores": os.cpu_count(),
                "system": platform.platform(), "python": platform.python_version(), "packages": packages}

    # --------------------------------------------------------------------------------- models and arrays

    def model(self, where, precision="fp32", graph=False):
        """The VAE/GAN of the `released` networks, fakes from the prior, no gate: what TorchVAEGAN knows."""
        return vaegan(where, **self.network, precision=precision, graph=graph, gamma=1e-6, gate=None,
                      weight_decay=0.0, learning_rate=1e-4)

    def normal(self, count, stream):
        """`count` standard normal numbers in device memory, float32."""
        return ga.normal((count,), 7, ga.to_device(np.zeros(1, np.uint64), "cuda"), stream)

    def torch(self, array):
        """A copy of a device array of ours as a float32 or bfloat16 tensor on PyTorch's device."""
        import torch
        dtype = getattr(torch, array.dtype.name)
        if array.dtype.name == "bfloat16":
            array = cast(array, "float32")
        if self.simulated:
            return torch.from_numpy(ga.to_host(array)).to(dtype)
        tensor = torch.from_dlpack(array).to(dtype, copy=True)
        torch.cuda.current_stream().synchronize()           # array's memory may be given away now
        return tensor

    def torch_precision(self, precision):
        """Let PyTorch compute float32 products as asked, by the fastest algorithm that cuDNN finds."""
        import torch
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
        torch.backends.cudnn.benchmark = True

    def tidy(self):
        """Give all idle memory back to the GPU."""
        if self.simulated:
            return
        self.runtime.synchronize()
        self.runtime.cupy.get_default_memory_pool().free_all_blocks()
        if "torch" in sys.modules:
            sys.modules["torch"].cuda.empty_cache()

    # --------------------------------------------------------------------------------- graphs and time

    def recorded(self, work):
        """work(), launches of ours, as one CUDA graph, so that no launcher is timed; run once before."""
        work()
        return self.runtime.capture(work)

    def torch_recorded(self, prepare):
        """prepare() -> work, PyTorch's, both on one stream; the function that replays work as a graph."""
        if self.simulated:
            work = prepare()
            work()
            return work
        import torch
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            work = prepare()
            for _ in range(3):
                work()
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()               # cuDNN's search for an algorithm is not counted
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream):
            work()
        return graph.replay

    def time(self, work, seconds, per=1):
        """Milliseconds of work(), divided by `per`: median, lowest, highest of `seconds` of runs; or {}.

        Each run lies between two CUDA events on the default stream; nothing waits in between, as in training.
        Simulated, work() runs once and {} is returned.
        """
        work()
        if self.simulated:
            return {}
        once = self._runs(work, 3)
        runs = min(MOST_RUNS, max(FEWEST_RUNS, math.ceil(seconds / max(statistics.median(once) / 1e3, 1e-6))))
        found = [milliseconds / per for milliseconds in self._runs(work, runs)]
        return {"ms": statistics.median(found), "lowest": min(found), "highest": max(found), "runs": runs}

    def _runs(self, work, count):
        cuda = self.runtime.cupy.cuda
        events = [(cuda.Event(), cuda.Event()) for _ in range(count)]
        for before, after in events:
            before.record()
            work()
            after.record()
        self.runtime.synchronize()
        return [cuda.get_elapsed_time(before, after) for before, after in events]


@contextmanager
def open_device(simulate, batches):
    """The machine's GPU, or the simulated device, which answers for 'cuda' meanwhile."""
    device, why = ("cpu", "no GPU was asked for") if simulate else ga.choose_device()
    if device == "cuda":
        yield Device(False, batches, why)
        return
    from tests.cuda_on_cpu import device as simulated
    with mock.patch.object(runtime, "default_runtime", lambda: simulated):
        yield Device(True, batches, why)
