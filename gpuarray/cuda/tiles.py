"""How a matrix product is cut up: tiles by shape and precision, and its depth into parts where tiles alone are too few."""
from dataclasses import dataclass, fields

from gpuarray.cuda.layout import ceil_div

BLOCKS = 264                     # that run at once: two on each of the 132 multiprocessors of an H100 or H200; the same number
                                 # on every card, so that every card sums in the same order
FINISH_TILE = 16, 32             # rows and columns that a block of conv_finish.cu owns, and its threads
FINISH_THREADS = 128
_MOST_PARTS = 64
_WORKSPACE = 2 ** 26             # elements that all parts together may take: 256 MiB


@dataclass(frozen=True)
class Tile:
    """The sums that one block owns, and how its warps share them; each field is a define of tile.cuh."""
    tile_rows: int
    tile_cols: int
    warps_down: int
    warps_across: int
    tile_depth: int
    stages: int = 3

    @property
    def threads(self):
        return 32 * self.warps_down * self.warps_across

    def defines(self):
        return tuple((field.name.upper(), getattr(self, field.name)) for field in fields(self))

    def shared_bytes(self, itemsize, a_along_depth, b_along_depth):
        """Dynamic shared memory: `stages` slices of both operands (Operand in tile.cuh), then the sums (epilogue.cuh)."""
        def slice_bytes(extent, along_depth):
            lines, length = (extent, self.tile_depth) if along_depth else (self.tile_depth, extent)
            return lines * (length * itemsize + (16 if along_depth or itemsize == 2 else 32))
        stage = slice_bytes(self.tile_rows, a_along_depth) + slice_bytes(self.tile_cols, b_along_depth)
        return max(self.stages * stage, self.tile_rows * (self.tile_cols + 4) * 4)


# Rows, columns, warps down and across. On the tensor cores a warp owns up to 64 x 64 sums, so that it reads as little as it can
# from shared memory; without them up to 64 x 32, 64 a lane. Lines along the depth are 128 bytes long, one access of a
# warp's copy, for fp32 half of that, to fit the 64 KB of an sm_75 card.
_SHAPES = (128, 32, 4, 1), (64, 64, 2, 2), (128, 64, 2, 2), (64, 128, 2, 2), (128, 128, 2, 2)
TILES = {"FP32": tuple(Tile(*shape, tile_depth=16) for shape in _SHAPES[:3]),
         "TF32": tuple(Tile(*shape, tile_depth=32) for shape in _SHAPES),
         "BF16": tuple(Tile(*shape, tile_depth=64) for shape in _SHAPES)}


def choose_tile(precision, rows, cols):
    """The narrowest tile that spans all columns, else the widest; of these the lowest that spans all rows, else the highest."""
    tiles = TILES[precision]
    width = min((tile.tile_cols for tile in tiles if tile.tile_cols >= cols), default=max(tile.tile_cols for tile in tiles))
    by_height = sorted((tile for tile in tiles if tile.tile_cols == width), key=lambda tile: tile.tile_rows)
    return next((tile for tile in by_height if tile.tile_rows >= rows), by_height[-1])


def choose_parts(tile, blocks, steps, results):
    """Into how many parts to cut a depth of `steps` steps, so that `blocks` tiles, `results` sums in all, keep the card busy.

    The cheapest by a plain model in units of one step of a 128 x 128 tile: rounds of BLOCKS blocks, each with its steps and
    about 4 more to begin and end; parts are written and read again at about 3 MB in a unit, after another launch.
    """
    size = tile.tile_rows * tile.tile_cols / (128 * 128)

    def cost(parts):
        rounds = ceil_div(blocks * parts, BLOCKS) * (ceil_div(steps, parts) + 4) * size
        return rounds + (4 + parts * results * 8 / 3e6 if parts > 1 else 0)

    return min(range(1, max(1, min(steps, _MOST_PARTS, _WORKSPACE // results)) + 1), key=cost)


@dataclass(frozen=True)
class Plan:
    """How a product runs: its precision (a name in tile.cuh), its tile and the grid of blocks (tiles, phases, parts)."""
    precision: str
    tile: Tile
    tiles_down: int
    tiles_across: int
    phases: int
    parts: int

    @property
    def grid(self):
        return self.tiles_down * self.tiles_across, self.phases, self.parts


def plan_product(precision, rows, cols, depth, phases=1):
    """The plan for `phases` products of rows x cols, each summed over a depth."""
    tile = choose_tile(precision, rows, cols)
    down, across = ceil_div(rows, tile.tile_rows), ceil_div(cols, tile.tile_cols)
    parts = choose_parts(tile, down * across * phases, ceil_div(depth, tile.tile_depth), rows * cols * phases)
    return Plan(precision, tile, down, across, phases, parts)
