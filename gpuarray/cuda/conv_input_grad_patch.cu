// The gradient of a convolution to its input with windows that overlap (the formula: conv_input_grad.cu), of
// which a patch stays in shared memory.
//
// Tiling: a phase (phase.cuh) is a matrix product of A (its pixels, taps K) by B (taps K, C). A is read from
// patches of dy (patch.cuh); B is w, read along k. A tile is one phase's, or, where C is small, that of all
// four of stride 2 (GROUPS), which read the same patch: at each shift of dy, those are multiplied that have a
// tap there. Of nine shifts of a 5x5 kernel, four phases have four, two have four, and one has one.
//   blockIdx.x: the tile    blockIdx.y: the phase, or 0 for all
//   blockIdx.z: the split of the depth (conv_forward_patch.cu)
// Traffic: of dy, a patch for each tile, phase (or all) and column of tiles; of w, the phase's taps for each
// tile. For 5x5, stride 2 and C = 32, 16 x 16 pixels of all phases fetch 324 + 25 * 32 numbers for each k,
// instead of 4 * 324 + 25 * 32.
// Layout: dy (N, P, Q, K), w (side, side, C, K), dx (N, H, W, C); K in whole steps of 64 bytes.
// Slices: B [phase][c][k].
// Precision and defines: tile.cuh, patch.cuh.
// Test: python -m pytest tests/gpuarray/cuda/test_conv_patch.py tests/gpuarray/cuda/test_conv_wgmma.py
#include "patch.cuh"
#include "phase.cuh"
#include "shared_sums.cuh"

// This tile's phase; of several, the one with tap 0. With kernels of odd sides, its shifts are those of all.
__device__ inline int widest(int phase, int side, int stride) {
    return GROUPS == 1 ? phase : (stride - (side - 1) / 2 % stride) % stride;
}

// Which phases of a tile have a tap at a shift of dy: a bit for each, for each shift down and each across.
struct TapsThere {
    static constexpr int BITS = 4;
    static_assert(GROUPS <= BITS && TAPS * BITS <= 32, "an unsigned holds them all");
    unsigned down = 0, across = 0;

    __device__ TapsThere(int first_phase, const Phase& widest_down, const Phase& widest_right, int side,
                         int stride) {
        for (int group = 0; group < GROUPS; ++group) {
            const int phase = first_phase + group;
            down |= bits(widest_down, Phase(phase / stride, 0, side, stride)) << group;
            across |= bits(widest_right, Phase(phase % stride, 0, side, stride)) << group;
        }
    }
    __device__ static unsigned bits(const Phase& widest, const Phase& phase) {
        unsigned found = 0;
        for (int i = 0; i < phase.taps; ++i) found |= 1u << BITS * (phase.begin - widest.begin + i);
        return found;
    }
    __device__ unsigned at(const Walk& walk) const { return down >> BITS * walk.i & across >> BITS * walk.j; }
};

struct Operands {
    const Patch& patch;
    const element *dy, *w;
    const TapsThere there;
    int group, last_i, last_j;          // this thread's lines of B: their phase, its tap at the first shift
    int C, K, col0;
    static_assert(TILE_COLS % B::LINES_EACH == 0, "a thread's lines are of one phase");

    __device__ unsigned groups(const Walk& at) const { return GROUPS == 1 ? 1 : there.at(at); }

    __device__ void copy_patch(element* to, const Walk& at) const { patch.copy(to, dy, at.channel, 0); }

    __device__ void copy_weights(element* to, const Walk& at) const {
        if (!(groups(at) >> group & 1)) return;
        const int tap = (last_i - at.i * at.stride) * at.side + last_j - at.j * at.stride;
#pragma unroll
        for (int r = 0; r < B::LINES_EACH; ++r) {
            const int c = col0 + B::line(r) % TILE_COLS;
            B::copy(to, r, w + (tap * C + c) * K + at.channel + B::place(), C - c);
        }
    }
};

extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS)
conv_input_grad_patch(In<element> dy, In<element> w, In<float> bias, Out<element> dx, Out<float> of_tiles,
                      In<element> norm_x, In<float> gamma, In<float> beta, In<float> mean, In<float> inv_std,
                      Out<float> partials, int N, int H, int W, int C, int P, int Q, int K, int side,
                      int stride, int activation, bool vectorised) {
    const int across = divide_up(C, TILE_COLS), tiles = gridDim.x / across, first_phase = blockIdx.y * GROUPS;
    const int tile = blockIdx.x / across, col0 = blockIdx.x % across * TILE_COLS;
    const Phase down(widest(first_phase / stride, side, stride), H, side, stride);
    const Phase right(widest(first_phase % stride, side, stride), W, side, stride);
    const Corner corner(tile, divide_up(H, stride), divide_up(W, stride));         // as in the largest phase

    __shared__ Patch patch;
    __shared__ int destination[TILE_ROWS];
    fill<Patch::HEIGHT, Patch::WIDTH>(patch.pixels, corner, [&](int n, int line, int column) {
        const int p = line + down.begin, q = column + right.begin;
        const bool inside = n < N && (unsigned)p < (unsigned)P && (unsigned)q < (unsigned)Q;
        return Patch::Pixel{((n * P + p) * Q + q) * K, inside};
    });
    __syncthreads();

    const int taps = down.taps * right.taps, group = B::line(0) / TILE_COLS;
    const Phase own_down((first_phase + group) / stride, H, side, stride);
    const Phase own_right((first_phase + group) % stride, W, side, stride);
    const Steps steps(taps * K);
    Product product;
    accumulate(product,
               Operands{patch, dy, w, TapsThere(first_phase, down, right, side, stride), group,
                        own_down.last_tap + (own_down.begin - down.begin) * stride,
                        own_right.last_tap + (own_right.begin - right.begin) * stride, C, K, col0},
               Walk(side, stride, down.first_tap, right.first_tap, 1, taps, steps.first), steps.count);

    for (int g = 0; g < GROUPS; ++g) {
        const int phase = first_phase + g;
        const Phase lines(phase / stride, H, side, stride), columns(phase % stride, W, side, stride);
        __syncthreads();                                                // the phase before it is written
        fill<TILE_HEIGHT, TILE_WIDTH>(destination, corner, [&](int n, int v, int u) {      // the place in it
            const int h = v * stride + lines.offset, width = u * stride + columns.offset;
            return n < N && v < lines.pixels && u < columns.pixels ? ((n * H + h) * W + width) * C : -1;
        });
        const SumsInShared sums(product, g);
        if (partials != nullptr)
            write_partial(sums, partials + blockIdx.z * (N * H * W * C), destination, TILE_ROWS, col0, C,
                          vectorised);
        else
            write_result(sums, dx, destination, TILE_ROWS, col0, C, vectorised, bias, activation,
                         Normalised<element>{norm_x, gamma, beta, mean, inv_std}, of_tiles,
                         phase * tiles + tile, stride * stride * tiles);
    }
}
