"""A GPU's memory, and CuPy's pools of it: blocks of arrays that are gone are handed out again; a pool that
gets no more from the card frees its idle blocks and asks again."""
import weakref
from bisect import bisect, insort
from dataclasses import dataclass

import numpy as np

from tests.cuda_on_cpu.memory import Fenced, SimulatedArray
from tests.gpuarray.cuda.fake_cupy import CUDARuntimeError, OutOfMemoryError

OUT_OF_MEMORY = 2              # cudaErrorMemoryAllocation


class Card:
    """A GPU's memory: `total` bytes, of which each allocation takes some until it is freed."""

    def __init__(self, total):
        self.total, self._begins, self._allocations = total, [], {}

    @property
    def free_bytes(self):
        return self.total - sum(fenced.data.size for fenced in self._allocations.values())

    def malloc(self, size):
        """The address of a new allocation. Raises CUDARuntimeError where so much is not free."""
        if size > self.free_bytes:
            raise CUDARuntimeError("cudaErrorMemoryAllocation: out of memory", OUT_OF_MEMORY)
        fenced = Fenced(size)
        address = fenced.data.ctypes.data
        self._allocations[address] = fenced
        insort(self._begins, address)
        return address

    def free(self, address):
        del self._allocations[address]
        self._begins.remove(address)

    def allocation(self, address, nbytes):
        """(the allocation that holds these bytes, where in it). Raises CUDARuntimeError where none does."""
        number = bisect(self._begins, address) - 1
        if number >= 0:
            begin = self._begins[number]
            fenced = self._allocations[begin]
            if address - begin + nbytes <= fenced.data.size:
                return fenced, address - begin
        raise CUDARuntimeError("cudaErrorIllegalAddress: an illegal memory access was encountered")


class Memory:
    """cupy.cuda.Memory: an allocation, freed with it."""

    def __init__(self, card, size):
        self.size, self.ptr = size, card.malloc(size)
        weakref.finalize(self, card.free, self.ptr).atexit = False


@dataclass
class MemoryPointer:
    mem: object
    offset: int


class MemoryPool:
    """cupy.cuda.MemoryPool, except that it splits no blocks."""

    def __init__(self, allocator):
        self._allocator, self._idle, self._used = allocator, [], 0

    def malloc(self, size):
        size = max(1, -(-size // 512)) * 512
        memory = min((idle for idle in self._idle if idle.size >= size), key=lambda idle: idle.size,
                     default=None)
        if memory is None:
            memory = self._from_card(size)
        else:
            self._idle.remove(memory)
        self._used += memory.size
        return MemoryPointer(_Pooled(self, memory), 0)

    def _from_card(self, size):
        for _ in range(3):
            try:
                return self._allocator(size).mem
            except CUDARuntimeError as error:
                if error.status != OUT_OF_MEMORY:
                    raise
                self.free_all_blocks()
        raise OutOfMemoryError(size, self.total_bytes())

    def take_back(self, memory):
        self._used -= memory.size
        self._idle.append(memory)

    def free_all_blocks(self):
        self._idle.clear()

    def used_bytes(self):
        return self._used

    def idle_bytes(self):
        return sum(memory.size for memory in self._idle)

    def total_bytes(self):
        return self._used + self.idle_bytes()


class _Pooled:
    """A block in use, which goes back to its pool, if that is still there."""

    def __init__(self, pool, memory):
        self.memory, self.ptr, self._pool = memory, memory.ptr, weakref.ref(pool)

    def __del__(self):
        if (pool := self._pool()) is not None:
            pool.take_back(self.memory)


@dataclass(frozen=True)
class Place:
    """Where an array lies: what a launch knows of it. It does not keep the array's memory."""
    card: Card
    address: int
    shape: tuple
    strides: tuple
    dtype: np.dtype

    def array(self):
        """What lies there now. Raises CUDARuntimeError where that is no allocated memory any more."""
        last = sum((size - 1) * stride for size, stride in zip(self.shape, self.strides))
        nbytes = max(0, last + self.dtype.itemsize) if all(self.shape) else 0
        fenced, offset = self.card.allocation(self.address, nbytes)
        array = np.ndarray(self.shape, self.dtype, fenced.data, offset, self.strides).view(SimulatedArray)
        array.fenced = fenced
        return array

    def host_view(self):
        return self.array().view(np.ndarray)
