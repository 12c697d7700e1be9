"""How a matrix product is cut up: into tiles, and its depth into parts where tiles alone are too few."""
from dataclasses import dataclass, fields, replace

from gpuarray.cuda.layout import ceil_div

FINISH_TILE, FINISH_THREADS = (16, 32), 128     # rows and columns of a block of conv_finish.cu; its threads

_BLOCKS = 264               # that run at once: two on each of the 132 multiprocessors of an H100 or H200. The
                            # same number on every card, so that every card adds up in the same order
_MOST_PARTS = 256
_WORKSPACE = 2 ** 26        # elements that all parts together may take: 256 MiB
# KiB of shared memory that a block may take, by compute capability (CUDA C++ Programming Guide, technical
# specifications), and how many of them the kernels declare themselves, at most.
_SHARED = {(7, 5): 64, (8, 0): 163, (8, 7): 163, (9, 0): 227, (10, 0): 227, (10, 1): 227, (10, 3): 227}
_SHARED_ELSEWHERE, _DECLARED = 99, 8


@dataclass(frozen=True)
class Tile:
    """The sums that one block owns, and how its warps share them. Each field is a define of tile.cuh."""
    tile_rows: int
    tile_cols: int
    warps_down: int
    warps_across: int
    tile_depth: int
    stages: int = 3

    def __str__(self):
        return f"{self.tile_rows}x{self.tile_cols}"

    @property
    def threads(self):
        return 32 * self.warps_down * self.warps_across

    def defines(self):
        return tuple((field.name.upper(), getattr(self, field.name)) for field in fields(self))

    def shared_bytes(self, itemsize, a_along_depth, b_along_depth):
        """Dynamic shared memory: slices of both operands (tile.cuh), later the sums (shared_sums.cuh)."""
        def slice_bytes(extent, along_depth):
            lines, length = (extent, self.tile_depth) if along_depth else (self.tile_depth, extent)
            return lines * (length * itemsize + (16 if along_depth or itemsize == 2 else 32))
        stage = slice_bytes(self.tile_rows, a_along_depth) + slice_bytes(self.tile_cols, b_along_depth)
        return max(self.stages * stage, self.tile_rows * (self.tile_cols + 4) * 4)

    def fitting(self, capability, *operands):
        """This tile with as many of its stages as a card has room for; operands as in shared_bytes."""
        room = (_SHARED.get(capability, _SHARED_ELSEWHERE) - _DECLARED) * 1024
        tile = self
        while tile.stages > 2 and tile.shared_bytes(*operands) > room:
            tile = replace(tile, stages=tile.stages - 1)
        return tile


# Rows, columns, warps down and across. On the tensor cores a warp owns up to 64 x 64 sums, so that it reads
# little from shared memory for each; without them up to 64 x 32, which is 64 a lane. A line along the depth
# is 128 bytes, what eight lanes copy at once; for fp32 half of that, to fit an sm_75 card.
_SHAPES = (128, 32, 4, 1), (64, 64, 2, 2), (128, 64, 2, 2), (64, 128, 2, 2), (128, 128, 2, 2)
TILES = {"FP32": tuple(Tile(*shape, tile_depth=16) for shape in _SHAPES[:3]),
         "TF32": tuple(Tile(*shape, tile_depth=32) for shape in _SHAPES),
         "BF16": tuple(Tile(*shape, tile_depth=64) for shape in _SHAPES)}


def choose_tile(precision, rows, cols, in_chunks=True):
    """The narrowest tile that spans all columns, else the widest; then the lowest that spans all rows, else
    the highest. Operands that are not copied in chunks of 16 bytes give a thread more lines to follow, for
    which beside 128 sums it has no registers."""
    tiles = [tile for tile in TILES[precision]
             if in_chunks or tile.tile_rows * tile.tile_cols <= 64 * tile.threads]
    widths = sorted({tile.tile_cols for tile in tiles})
    width = next((width for width in widths if width >= cols), widths[-1])
    fitting = [tile for tile in tiles if tile.tile_cols == width]
    by_height = sorted(fitting, key=lambda tile: tile.tile_rows)
    return next((tile for tile in by_height if tile.tile_rows >= rows), by_height[-1])


def choose_parts(tile, blocks, steps, results):
    """Into how many parts to cut a depth of `steps` steps, so that `blocks` tiles of together `results` sums
    fill a card.

    The cheapest by a plain model, in the time of one step of a 128 x 128 tile: rounds of as many blocks as
    run at once, each with its steps and about 4 more to begin and end; then one more launch, in which the
    parts are read eight at a time, and some 3 MB in the time of a step.
    """
    size = tile.tile_rows * tile.tile_cols / (128 * 128)

    def cost(parts):
        rounds = ceil_div(blocks * parts, _BLOCKS) * (ceil_div(steps, parts) + 4) * size
        return rounds + (4 + parts / 12 + parts * results * 8 / 3e6 if parts > 1 else 0)

    return min(range(1, max(1, min(steps, _MOST_PARTS, _WORKSPACE // results)) + 1), key=cost)


@dataclass(frozen=True)
class Plan:
    """How a product runs: its precision (a name in tile.cuh), its tile, and the grid of its blocks."""
    precision: str
    tile: Tile
    tiles_down: int
    tiles_across: int
    phases: int
    parts: int

    @property
    def grid(self):
        return self.tiles_down * self.tiles_across, self.phases, self.parts


def plan_product(precision, rows, cols, depth, phases=1, in_chunks=True):
    """The plan for `phases` products of rows x cols, each summed over a depth; in_chunks as in choose_tile."""
    tile = choose_tile(precision, rows, cols, in_chunks)
    down, across = ceil_div(rows, tile.tile_rows), ceil_div(cols, tile.tile_cols)
    steps = max(1, ceil_div(depth, tile.tile_depth))
    return Plan(precision, tile, down, across, phases,
                choose_parts(tile, down * across * phases, steps, rows * cols * phases))
