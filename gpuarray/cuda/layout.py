"""How threads share the elements of an array: the width of an access, flat arrays, columns of (rows, C)."""
import numpy as np

from gpuarray.cuda.runtime import is_aligned

THREADS = 256                # of a block
ELEMENT_TYPES = {"float32": "float", "bfloat16": "bfloat16", "uint8": "unsigned char"}    # NumPy: CUDA

_LANES = 8                   # threads side by side in a strip of columns: 128 bytes of a row at 16 bytes each
_MERGED = 2                  # columns of a block that merges results of others: those are few and in the L2
                             # cache, where many blocks with few rows count for more than whole sectors
_ROWS_A_THREAD = 8           # at least, where a block sums: adding up its threads costs as much as a few rows
_BLOCKS = 512                # that sum: four a multiprocessor of a large GPU; fixed, for one order of sums
_MOST_SEGMENTS = 65535       # what the y axis of a grid takes


def ceil_div(a, b):
    return -(-a // b)


def vector_width(length, *arrays):
    """How many elements a thread takes at once.

    Up to 16 bytes of the first array, a divisor of `length` (of the last axis, or of a flat array), and no
    more than the addresses of all arrays allow. None stands for an absent array.
    """
    sizes = [(array, array.dtype.itemsize) for array in arrays if array is not None]
    for width in (16, 8, 4, 2):
        fits = width * sizes[0][1] <= 16 and length % width == 0
        if fits and all(is_aligned(array, min(16, width * itemsize)) for array, itemsize in sizes):
            return width
    return 1


def flat_grid(count):
    """(grid, block) for one thread each of `count`."""
    return (ceil_div(count, THREADS),), (THREADS,)


class Columns:
    """Blocks over the columns of x (..., C), taken as (rows, C): strips of columns, segments of rows.

    The kernels' side is columns.cuh.
    others: further arrays whose last axis is C, read as many elements at a time as x.
    """

    def __init__(self, x, *others):
        self.channels = x.shape[-1]
        self.rows = x.size // self.channels
        self.width = vector_width(self.channels, x, *others)
        vectors = self.channels // self.width
        lanes = min(_LANES, 1 << (vectors - 1).bit_length())
        self.block = lanes, THREADS // lanes
        self.strips = ceil_div(vectors, lanes)
        self.defines = ("ELEMENT", ELEMENT_TYPES[x.dtype.name]), ("WIDTH", self.width), ("THREADS", THREADS)

    @property
    def few_rows(self):
        """Can one block take all rows of its strip?"""
        return self.rows <= _ROWS_A_THREAD * self.block[1]

    def segments_for_sums(self):
        """(rows of a segment, segments): enough for all multiprocessors, few enough to add up soon."""
        rows = max(_ROWS_A_THREAD * self.block[1], ceil_div(self.rows, max(1, _BLOCKS // self.strips)))
        return self._segments(ceil_div(rows, self.block[1]) * self.block[1])

    def segments_for_map(self):
        """(rows of a segment, segments) for kernels that sum nothing."""
        return self._segments(max(_ROWS_A_THREAD // 2 * self.block[1], ceil_div(self.rows, _MOST_SEGMENTS)))

    def _segments(self, rows):
        return rows, ceil_div(self.rows, rows)

    def sizes(self, segment=None):
        """rows, channels and, where given, the rows of a segment, as kernels take them."""
        return tuple(np.int32(size) for size in (self.rows, self.channels, segment) if size is not None)


def merge_grid(columns):
    """(grid, block) for kernels that combine the results of many blocks, column by column."""
    return (ceil_div(columns, _MERGED),), (_MERGED, THREADS // _MERGED)
