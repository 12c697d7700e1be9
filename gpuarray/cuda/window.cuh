// A window of x in shared memory, over which all taps of a kernel walk: operand A of the gradient to the
// weights. The depth of that product is the pixels of dy.
//
// A step is a window of 8 pixels of dy across, TILE_DEPTH / 8 down. What their taps see of x lies in a patch:
// for 8 x 8 pixels, 5x5 taps and stride 2, 19 x 19 pixels, where every tap by itself would fetch 64 (25 times
// as many in all, instead of 5.6 times). The rows of the product are (tap, channel). All taps read the same
// patch, each at a shift of its own.
//
// Layout: a patch is planes, one for each 16 bytes of the CHANNELS. In a plane, each line of pixels is sorted
// by its phases: every STRIDE-th pixel, then those beside them. So what a tap reads for eight pixels of dy
// side by side is 128 bytes in a row, in different banks. Eight threads copy SIDE_BY_SIDE pieces of a pixel,
// of 8 / SIDE_BY_SIDE pixels. A plane has PLANE places, so that these fall into different banks, and what
// the lanes of a warp read at once does, too: four planes of a pixel in window_fma.cuh, two of four pixels in
// window_mma.cuh. Pixels outside the image are zero, and places that no tap reads.
//
// Defines, from WindowTile in windows.py: those of tile.cuh, SIDE, STRIDE, SIDE_BY_SIDE, PLANE.
#include "tile.cuh"

constexpr int ACROSS = 8, TAPS = SIDE * SIDE;

struct Window {
    static constexpr int CHANNELS = TILE_ROWS / TAPS, PIECES = CHANNELS / VECTOR;
    static constexpr int HEIGHT = (TILE_DEPTH / ACROSS - 1) * STRIDE + SIDE;
    static constexpr int WIDTH = (ACROSS - 1) * STRIDE + SIDE;
    static constexpr int COLUMNS = (WIDTH + STRIDE - 1) / STRIDE;       // of a phase
    static constexpr int LINE = STRIDE * COLUMNS, PIXELS = HEIGHT * LINE;
    static constexpr int NEXT = STRIDE * LINE * VECTOR;                 // from a line of dy to the next
    static constexpr int BESIDE = 8 / SIDE_BY_SIDE, SIZE = PIECES * PLANE * VECTOR;
    static_assert(CHANNELS == 16 && CHANNELS * TAPS == TILE_ROWS && TILE_DEPTH % ACROSS == 0 &&
                  PIXELS <= PLANE, "whole windows");

    // Starts the copy of CHANNELS channels of the pixels from (top, left) on. image: those of pixel (0, 0).
    static __device__ void copy(element* patch, const element* image, int top, int left, int H, int W,
                                int C) {
        const int thread = threadIdx.x % 8, eight = threadIdx.x / 8;
        const int piece = thread % SIDE_BY_SIDE + eight % (PIECES / SIDE_BY_SIDE) * SIDE_BY_SIDE;
        for (int i = eight / (PIECES / SIDE_BY_SIDE) * BESIDE + thread / SIDE_BY_SIDE; i < PIXELS;
             i += THREADS / PIECES) {
            const int column = i % COLUMNS * STRIDE + i / COLUMNS % STRIDE;
            const int h = top + i / LINE, w = left + column;
            copy_async<16>(patch + (piece * PLANE + i) * VECTOR, image + (h * W + w) * C + piece * VECTOR,
                           column < WIDTH && (unsigned)h < (unsigned)H && (unsigned)w < (unsigned)W);
        }
    }

    // Where the first tap reads `channel` for a pixel of dy.
    static __device__ const element* at(const element* patch, int pixel, int channel) {
        return patch + channel / VECTOR * PLANE * VECTOR + channel % VECTOR + pixel / ACROSS * NEXT +
               pixel % ACROSS * VECTOR;
    }

    // How much further another tap reads.
    static __device__ int shift(int tap) {
        const int j = tap % SIDE;
        return (tap / SIDE * LINE + j % STRIDE * COLUMNS + j / STRIDE) * VECTOR;
    }
};
typedef Window A;

// The taps of a warp: every WARPS_DOWN-th, so that no warp, nor the warps of a quarter of the multiprocessor,
// have more than one beyond the others.
struct Taps {
    static constexpr int EACH = (TAPS + WARPS_DOWN - 1) / WARPS_DOWN;
    int first, shift[EACH];

    __device__ Taps() : first(threadIdx.x / 32 / WARPS_ACROSS) {
#pragma unroll
        for (int i = 0; i < EACH; ++i) shift[i] = Window::shift(number(i));
    }
    __device__ int number(int i) const { return first + i * WARPS_DOWN; }
    __device__ bool exists(int i) const { return (i + 1) * WARPS_DOWN <= TAPS || number(i) < TAPS; }
};

#if PRECISION == FP32
#include "window_fma.cuh"
#else
#include "window_mma.cuh"
#endif
#include "stages.cuh"
