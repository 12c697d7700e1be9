"""Sums over processes of arrays on GPUs, one GPU a process, through NCCL (CuPy).

Every call goes into the current stream and nothing waits on the host, so that a CUDA graph records it with
the rest of a step; all processes record the same calls. A step's first, unrecorded run lets NCCL connect.
"""
import json

from gpuarray.errors import DeviceError

_TYPES = {"float32": "NCCL_FLOAT32", "float64": "NCCL_FLOAT64", "bfloat16": "NCCL_BFLOAT16"}


class NCCLCommunicator:
    """The same processes as those of an MPICommunicator, which tells them NCCL's id.

    Raises DeviceError where CuPy finds no NCCL, or two processes have one GPU.
    """

    def __init__(self, mpi):
        import cupy

        self._cupy, self.rank, self.size = cupy, mpi.rank, mpi.size
        self._check_own_gpu(mpi)
        nccl, reason = _find_nccl()
        identity = nccl.get_unique_id() if nccl and self.rank == 0 else None
        found = [json.loads(each) for each in mpi.gather(json.dumps([nccl is not None, identity]).encode())]
        if not all(has for has, _ in found):
            raise DeviceError(f"no NCCL ({reason or 'another process finds none'}): pip install '.[nccl13]', "
                              "or '.[nccl12]' beside cuda12")
        identity = tuple(found[0][1])
        self._sum, self._types = nccl.NCCL_SUM, {
            name: getattr(nccl, constant) for name, constant in _TYPES.items() if hasattr(nccl, constant)}
        self._nccl = nccl.NcclCommunicator(self.size, identity, self.rank)
        self._beside, self._begun = cupy.cuda.Stream(non_blocking=True), False

    def _check_own_gpu(self, mpi):
        runtime = self._cupy.cuda.runtime
        mine = f"{runtime.deviceGetPCIBusId(runtime.getDevice())} of {mpi.machine}"
        gpus = [content.decode() for content in mpi.gather(mine.encode())]
        for rank, gpu in enumerate(gpus):
            if gpu in gpus[:rank]:
                raise DeviceError(f"processes {gpus.index(gpu)} and {rank} share the GPU {gpu}: start no "
                                  "more on a machine than it has GPUs")

    def sum(self, array):
        """Add up over all processes, in place."""
        self._all_reduce(array, self._current)

    def begin_sum(self, array):
        """As sum, in a stream beside the current one, up to `finish`. NCCL keeps the order of all sums."""
        self._beside.wait_event(self._current.record())
        self._all_reduce(array, self._beside)
        self._begun = True

    def finish(self):
        """What comes into the current stream from here on waits for all that begin_sum has begun."""
        if self._begun:
            self._current.wait_event(self._beside.record())
        self._begun = False

    @property
    def _current(self):
        return self._cupy.cuda.get_current_stream()

    def _all_reduce(self, array, stream):
        pointer = array.data.ptr
        self._nccl.allReduce(pointer, pointer, array.size, self._types[array.dtype.name], self._sum,
                             stream.ptr)


def _find_nccl():
    """(CuPy's module, ""), or (None, why not): without the library CuPy has an empty module in its place."""
    try:
        from cupy.cuda import nccl
        from cupy.cuda.nccl import get_unique_id     # noqa: F401
        return nccl, ""
    except ImportError as error:
        return None, str(error)
