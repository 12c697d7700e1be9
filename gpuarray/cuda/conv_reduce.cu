// The second stage of split-K: where the depth of a product was split among blocks, the partial sums of the
// splits are added up here, always in the same order.
//
//   reduce_activations         y = activation(bias + sum over splits), with the moments of each tile; or dy,
//                              with the sums of each tile for the batchnorm that it goes into
//   reduce_gradient            dw += weight * sum over splits
//   reduce_swapped_gradient    the same where x and dy changed places (weight_grad in conv.py)
//
// Tiling: a block of the first two owns a tile of TILE_ROWS x TILE_COLS and ends as the products do
// (epilogue.cuh). reduce_swapped_gradient has a thread for each weight.
// Layout: partials (splits, rows, cols) float32, y (rows, cols), dw (rows, cols) float32.
// Precision: float32 sums. Defines: REDUCE in tiles.py.
// Test: python -m pytest tests/gpuarray/cuda/test_conv.py
#include "gradient_epilogue.cuh"

// This block's tile. Its numbers, read as epilogue.cuh does, are the sums over all splits.
struct SumOfSplits {
    static constexpr int AT_ONCE = 8;          // splits that are read together
    const float* partials;
    int n_splits, rows, cols, tile, row0, col0, n_rows;
    bool vectorised;

    __device__ SumOfSplits(const float* partials, int n_splits, int rows, int cols, bool vectorised,
                           int* destination)
        : partials(partials), n_splits(n_splits), rows(rows), cols(cols), vectorised(vectorised) {
        const int across = (cols + TILE_COLS - 1) / TILE_COLS;
        tile = blockIdx.x / across;
        row0 = tile * TILE_ROWS;
        col0 = blockIdx.x % across * TILE_COLS;
        n_rows = min(rows - row0, TILE_ROWS);
        if (threadIdx.x < TILE_ROWS) destination[threadIdx.x] = (row0 + threadIdx.x) * cols;
        __syncthreads();
    }

    __device__ void operator()(float (&v)[4], int row, int col) const {
        const float* quad = partials + (row0 + row) * cols + col0 + col;
        v[0] = v[1] = v[2] = v[3] = 0.0f;
        int split = 0;
        for (; split + AT_ONCE <= n_splits; split += AT_ONCE) add<AT_ONCE>(v, quad, split, col);
        for (; split < n_splits; ++split) add<1>(v, quad, split, col);
    }

    __device__ Slices& slices() const {
        __shared__ Slices shared;
        return shared;
    }

    // Adds the next N splits, all read before the first is added.
    template <int N> __device__ void add(float (&v)[4], const float* quad, int split, int col) const {
        float next[N][4];
#pragma unroll
        for (int i = 0; i < N; ++i)
            load_quad(next[i], quad + (split + i) * (rows * cols), cols - col0 - col, vectorised);
#pragma unroll
        for (int i = 0; i < N; ++i)
#pragma unroll
            for (int e = 0; e < 4; ++e) v[e] += next[i][e];
    }
};

extern "C" __global__ void __launch_bounds__(THREADS, 7)
reduce_activations(In<float> partials, In<float> bias, Out<ELEMENT> y, Out<float> of_tiles,
                   In<ELEMENT> norm_x, In<float> gamma, In<float> beta, In<float> mean, In<float> inv_std,
                   int n_splits, int rows, int cols, int activation, bool vectorised) {
    __shared__ int destination[TILE_ROWS];
    const SumOfSplits sum(partials, n_splits, rows, cols, vectorised, destination);
    write_result(sum, y, destination, sum.n_rows, sum.col0, cols, vectorised, bias, activation,
                 Normalised<ELEMENT>{norm_x, gamma, beta, mean, inv_std}, of_tiles, sum.tile,
                 (rows + TILE_ROWS - 1) / TILE_ROWS);
}

extern "C" __global__ void __launch_bounds__(THREADS, 8)
reduce_gradient(In<float> partials, Out<float> dw, int n_splits, int rows, int cols, float weight,
                bool vectorised) {
    __shared__ int destination[TILE_ROWS];
    const SumOfSplits sum(partials, n_splits, rows, cols, vectorised, destination);
    add_gradient(sum, dw, destination, sum.n_rows, sum.col0, cols, vectorised, weight);
}

// dw (taps, C, K) += weight * sum over splits of partials (splits, taps, K, C), whose taps run in reverse.
extern "C" __global__ void
reduce_swapped_gradient(In<float> partials, Out<float> dw, int n_splits, int taps, int C, int K,
                        float weight) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x, size = taps * C * K;
    if (i >= size) return;
    const int k = i % K, c = i / K % C, tap = i / (K * C);
    const float* from = partials + ((taps - 1 - tap) * K + k) * C + c;
    float sum = 0.0f;
#pragma unroll 8                                                        // reads in flight together
    for (int split = 0; split < n_splits; ++split) sum += from[split * size];
    dw[i] = fmaf(weight, sum, dw[i]);
}
