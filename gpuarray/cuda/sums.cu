// The second stage of sums over many blocks: partial sums, added up in a fixed order, so that runs are
// reproducible.
#include "columns.cuh"

// out (1,) = the sum of parts (count,). One block.
extern "C" __global__ void total(In<float> parts, Out<float> out, int count) {
    float sum = 0.0f;
    for (int i = threadIdx.x; i < count; i += blockDim.x) sum += parts[i];
    sum = block_sum(sum);
    if (threadIdx.x == 0) *out = sum;
}

// Sums of the columns of parts (chunks, columns): written to sums (columns,), unless that is null, and added
// times weight to `first` (channels,) and, from column `channels` on, to `second`, unless `first` is null. A
// block of (x, y) = 256 threads takes x columns; y must be a power of two.
extern "C" __global__ void __launch_bounds__(256)
column_sums(In<float> parts, Out<float> sums, Out<float> first, Out<float> second, float weight, int chunks,
            int columns, int channels) {
    int column = blockIdx.x * blockDim.x + threadIdx.x;
    float sum[1] = {};
    for (int i = threadIdx.y; column < columns && i < chunks; i += blockDim.y)
        sum[0] += parts[(size_t)i * columns + column];
    sum_over_rows(sum);
    if (column >= columns || threadIdx.y > 0) return;
    if (sums != nullptr) sums[column] = sum[0];
    if (first != nullptr) (column < channels ? first[column] : second[column - channels]) += weight * sum[0];
}
