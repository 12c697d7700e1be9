// Second stages of the convolutions: what needs the results of many blocks, always added up in the same
// order.
//
//   finish_activations    y = activation(bias + sum of parts), with the moments of its tiles
//   finish_gradient       dw += weight * sum of parts
//   finish_swapped        the same where x and dy changed places (weight_grad in conv.py)
//   merge_moments         mean and biased variance of each channel from those of its tiles
//
// Tiling: the first two own tiles of TILE_ROWS x TILE_COLS and end as the products do (epilogue.cuh);
// finish_swapped has a thread for each weight; merge_moments a column for each thread of one y. Layout:
// parts (parts, rows, cols) float32, y (rows, cols), dw (rows, cols) float32. Precision: float32 sums.
constexpr int TILE_ROWS = 16, TILE_COLS = 32, THREADS = 128;
#include "columns.cuh"
#include "epilogue.cuh"

// This block's tile, and what it is to be read as: the sum of parts, from first to last.
struct SumOfParts {
    static constexpr int AT_ONCE = 8;
    const float* parts;
    int n_parts, rows, cols, tile, row0, col0, n_rows;
    bool whole;

    __device__ SumOfParts(const float* parts, int n_parts, int rows, int cols, bool whole, int* destination)
        : parts(parts), n_parts(n_parts), rows(rows), cols(cols), whole(whole) {
        const int across = (cols + TILE_COLS - 1) / TILE_COLS;
        tile = blockIdx.x / across;
        row0 = tile * TILE_ROWS;
        col0 = blockIdx.x % across * TILE_COLS;
        n_rows = min(rows - row0, TILE_ROWS);
        if (threadIdx.x < TILE_ROWS) destination[threadIdx.x] = (row0 + threadIdx.x) * cols;
        __syncthreads();
    }

    __device__ void operator()(float (&v)[4], int row, int col) const {
        const float* quad = parts + (row0 + row) * cols + col0 + col;
        v[0] = v[1] = v[2] = v[3] = 0.0f;
        int part = 0;
        for (; part + AT_ONCE <= n_parts; part += AT_ONCE) add<AT_ONCE>(v, quad, part, col);
        for (; part < n_parts; ++part) add<1>(v, quad, part, col);
    }

    __device__ SliceMoments& moments() const {
        __shared__ SliceMoments slices;
        return slices;
    }

    // N parts, whose reads travel together.
    template <int N> __device__ void add(float (&v)[4], const float* quad, int part, int col) const {
        float next[N][4];
#pragma unroll
        for (int i = 0; i < N; ++i)
            load_quad(next[i], quad + (part + i) * (rows * cols), cols - col0 - col, whole);
#pragma unroll
        for (int i = 0; i < N; ++i)
#pragma unroll
            for (int e = 0; e < 4; ++e) v[e] += next[i][e];
    }
};

extern "C" __global__ void __launch_bounds__(THREADS, 7)
finish_activations(In<float> parts, In<float> bias, Out<ELEMENT> y, Out<float> moments, int n_parts, int rows,
                   int cols, int activation, bool whole) {
    __shared__ int destination[TILE_ROWS];
    const SumOfParts sum(parts, n_parts, rows, cols, whole, destination);
    write_activations(sum, y, destination, sum.n_rows, sum.col0, cols, whole, bias, activation, moments,
                      sum.tile, (rows + TILE_ROWS - 1) / TILE_ROWS);
}

extern "C" __global__ void __launch_bounds__(THREADS, 8)
finish_gradient(In<float> parts, Out<float> dw, int n_parts, int rows, int cols, float weight, bool whole) {
    __shared__ int destination[TILE_ROWS];
    const SumOfParts sum(parts, n_parts, rows, cols, whole, destination);
    add_gradient(sum, dw, destination, sum.n_rows, sum.col0, cols, whole, weight);
}

// dw (taps, C, K) += weight * sum of parts (taps, K, C), whose taps come in reverse.
extern "C" __global__ void
finish_swapped(In<float> parts, Out<float> dw, int n_parts, int taps, int C, int K, float weight) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x, size = taps * C * K;
    if (i >= size) return;
    const int k = i % K, c = i / K % C, tap = i / (K * C);
    const float* from = parts + ((taps - 1 - tap) * K + k) * C + c;
    float sum = 0.0f;
#pragma unroll 8                                                        // so many reads travel at once
    for (int part = 0; part < n_parts; ++part) sum += from[part * size];
    dw[i] = fmaf(weight, sum, dw[i]);
}

// mean, var (cols,) from `moments` as write_activations leaves them, in two passes: the mean over all
// tiles, then what each tile adds to the squared differences from it. A block as in columns.cuh, width 1.
extern "C" __global__ void __launch_bounds__(256)
merge_moments(In<float> moments, Out<float> mean, Out<float> var, int tiles, int cols) {
    const int col = blockIdx.x * blockDim.x + threadIdx.x;
    const bool exists = col < cols;
    const float *means = moments + col, *m2s = means + tiles * cols, *counts = moments + 2 * tiles * cols;
    const float near = exists ? means[0] : 0.0f;                        // differences from it stay small
    float sums[2] = {}, m2[1] = {};                                     // of counts, of count * difference
#pragma unroll 4
    for (int t = threadIdx.y; exists && t < tiles; t += blockDim.y) {
        sums[0] += counts[t];
        sums[1] += counts[t] * (means[t * cols] - near);
    }
    sum_over_rows(sums);
    const float center = near + sums[1] / sums[0];
#pragma unroll 4
    for (int t = threadIdx.y; exists && t < tiles; t += blockDim.y) {
        const float difference = means[t * cols] - center;
        m2[0] += m2s[t * cols] + counts[t] * difference * difference;
    }
    sum_over_rows(m2);
    if (exists && threadIdx.y == 0) {
        mean[col] = center;
        var[col] = m2[0] / sums[0];
    }
}
