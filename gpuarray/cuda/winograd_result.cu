// The transforms behind the products of Winograd's algorithm (winograd.cuh), which also add up the splits of
// the products' depth:
//   winograd_result      A' s A: the tiles of 4x4 pixels of y, or of each phase of dx, written backwards
//   winograd_gradient    dw += weight * G' s G
//
// Tiling: a thread of winograd_result has a tile, a phase and a channel: 36 sums, 16 pixels. A block has
// TILE_ROWS pixels of TILE_COLS channels, which pass through shared memory into the epilogue of all products.
// A thread of winograd_gradient has a phase and a weight's channels.
// Traffic: points are read once, 36 or 121 numbers for a tile and channel, or 121 for 25 weights.
// Layout: points (splits, then as in winograd.cuh), y (N, P, Q, K), dx (N, H, W, C), dw (5, 5, C, K).
// Precision: float32. Defines: WINOGRAD in tiles.py; BLOCK, the side of a block (2 of dx and dw, 1 of y).
// Test: python -m pytest tests/gpuarray/cuda/test_winograd.py
#include "winograd.cuh"
#include "shared_sums.cuh"

constexpr int UNITS = TILE_ROWS / 16;                  // tiles of a block
static_assert(UNITS * TILE_COLS == THREADS, "a thread for each tile and channel");

// A thread's pixels, on their way into shared memory.
struct Pixels {
    float v[4][4];
    __device__ void put(float* tile, int pitch, int) const {          // of the one group that there is
        const int row0 = threadIdx.x / TILE_COLS * 16, col = threadIdx.x % TILE_COLS;
#pragma unroll
        for (int i = 0; i < 16; ++i) tile[(row0 + i) * pitch + col] = v[i / 4][i % 4];
    }
};

// of_tiles: of a whole batch, of which these images are a part; their tiles begin at first_tile.
extern "C" __global__ void __launch_bounds__(THREADS)
winograd_result(In<float> points, In<float> bias, Out<float> y, Out<float> of_tiles, In<float> norm_x,
                In<float> gamma, In<float> beta, In<float> mean, In<float> inv_std, int splits, int H, int W,
                int C, int tiles, int first_tile, int all_tiles, int activation, bool vectorised) {
    const int columns = (C + TILE_COLS - 1) / TILE_COLS;
    const int group = blockIdx.x / columns, col0 = blockIdx.x % columns * TILE_COLS;

    __shared__ int destination[TILE_ROWS];
    for (int r = threadIdx.x; r < TILE_ROWS; r += THREADS) {
        const Unit<BLOCK> at(group * UNITS + r / 16, 1);
        const int across = W / (4 * BLOCK), pixel = BLOCK == 1 ? r % 16 : 15 - r % 16;
        const int line = (at.tile / across * 4 + pixel / 4) * BLOCK + at.a;            // of all images
        const int column = (at.tile % across * 4 + pixel % 4) * BLOCK + at.b;
        destination[r] = at.tile < tiles ? (line * W + column) * C : -1;
    }

    Unit<BLOCK> at(group * UNITS + threadIdx.x / TILE_COLS, 1);
    at.channel = col0 + threadIdx.x % TILE_COLS;
    Pixels pixels = {};
    if (at.tile < tiles && at.channel < C) {
        float v[POINTS][POINTS];
        at.get(v, points, splits, tiles, C);
        transform<Transposed<Powers<4>>>(pixels.v, v);
    }
    write_result(SumsInShared(pixels), y, destination, TILE_ROWS, col0, C, vectorised, bias, activation,
                 Normalised<float>{norm_x, gamma, beta, mean, inv_std}, of_tiles, first_tile + group,
                 all_tiles);
}

extern "C" __global__ void __launch_bounds__(THREADS)
winograd_gradient(In<float> points, Out<float> dw, int splits, int size, float weight) {         // size: C K
    const Unit<BLOCK> at(blockIdx.x * blockDim.x + threadIdx.x, size);
    if (at.tile > 0) return;
    float v[POINTS][POINTS], taps[3][3];
    at.get(v, points, splits, 1, size);
    transform<Transposed<Powers<3>>>(taps, v);
#pragma unroll
    for (int u = 0; u < 3; ++u)
#pragma unroll
        for (int t = 0; t < 3; ++t) {
            const int i = 2 * u + at.a, j = 2 * t + at.b;
            if (i < 5 && j < 5) {
                float* to = dw + (i * 5 + j) * size + at.channel;
                *to = fmaf(weight, taps[u][t], *to);
            }
        }
}
