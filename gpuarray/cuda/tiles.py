"""How the blocks of a matrix product share its work: tiles of the result, and splits of the depth (split-K).

The numbers of a launch that a kernel must know, too, stand in this file and in layout.py. They reach the
kernel as defines.
"""
from dataclasses import dataclass, replace

from gpuarray.cuda.layout import ceil_div

# conv_reduce.cu: the tile of a block, and its threads.
REDUCE = {"TILE_ROWS": 16, "TILE_COLS": 32, "THREADS": 128}
# conv_narrow.cu: the pixels of a block, TILE x TILE, and of a thread, ROWS x COLS; channels copied at a time.
NARROW = {"TILE": 32, "ROWS": 2, "COLS": 4, "THREADS": 128, "CHANNELS": 8}
# winograd_result.cu: the pixels and channels of a block; winograd_points.cu: the threads.
WINOGRAD = {"TILE_ROWS": 128, "TILE_COLS": 32, "SUMS_PITCH": 36, "THREADS": 256}

_MULTIPROCESSORS = 132      # of an H100 or H200. The same number for every card, so that every card adds up
                            # in the same order
_MOST_SPLITS = 256
# What such a multiprocessor multiplies in a clock: in fp32 128 less what else is issued, on the tensor cores
# the 63% of their peak that mma.sync reaches (benchmarks/gpu/cards.py; wgmma counts the same, so that it has
# the same splits). And what a warp issues in a step of conv_weight_grad, the product that is split most, in
# tiles that take longer for that than to multiply (python -m benchmarks.gpu.slots).
_MULTIPLIED = {"FP32": 100, "TF32": 645, "BF16": 1290}
_SLOTS = {("TF32", "128x32"): 474, ("TF32", "128x64"): 574, ("TF32", "64x128"): 487,
          ("BF16", "128x32"): 573, ("BF16", "128x64"): 632}
WORKSPACE = 2 ** 26         # elements that the partial sums of all splits may take, or the points of a group
                            # of images (winograd.py): 256 MiB
# KiB of shared memory of a multiprocessor, by compute capability (CUDA C++ Programming Guide, technical
# specifications), and how many of them a block takes beside what it asks for: the products declare up to 2,
# and CUDA keeps 1.
_SHARED = {(7, 5): 64, (8, 0): 164, (8, 7): 164, (9, 0): 228, (10, 0): 228, (10, 1): 228, (10, 3): 228,
           (11, 0): 228}
_SHARED_ELSEWHERE, _BESIDE = 100, 3


@dataclass(frozen=True)
class Operand:
    """How an operand of a product lies in memory: `Operand` in tile.cuh.

    itemsize: bytes of an element. along_depth: do its lines run along the depth? at_once: bytes of its lines
    that can be copied at once, 16 or those of four elements; 0: they are copied element by element.
    """
    itemsize: int
    along_depth: bool
    at_once: int = 16

    @property
    def vectorised(self):
        return self.at_once > 0

    @property
    def piece(self):
        """Elements that a thread copies, at once or one by one."""
        return self.at_once // self.itemsize or 4

    def padded(self, channels):
        """The channels that the depth counts for `channels`: `padded` in tile.cuh."""
        return ceil_div(channels, self.piece) * self.piece

    def slice_shape(self, extent, depth):
        """(lines, pitch in elements) of a slice of `extent` rows (or columns) in shared memory."""
        lines, length = (extent, depth) if self.along_depth else (depth, extent)
        return lines, length + (16 if self.along_depth or self.itemsize == 2 else 32) // self.itemsize


