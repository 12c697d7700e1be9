"""Which gradients to weights read their pixels from a patch in shared memory (window.cuh), and with what
tiles."""
from dataclasses import dataclass

from gpuarray.cuda import tiles
from gpuarray.cuda.layout import ceil_div
from gpuarray.cuda.tiles import Operand, Plan, Tile

_SIDES = 4, 5               # of a kernel: 16 or 25 taps, which fill a tile's rows and not more
_CHANNELS, _COLS = 16, 64   # of x and of dy in a tile
_ACROSS = 8                 # pixels of dy in a line of a window
# Lines of a window. With four, two stages of fp32 fit an sm_75 card.
_DOWN = {"FP32": 4, "TF32": 8, "BF16": 8}


def sees_windows(side, stride, channels, cols, pixels, vectorised):
    """Does a gradient to weights belong to conv_weight_grad_patch, and not to the kernel that gathers each
    tap's pixels anew?

    It does where all taps of 16 channels make a tile that is worth it. channels: of x. cols: of dy. pixels:
    (height, width) of dy. vectorised: can x, dy and the gradient be read 16 bytes at a time?
    """
    return bool(vectorised and side in _SIDES and stride in (1, 2) and channels % _CHANNELS == 0
                and cols > _COLS // 2 and min(pixels) >= _ACROSS)


@dataclass(frozen=True)
class WindowTile(Tile):
    """A tile of all taps of 16 channels, that walks over windows of `depth` pixels of dy.

    side_by_side: pieces of a pixel that eight threads copy.
    """
    side: int = 5
    stride: int = 1
    side_by_side: int = 2

    @property
    def resident(self):
        return 1

    @property
    def beside(self):
        """What CUDA keeps."""
        return 1024

    @property
    def pixels(self):
        """(height, width) of a patch."""
        return tuple((size - 1) * self.stride + self.side for size in (self.depth // _ACROSS, _ACROSS))

    @property
    def plane(self):
        """Places for the pixels of a patch, of which each phase has as many across as the first. With this
        many, the pieces that eight threads copy fall into different banks."""
        height, width = self.pixels
        places, beside = height * ceil_div(width, self.stride) * self.stride, 8 // self.side_by_side
        return ceil_div(places - beside, 8) * 8 + beside

    def defines(self, a, b):
        """The defines of tile.cuh and window.cuh."""
        return (*self.own_defines(), *self.operand_defines("B", b), ("SIDE", self.side),
                ("STRIDE", self.stride), ("SIDE_BY_SIDE", self.side_by_side), ("PLANE", self.plane))

    def shared_bytes(self, a, b):
        """As window.cuh and stages.cuh lay it out."""
        lines, pitch = b.slice_shape(self.cols, self.depth)
        return self.stages * (_CHANNELS * self.plane + lines * pitch) * b.itemsize


def plan_windows(precision, b, images, pixels, channels, cols, side, stride):
    """The Plan of a gradient to weights: side x side taps of `channels` channels by cols columns, summed over
    images x pixels (height, width) of dy. b: the Operand dy."""
    tile = WindowTile(side * side * _CHANNELS, _COLS, 4, 2, depth=_DOWN[precision] * _ACROSS, side=side,
                      stride=stride, side_by_side=4 if precision == "FP32" else 2)
    down, across = channels // _CHANNELS, ceil_div(cols, _COLS)
    windows = images * ceil_div(pixels[0], _DOWN[precision]) * ceil_div(pixels[1], _ACROSS)
    splits = tiles.choose_splits(precision, tile, down * across, windows,
                                 tile.rows * channels // _CHANNELS * cols)
    return Plan(precision, Operand(b.itemsize, along_depth=False), b, tile, down, across, 1, splits)
