// Convolution with windows that overlap (the formula: conv_forward.cu), of which a patch stays in shared
// memory.
//
// Tiling: a matrix product of A (N P Q, side side C) by B (side side C, K). A is read from patches of x
// (patch.cuh); B is w as it lies in memory. Each phase of the image is a patch: line h = p s - before + i of
// tap i = a + m s belongs to phase a, in which it is line p + m.
//   blockIdx.x: the tile; neighbouring blocks read the same patch
//   blockIdx.z: the split of the depth, where tiles alone are too few to fill a card (split-K); its partial
//               sums, partials (splits, N, P, Q, K) float32, are added up by conv_reduce.cu
// Traffic: of x, a patch for each tile, phase and column of tiles; of w, all its taps for each tile. For 5x5
// and stride 2, 256 x 64 tiles of 16 x 16 pixels fetch 45% of what 128 x 128 tiles of conv_forward.cu do.
// Layout: x (N, H, W, C), w (side, side, C, K), or (side, side, K, C) where B_ALONG_DEPTH, y (N, P, Q, K); C
// in whole steps of 64 bytes.
// Slices: B [channel][k], or [k][channel].
// Precision and defines: tile.cuh, patch.cuh.
// Test: python -m pytest tests/gpuarray/cuda/test_conv_patch.py tests/gpuarray/cuda/test_conv_wgmma.py
#include "patch.cuh"
#include "shared_sums.cuh"

struct Operands {
    const Patch& patch;
    const element *x, *w;
    int W, C, K, col0;

    __device__ unsigned groups(const Walk&) const { return 1; }

    __device__ void copy_patch(element* to, const Walk& at) const {
        patch.copy(to, x, (at.a * W + at.b) * C + at.channel, at.a * at.stride + at.b);
    }

    __device__ void copy_weights(element* to, const Walk& at) const {
        const int tap = (at.a + at.i * at.stride) * at.side + at.b + at.j * at.stride;
#pragma unroll
        for (int r = 0; r < B::LINES_EACH; ++r) {
            const int channel = at.channel + (B::ALONG_DEPTH ? B::place() : B::line(r));
            const int k = col0 + (B::ALONG_DEPTH ? B::line(r) : B::place());
            B::copy(to, r, w + tap * C * K + (B::ALONG_DEPTH ? k * C + channel : channel * K + k), K - k);
        }
    }
};

extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS)
conv_forward_patch(In<element> x, In<element> w, In<float> bias, Out<element> y, Out<float> of_tiles,
                   In<element> norm_x, In<float> gamma, In<float> beta, In<float> mean, In<float> inv_std,
                   Out<float> partials, int N, int H, int W, int C, int P, int Q, int K, int side, int stride,
                   int activation, bool vectorised) {
    const int before = (side - 1) / 2, across = divide_up(K, TILE_COLS);
    const int tile = blockIdx.x / across, col0 = blockIdx.x % across * TILE_COLS;
    const Corner corner(tile, P, Q);

    __shared__ Patch patch;
    __shared__ int destination[TILE_ROWS];
    fill<Patch::HEIGHT, Patch::WIDTH>(patch.pixels, corner, [&](int n, int line, int column) {
        const int h = line * stride - before, width = column * stride - before;
        Patch::Pixel pixel = {((n * H + h) * W + width) * C, 0};
        for (int a = 0; a < stride; ++a)
            for (int b = 0; b < stride; ++b)
                if (n < N && (unsigned)(h + a) < (unsigned)H && (unsigned)(width + b) < (unsigned)W)
                    pixel.inside |= 1u << (a * stride + b);
        return pixel;
    });
    fill<TILE_HEIGHT, TILE_WIDTH>(destination, corner, [&](int n, int p, int q) {
        return n < N && p < P && q < Q ? ((n * P + p) * Q + q) * K : -1;
    });
    __syncthreads();

    const Steps steps(side * side * C);
    Product product;
    accumulate(product, Operands{patch, x, w, W, C, K, col0},
               Walk(side, stride, 0, 0, stride, side * side, steps.first), steps.count);

    const SumsInShared sums(product);
    if (partials != nullptr)
        write_partial(sums, partials + blockIdx.z * (N * P * Q * K), destination, TILE_ROWS, col0, K,
                      vectorised);
    else
        write_result(sums, y, destination, TILE_ROWS, col0, K, vectorised, bias, activation,
                     Normalised<element>{norm_x, gamma, beta, mean, inv_std}, of_tiles, tile,
                     gridDim.x / across);
}
