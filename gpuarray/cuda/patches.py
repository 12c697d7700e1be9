"""Which convolutions read their pixels from a patch in shared memory (patch.cuh), and with what tiles."""
from dataclasses import dataclass, replace

from gpuarray.cuda import tiles
from gpuarray.cuda.layout import ceil_div
from gpuarray.cuda.tiles import Operand, Plan, Tile

WGMMA_CARDS = (9, 0),       # compute capabilities of the cards whose tensor cores take wgmma
_STEP = 64                  # bytes of channels in a step
_LEAST_PIXELS = 8           # of a result, along an axis
_MOST_TAPS = 5              # of a phase, along an axis


def sees_patches(channels, itemsize, side, stride, pixels, vectorised):
    """Does a convolution belong to the patch kernels, and not to those that gather each tap's pixels anew?

    It does where neighbouring windows overlap and tiles are worth it: the pixels that are read have channels
    for whole steps, taps lie closer than windows are wide, and each phase of the result is at least 8 x 8
    pixels. channels: of the pixels that are read. pixels: (height, width) of a phase of the result.
    vectorised: can both operands be copied 16 bytes at a time?
    """
    taps = ceil_div(side, stride)
    return (vectorised and channels * itemsize % _STEP == 0 and stride <= side and 2 <= taps <= _MOST_TAPS
            and stride <= _MOST_TAPS and min(pixels) >= _LEAST_PIXELS)


@dataclass(frozen=True)
class PatchTile(Tile):
    """A tile whose rows are (rows / height / width) images of height x width pixels.

    taps: of the phase that has most of them, along an axis. least_taps: of the one that has fewest, of both
    axes. Where a tile is all phases' (groups), they share the shifts of the one that has most. wgmma: is it
    multiplied by product_wgmma.cuh?
    """
    height: int = 8
    width: int = 8
    taps: int = 1
    least_taps: int = 1
    wgmma: bool = False

    @property
    def resident(self):
        return 1 if self.wgmma else super().resident

    @property
    def patches(self):
        """How many lie in shared memory: so many that the next is not fetched into one that is still read."""
        ahead = self.stages - (2 if self.wgmma else 1)                 # AHEAD in patch.cuh
        return 1 + ceil_div(ahead, self.least_taps)

    @property
    def pixels(self):
        """Of a patch."""
        images = self.rows // (self.height * self.width)
        return images * (self.height + self.taps - 1) * (self.width + self.taps - 1)

    @property
    def beside(self):
        """The tables that the kernels declare, of the patch's pixels and of the rows, and CUDA's own KiB."""
        return 8 * self.pixels + 4 * self.rows + 1024

    def defines(self, a, b):
        """The defines of tile.cuh and patch.cuh."""
        of_b = ((("B_ALONG_DEPTH", int(b.along_depth)), ("WGMMA", 1)) if self.wgmma
                else self.operand_defines("B", b))
        return (*self.own_defines(), *of_b, ("TILE_HEIGHT", self.height), ("TILE_WIDTH", self.width),
                ("TAPS", self.taps), ("PATCHES", self.patches))

    def shared_bytes(self, a, b):
        """As `accumulate` in patch.cuh lays it out; later the sums."""
        if self.wgmma:
            slice_bytes = self.groups * self.cols * self.depth * b.itemsize
            slices = 1024 + self.stages * slice_bytes                                # 1024: to begin aligned
        else:
            lines, pitch = b.slice_shape(self.groups * self.cols, self.depth)
            slices = self.stages * lines * pitch * b.itemsize
        patch = ((self.pixels + 3) // 8 * 8 + 4) * _STEP
        return max(self.patches * patch + slices, self.rows * self.sums_pitch * 4)


# A warp owns as many sums as in TILES (tiles.py), but the tiles are higher: what they fetch of the weights
# then serves twice the pixels. Patches make up for their narrowness. Four stages take no more shared memory
# than the finished sums.
_SHAPES = {"FP32": ((128, 32, 4, 1), (128, 64, 2, 2)),
           "TF32": ((256, 32, 4, 1), (256, 64, 4, 1)), "BF16": ((256, 32, 4, 1), (256, 64, 4, 1))}
# Of all four phases together, each with so many columns, with eight warps in the place of two blocks.
_ALL_PHASES = {"FP32": (128, 32, 4, 2), "TF32": (256, 32, 4, 2), "BF16": (256, 32, 4, 2)}
# Two warpgroups, each with 128 x 128 sums, which leave registers for one block on a multiprocessor. More
# stages make up for that.
_WGMMA, _WGMMA_STAGES = (256, 128, 8, 1), 6


def plan_patches(precision, b, images, pixels, cols, channels, side, stride, capability, phases=1):
    """The Plan of a convolution of which each phase ends in images x pixels (height, width) x cols.

    b: the weights' Operand; by wgmma, those in float32 lie along the depth (wgmma_weights.py). channels: of
    the pixels that are read. phases: of the result; 1 where the depth runs over all of the kernel's taps.
    capability: of the card.
    """
    taps, shapes, least_taps, groups = ceil_div(side, stride), _SHAPES[precision], (side // stride) ** 2, 1
    together = phases == 4 and side % 2 and cols <= _ALL_PHASES[precision][1]
    wgmma = capability in WGMMA_CARDS and precision != "FP32" and (together or cols > shapes[-1][1])
    if together:
        shapes, least_taps, groups = (_ALL_PHASES[precision],), taps ** 2, phases
    elif wgmma:
        shapes = _WGMMA,
    if wgmma:
        b = replace(b, along_depth=b.along_depth or precision == "TF32")
    shape = next((shape for shape in shapes if shape[1] >= cols), shapes[-1])
    tile = PatchTile(*shape, depth=_STEP // b.itemsize, stages=_WGMMA_STAGES if wgmma else 4, groups=groups,
                     taps=taps, least_taps=least_taps, wgmma=wgmma)
    tile = _best_window(tile, images, pixels)
    down, across = _windows(tile, images, pixels), ceil_div(cols, tile.cols)
    depth = channels * (side * side if phases == 1 else taps * taps)
    results = images * pixels[0] * pixels[1] * cols * phases
    splits = tiles.choose_splits(precision, tile, down * across * phases // groups, depth // tile.depth,
                                 results)
    return Plan(precision, Operand(b.itemsize, along_depth=True), b, tile, down, across, phases, splits)


def _best_window(tile, images, pixels):
    """The tile with the height and width that need the fewest tiles, and of these the smallest patch."""
    shapes = [replace(tile, height=height, width=width)
              for height in (8, 16, 32) for width in (8, 16) if height * width <= tile.rows]
    return min(shapes, key=lambda shape: (_windows(shape, images, pixels), shape.pixels))


def _windows(tile, images, pixels):
    """How many tiles cover all pixels of all images."""
    height, width = pixels
    return (ceil_div(images, tile.rows // (tile.height * tile.width)) * ceil_div(height, tile.height)
            * ceil_div(width, tile.width))
