// How a tile ends as the gradient dy of activations that a batchnorm ended in: dy is written, and on the way
// summed as batchnorm_grad.cu begins:
//
//     sum g,  sum g n    with g = dy activation'(y) and n = (x - mean) inv_std
//
// Tiling and layout: epilogue.cuh. Each quad of dy meets the same quad of x, AT_ONCE rows at a time, so that
// several reads of x are in flight. Which side of relu x fell on is computed as the batchnorm did.
// Traffic: x is read once; dy, which was read for its sums alone, is not.
// Precision: float32, of dy as it is written, in a fixed order: a thread's rows, then the slices of a tile,
// then (column_sums in sums.cu) the tiles.
// Test: python -m pytest tests/gpuarray/cuda/test_gradient_sums.py
#include "epilogue.cuh"

// The batchnorm that dy goes into: its x like dy, (cols,) each of the others. x is null where there is none.
template <class T> struct Normalised {
    const T* x;
    const float *gamma, *beta, *mean, *inv_std;
};

// What a thread needs of them for its quad.
struct Channels {
    float mean[4], scale[4], beta[4];                                   // scale = gamma * inv_std
};

template <class T>
__device__ inline Channels channels_at(const Normalised<T>& norm, int col, int n, bool vectorised) {
    Channels c;
    float inv_std[4];
    load_quad(c.mean, norm.mean + col, n, vectorised);
    load_quad(c.scale, norm.gamma + col, n, vectorised);
    load_quad(c.beta, norm.beta + col, n, vectorised);
    load_quad(inv_std, norm.inv_std + col, n, vectorised);
#pragma unroll
    for (int e = 0; e < 4; ++e) c.scale[e] *= inv_std[e];
    return c;
}

// dy[destination[row] + col] = sum
// activation: that of norm.
// parts (tiles, 2, cols): the sums of each tile, of which this is number `tile`.
template <class T, class Sum>
__device__ inline void write_gradient(Sum sum, T* dy, const int* destination, int rows, int col0, int cols,
                                      bool vectorised, const Normalised<T>& norm, int activation,
                                      float* parts, int tile) {
    constexpr int ROWS_EACH = TILE_ROWS / SLICES, AT_ONCE = ROWS_EACH % 4 ? 1 : 4;
    static_assert(ROWS_EACH * SLICES == TILE_ROWS, "slices share evenly");
    const int slice = threadIdx.x / QUADS, quad = threadIdx.x % QUADS * 4, n = cols - col0 - quad;
    Channels c;
    float sum_g[4] = {}, sum_gc[4] = {};
#pragma unroll 1
    for (int begin = 0; begin < ROWS_EACH && n > 0; begin += AT_ONCE) {
        float v[AT_ONCE][4], x[AT_ONCE][4];
        int to[AT_ONCE];
#pragma unroll
        for (int i = 0; i < AT_ONCE; ++i) {
            const int row = slice + (begin + i) * SLICES;
            to[i] = row < rows ? destination[row] : -1;
            if (to[i] >= 0) sum(v[i], row, quad);
        }
        if (begin == 0) c = channels_at(norm, col0 + quad, n, vectorised);
#pragma unroll
        for (int i = 0; i < AT_ONCE; ++i)
            if (to[i] >= 0) load_quad(x[i], norm.x + to[i] + col0 + quad, n, vectorised);
#pragma unroll
        for (int i = 0; i < AT_ONCE; ++i) {
            if (to[i] < 0) continue;
            store_quad(dy + to[i] + col0 + quad, v[i], n, vectorised);
#pragma unroll
            for (int e = 0; e < 4; ++e) {
                const float centred = x[i][e] - c.mean[e];
                const bool off = activation == RELU && !(fmaf(centred, c.scale[e], c.beta[e]) > 0.0f);
                const float g = off ? 0.0f : to_float(from_float<T>(v[i][e]));
                sum_g[e] += g;
                sum_gc[e] = fmaf(g, centred, sum_gc[e]);
            }
        }
    }

    auto& sums = sum.slices().sums;
#pragma unroll
    for (int e = 0; e < 4; ++e) {
        sums[0][slice][quad + e] = sum_g[e];
        sums[1][slice][quad + e] = sum_gc[e];
    }
    __syncthreads();
    const int col = threadIdx.x;
    if (col < TILE_COLS && col0 + col < cols) {
        float g = 0.0f, gc = 0.0f;
        for (int s = 0; s < SLICES; ++s) {
            g += sums[0][s][col];
            gc += sums[1][s][col];
        }
        float* part = parts + tile * 2 * cols + col0 + col;
        part[0] = g;
        part[cols] = gc * norm.inv_std[col0 + col];
    }
}

// The end of a product whose depth is not split, or whose splits are added up. of_tiles: what each tile
// leaves, moments or sums. activation: of y, or norm's.
template <class T, class Sum>
__device__ inline void write_result(Sum sum, T* y, const int* destination, int rows, int col0, int cols,
                                    bool vectorised, const float* bias, int activation,
                                    const Normalised<T>& norm, float* of_tiles, int tile, int tiles) {
    if (norm.x != nullptr)
        write_gradient(sum, y, destination, rows, col0, cols, vectorised, norm, activation, of_tiles, tile);
    else
        write_activations(sum, y, destination, rows, col0, cols, vectorised, bias, activation, of_tiles, tile,
                          tiles);
}
