// The gradient of a convolution to its input with windows that overlap (the formula: conv_input_grad.cu), of
// which a patch stays in shared memory.
//
// Tiling: a phase (phase.cuh) is a matrix product of A (its pixels, taps K) by B (taps K, C). A is read from
// patches of dy (patch.cuh); B is w, read along k.
//   blockIdx.x: the tile    blockIdx.y: the phase
//   blockIdx.z: the split of the depth (conv_forward_patch.cu)
// Traffic: of dy, a patch for each tile, phase and column of tiles; of w, the phase's taps for each tile.
// Layout: dy (N, P, Q, K), w (side, side, C, K), dx (N, H, W, C); K in whole steps of 64 bytes.
// Slices: B [c][k].
// Precision and defines: tile.cuh, patch.cuh.
// Test: python -m pytest tests/gpuarray/cuda/test_conv_patch.py
#include "patch.cuh"
#include "phase.cuh"
#include "shared_sums.cuh"

struct Operands {
    const Patch& patch;
    const element *dy, *w;
    int last_i, last_j, C, K, col0;

    __device__ void copy_patch(element* to, const Walk& at) const { patch.copy(to, dy, at.channel, 0); }

    __device__ void copy_weights(element* to, const Walk& at) const {
        const int tap = (last_i - at.i * at.stride) * at.side + last_j - at.j * at.stride;
#pragma unroll
        for (int r = 0; r < B::LINES_EACH; ++r) {
            const int c = col0 + B::line(r);
            B::copy(to, r, w + (tap * C + c) * K + at.channel + B::place(), C - c);
        }
    }
};

extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS)
conv_input_grad_patch(In<element> dy, In<element> w, In<float> bias, Out<element> dx, Out<float> partials,
                      Out<float> moments, int N, int H, int W, int C, int P, int Q, int K, int side,
                      int stride, int activation, bool vectorised) {
    const Phase down(blockIdx.y / stride, H, side, stride), right(blockIdx.y % stride, W, side, stride);
    const int across = divide_up(C, TILE_COLS), tiles = gridDim.x / across;
    const int tile = blockIdx.x / across, col0 = blockIdx.x % across * TILE_COLS;
    const Corner corner(tile, divide_up(H, stride), divide_up(W, stride));         // as in the largest phase

    __shared__ Patch patch;
    __shared__ int destination[TILE_ROWS];
    fill<Patch::HEIGHT, Patch::WIDTH>(patch.pixels, corner, [&](int n, int line, int column) {
        const int p = line + down.begin, q = column + right.begin;
        const bool inside = n < N && (unsigned)p < (unsigned)P && (unsigned)q < (unsigned)Q;
        return Patch::Pixel{((n * P + p) * Q + q) * K, inside};
    });
    fill<TILE_HEIGHT, TILE_WIDTH>(destination, corner, [&](int n, int v, int u) {   // the place in the phase
        const int h = v * stride + down.offset, width = u * stride + right.offset;
        return n < N && v < down.pixels && u < right.pixels ? ((n * H + h) * W + width) * C : -1;
    });
    __syncthreads();

    const int taps = down.taps * right.taps;
    const Steps steps(taps * K);
    Product product;
    accumulate(product, Operands{patch, dy, w, down.last_tap, right.last_tap, C, K, col0},
               Walk(side, stride, down.first_tap, right.first_tap, 1, taps, steps.first), steps.count);

    const SumsInShared sums(product);
    if (partials != nullptr)
        write_partial(sums, partials + blockIdx.z * (N * H * W * C), destination, TILE_ROWS, col0, C,
                      vectorised);
    else
        write_activations(sums, dx, destination, TILE_ROWS, col0, C, vectorised, bias, activation, moments,
                          blockIdx.y * tiles + tile, gridDim.y * tiles);
}
