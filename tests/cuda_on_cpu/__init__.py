"""A simulated CUDA device: every kernel of the CUDA backend runs, unmodified, on the CPU. See README.md here.

    from tests.cuda_on_cpu import device
    x = device.to_device(np.ones((2, 3), np.float32))    # any operation of gpuarray takes it from here
    y = device.to_host(gpuarray.bias_activation_grad(x, x, "relu"))
    with device.threads_in_order("random", seed=1): ...

`device` is the only SimulatedRuntime, registered for its arrays when this package is imported.
"""
from gpuarray.cuda.runtime import register_runtime
from tests.cuda_on_cpu.memory import SimulatedArray
from tests.cuda_on_cpu.simulator import SimulatedRuntime, SimulationError

device = SimulatedArray.runtime = SimulatedRuntime()
register_runtime(SimulatedArray, device)
