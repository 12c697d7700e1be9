// The second stage of reductions over many blocks: the results of the blocks are combined in a fixed order,
// so that runs are reproducible.
//
//   total            the sum of partial sums
//   column_sums      the sum of each column, added to gradients
//   merge_moments    mean and biased variance of each column of a product, from those of its tiles
//
// Tiling: total is one block; in the others, a block of (x, y) = THREADS threads takes x columns, and the
// threads of one x take turns at the blocks' results; y must be a power of two (columns.cuh).
// Precision: float32.
// Test: python -m pytest tests/gpuarray/cuda/test_batchnorm.py tests/gpuarray/cuda/test_conv.py
#include "columns.cuh"

// out (1,) = the sum of partials (count,)
extern "C" __global__ void total(In<float> partials, Out<float> out, int count) {
    float sum = 0.0f;
    for (int i = threadIdx.x; i < count; i += blockDim.x) sum += partials[i];
    sum = block_sum(sum);
    if (threadIdx.x == 0) *out = sum;
}

// Sums the columns of partials (segments, columns), where columns are the channels, or twice the channels:
// sums (columns,) = the sums, unless null; dbeta (channels,) += weight * the sums of the first `channels`
// columns and dgamma (channels,) += weight * those of the second, unless dbeta is null.
extern "C" __global__ void __launch_bounds__(THREADS)
column_sums(In<float> partials, Out<float> sums, Out<float> dbeta, Out<float> dgamma, float weight,
            int segments, int columns, int channels) {
    int column = blockIdx.x * blockDim.x + threadIdx.x;
    float sum[1] = {};
    for (int i = threadIdx.y; column < columns && i < segments; i += blockDim.y)
        sum[0] += partials[(size_t)i * columns + column];
    sum_over_rows(sum);
    if (column >= columns || threadIdx.y > 0) return;
    if (sums != nullptr) sums[column] = sum[0];
    if (dbeta != nullptr) (column < channels ? dbeta[column] : dgamma[column - channels]) += weight * sum[0];
}

// mean, var (cols,) of all tiles of a product, from `moments` as write_activations (epilogue.cuh) leaves
// them. Two
// passes: first the mean over all tiles, then the squared differences from it.
extern "C" __global__ void __launch_bounds__(THREADS)
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