@dataclass(frozen=True)
class Tile:
    """The sums that one block owns, and how its warps share them."""
    rows: int
    cols: int
    warps_down: int
    warps_across: int
    depth: int
    stages: int = 3
    groups: int = 1             # products of `cols` columns each that share A

    def __str__(self):
        return f"{self.rows}x{self.cols}"

    @property
    def threads(self):
        return 32 * self.warps_down * self.warps_across

    @property
    def sums_pitch(self):
        return self.cols + 4

    def defines(self, a, b):
        """The defines of tile.cuh and slices.cuh for a product of the operands a and b."""
        return *self.own_defines(), *self.operand_defines("A", a), *self.operand_defines("B", b)

    def own_defines(self):
        return (("TILE_ROWS", self.rows), ("TILE_COLS", self.cols), ("TILE_DEPTH", self.depth),
                ("STAGES", self.stages), ("GROUPS", self.groups), ("WARPS_DOWN", self.warps_down),
                ("WARPS_ACROSS", self.warps_across), ("THREADS", self.threads),
                ("SUMS_PITCH", self.sums_pitch))

    def operand_defines(self, name, operand):
        """Those of operand 'A' (of the rows) or 'B' (of the columns)."""
        _, pitch = operand.slice_shape(self.rows if name == "A" else self.groups * self.cols, self.depth)
        return ((f"{name}_ALONG_DEPTH", int(operand.along_depth)), (f"{name}_PIECE", operand.piece),
                (f"{name}_VECTORISED", int(operand.vectorised)), (f"{name}_PITCH", pitch))

    def shared_bytes(self, a, b):
        """Dynamic shared memory: slices of both operands (slices.cuh), later the sums (shared_sums.cuh)."""
        stage = sum(lines * pitch * a.itemsize for lines, pitch in
                    (a.slice_shape(self.rows, self.depth), b.slice_shape(self.cols, self.depth)))
        return max(self.stages * stage, self.rows * self.sums_pitch * 4)

    @property
    def beside(self):
        """Bytes of shared memory that a block takes beside what it asks for."""
        return _BESIDE * 1024

    @property
    def resident(self):
        """Blocks that a multiprocessor has registers for, at least."""
        return 2 if self.groups == 1 else 1

    def clocks(self, precision):
        """Of a multiprocessor, for a step of one block: to multiply, or to issue what its warps do."""
        multiplications = self.rows * self.groups * self.cols * self.depth
        issued = _SLOTS.get((precision, str(self)), 0) * self.threads / 128
        return max(multiplications / _MULTIPLIED[precision], issued)

    def fitting(self, capability, a, b):
        """This tile with as many of its stages as leave room for two blocks on a multiprocessor (if its
        registers do); where not even two stages do, with as many as one block has room for.

        A second block multiplies while the first waits, which hides more than one more stage of the same.
        """
        room = _SHARED.get(capability, _SHARED_ELSEWHERE) * 1024
        for blocks in range(self.resident, 0, -1):
            for stages in range(self.stages, 1, -1):
                tile = replace(self, stages=stages)
                if blocks * (tile.shared_bytes(a, b) + tile.beside) <= room:
                    return tile
        return tile


# Rows, columns, warps down and across. On the tensor cores a warp owns up to 64 x 64 sums, so that it reads
# little from shared memory for each; without them up to 64 x 32, which is 64 a lane. A line along the depth
# is 128 bytes, what eight lanes copy at once; for fp32 half of that, to fit an sm_75 card.
_SHAPES = (128, 32, 4, 1), (64, 64, 2, 2), (128, 64, 2, 2), (64, 128, 2, 2), (128, 128, 2, 2)
TILES = {"FP32": tuple(Tile(*shape, depth=16) for shape in _SHAPES[:3]),
         "TF32": tuple(Tile(*shape, depth=32) for shape in _SHAPES),
         "BF16": tuple(Tile(*shape, depth=64) for shape in _SHAPES)}


def choose_tile(precision, rows, cols, widest=True):
    """The narrowest tile that spans all columns, else the widest; of these the lowest that spans all rows,
    else the highest.

    Where not all lines are copied 16 bytes at once (widest), a thread has more of them to follow. Beside 128
    sums it has no registers for that, so that such tiles are left out.
    """
    tiles = [tile for tile in TILES[precision] if widest or tile.rows * tile.cols <= 64 * tile.threads]
    widths = sorted({tile.cols for tile in tiles})
    width = next((width for width in widths if width >= cols), widths[-1])
    by_height = sorted((tile for tile in tiles if tile.cols == width), key=lambda tile: tile.rows)
    return next((tile for tile in by_height if tile.rows >= rows), by_height[-1])


def choose_splits(precision, tile, blocks, steps, results):
    """Into how many splits to cut a depth of `steps` steps, so that `blocks` tiles, together `results` sums,
    fill a card.

    The cheapest number by a plain model, in clocks. Blocks run in rounds, of as many as are resident on all
    multiprocessors; each takes its steps and about 4 more to begin and end. Splits need one more launch, 3.5
    microseconds, which reads them eight at a time, and are written and read, 900 bytes a clock: between the
    1,600 of an H100 and the 360 of an RTX 4090, whose order of sums is the same.
    """
    clocks, at_once = tile.resident * tile.clocks(precision), _MULTIPROCESSORS * tile.resident

    def cost(splits):
        rounds = ceil_div(blocks * splits, at_once) * (ceil_div(steps, splits) + 4) * clocks
        return rounds + (6500 + 135 * splits + splits * results * 8 / 900 if splits > 1 else 0)

    return min(range(1, max(1, min(steps, _MOST_SPLITS, WORKSPACE // results)) + 1), key=cost)


@dataclass(frozen=True)
class Plan:
    """How a product runs: precision (a name in tile.cuh), operands, tile, and the grid of its blocks."""
    precision: str
    a: Operand
    b: Operand
    tile: Tile
    tiles_down: int
    tiles_across: int
    phases: int
    splits: int

    @property
    def grid(self):
        return self.tiles_down * self.tiles_across, self.phases // self.tile.groups, self.splits


def plan_product(precision, a, b, rows, cols, depth, phases=1):
    """The plan for `phases` products of rows x cols, each summed over a depth; a and b: Operands."""
    tile = choose_tile(precision, rows, cols, a.at_once == b.at_once == 16)
    down, across = ceil_div(rows, tile.rows), ceil_div(cols, tile.cols)
    steps = max(1, ceil_div(depth, tile.depth))
    splits = choose_splits(precision, tile, down * across * phases, steps, rows * cols * phases)
    return Plan(precision, a, b, tile, down, across, phases, splits)
