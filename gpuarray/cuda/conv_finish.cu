// Second stages of the convolutions: what needs the results of many blocks, always added up in the same order.
//
//   finish_activations    y = activation(bias + sum of parts), with the moments of its tiles
//   finish_gradient       dw += weight * sum of parts
//   merge_moments         mean and biased variance of a channel from those of its tiles
//   round_weights         float32 weights as bfloat16, for the tensor cores
//
// Tiling: the first two own tiles of TILE_ROWS x TILE_COLS as the products do, and share their last part (epilogue.cuh).
// Layout: parts (parts, rows, cols) float32, y (rows, cols), dw (rows, cols) float32. Precision: float32 sums.
typedef ELEMENT element;
constexpr int TILE_ROWS = 16, TILE_COLS = 32, THREADS = 128;
#include "columns.cuh"
#include "epilogue.cuh"

// What a block of finish_* works on: its tile, and the sum over parts that lie `size` elements apart, first to last.
struct PartsTile {
    const float* parts;
    int n_parts, cols, size, tile, row0, col0, n_rows;
    bool whole;

    __device__ PartsTile(const float* parts, int n_parts, int rows, int cols, bool whole)
        : parts(parts), n_parts(n_parts), cols(cols), whole(whole) {
        const int across = (cols + TILE_COLS - 1) / TILE_COLS;
        size = rows * cols;
        tile = blockIdx.x / across;
        row0 = tile * TILE_ROWS;
        col0 = blockIdx.x % across * TILE_COLS;
        n_rows = min(rows - row0, TILE_ROWS);
    }

    __device__ void operator()(float (&v)[4], int row, int col) const {
        const float* quad = parts + (row0 + row) * cols + col0 + col;
        const int n = cols - col0 - col;
        load_quad(v, quad, n, whole);
#pragma unroll 4
        for (int part = 1; part < n_parts; ++part) {
            float next[4];
            load_quad(next, quad + part * size, n, whole);
#pragma unroll
            for (int e = 0; e < 4; ++e) v[e] += next[e];
        }
    }
};

__device__ inline void find_rows(int (&destination)[TILE_ROWS], const PartsTile& tile) {
    if (threadIdx.x < TILE_ROWS) destination[threadIdx.x] = (tile.row0 + threadIdx.x) * tile.cols;
    __syncthreads();
}

extern "C" __global__ void __launch_bounds__(THREADS)
finish_activations(const float* __restrict__ parts, const float* __restrict__ bias, element* __restrict__ y,
                   float* __restrict__ moments, int n_parts, int rows, int cols, int activation, bool whole) {
    __shared__ int destination[TILE_ROWS];
    const PartsTile sum(parts, n_parts, rows, cols, whole);
    find_rows(destination, sum);
    write_activations(sum, y, destination, sum.n_rows, sum.col0, cols, whole, bias, activation, moments, sum.tile,
                      (rows + TILE_ROWS - 1) / TILE_ROWS);
}

extern "C" __global__ void __launch_bounds__(THREADS)
finish_gradient(const float* __restrict__ parts, float* __restrict__ dw, int n_parts, int rows, int cols,
                float weight, bool whole) {
    __shared__ int destination[TILE_ROWS];
    const PartsTile sum(parts, n_parts, rows, cols, whole);
    find_rows(destination, sum);
    add_gradient(sum, dw, destination, sum.n_rows, sum.col0, cols, whole, weight);
}

// mean, var (cols,) from `moments` of write_activations, in two passes: the mean over all tiles, then what each tile adds to the
// squared differences from it. A block takes blockDim.x columns; blockDim.y, a power of two, shares out the tiles.
extern "C" __global__ void __launch_bounds__(256)
merge_moments(const float* __restrict__ moments, float* __restrict__ mean, float* __restrict__ var, int tiles, int cols) {
    const int col = blockIdx.x * blockDim.x + threadIdx.x;
    const bool exists = col < cols;
    const float *means = moments + col, *m2s = means + tiles * cols, *counts = moments + 2 * tiles * cols;
    const float near = exists ? means[0] : 0.0f;                      // sums of differences from it stay small
    float sums[2] = {}, m2[1] = {};                                   // of counts, of count * (mean - near)
#pragma unroll 4
    for (int t = threadIdx.y; exists && t < tiles; t += blockDim.y) {
        sums[0] += counts[t];
        sums[1] += counts[t] * (means[t * cols] - near);
    }
    sum_over_rows(sums);
    const float center = near + sums[1] / sums[0];
#pragma unroll 4
    for (int t = threadIdx.y; exists && t < tiles; t += blockDim.y) {
        const float delta = means[t * cols] - center;
        m2[0] += m2s[t * cols] + counts[t] * delta * delta;
    }
    sum_over_rows(m2);
    if (exists && threadIdx.y == 0) {
        mean[col] = center;
        var[col] = m2[0] / sums[0];
    }
}

extern "C" __global__ void round_weights(const float* __restrict__ w, bfloat16* __restrict__ rounded, int size) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < size) rounded[i] = to_bfloat16(w[i]);
}
