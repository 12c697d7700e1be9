// Batch normalisation with its activation (Ioffe & Szegedy 2015), forward, over the rows of x (rows, channels):
//
//     y = activation(gamma (x - mean) inv_std + beta),  inv_std = 1 / sqrt(var + eps),  var biased
//     running += share (batch - running), of mean and inv_std, share = 1 - momentum
// Tiling: blocks over strips of 128 bytes of a row (`strip_at`), 16 bytes a thread.
//   Few rows: batchnorm_small has whole columns in a block and does everything.
//   Many rows: batchnorm_parts sums over chunks of rows, batchnorm_moments merges the chunks, batchnorm_forward normalises.
//   Where the layer before has computed the moments, batchnorm_forward is all: one read and one write.
// Precision: float32. A block sums distances from its first row, not from zero, and chunks are merged by their means (Chan et
// al. 1983): a mean far from zero is never squared. Memory: parts (chunks, 2, channels): mean, sum of squares around it.
#include "columns.cuh"

// Mean and sum of squares around it, of the block's rows, in every thread.
__device__ inline void strip_moments(const ELEMENT* x, Strip at, int channels, float (&mean)[WIDTH], float (&squares)[WIDTH]) {
    float shift[WIDTH] = {}, sums[2 * WIDTH] = {};
    if (at.inside) {
        load(shift, x + (size_t)at.begin * channels + at.channel);
#pragma unroll 4
        for (int row = at.begin + threadIdx.y; row < at.end; row += blockDim.y) {
            float v[WIDTH];
            load(v, x + (size_t)row * channels + at.channel);
#pragma unroll
            for (int i = 0; i < WIDTH; ++i) {
                v[i] -= shift[i];
                sums[i] += v[i];
                sums[WIDTH + i] = fmaf(v[i], v[i], sums[WIDTH + i]);
            }
        }
    }
    sum_over_rows(sums);
    float share = 1.0f / (at.end - at.begin);
#pragma unroll
    for (int i = 0; i < WIDTH; ++i) {
        mean[i] = shift[i] + sums[i] * share;
        squares[i] = fmaxf(sums[WIDTH + i] - sums[i] * sums[i] * share, 0.0f);
    }
}

// The rows of the chunk, normalised. scale = gamma * inv_std.
__device__ inline void normalise(const ELEMENT* x, ELEMENT* y, Strip at, int channels, const float (&mean)[WIDTH],
                                 const float (&scale)[WIDTH], const float (&beta)[WIDTH]) {
#pragma unroll 4
    for (int row = at.begin + threadIdx.y; row < at.end; row += blockDim.y) {
        size_t where = (size_t)row * channels + at.channel;
        float v[WIDTH];
        load(v, x + where);
#pragma unroll
        for (int i = 0; i < WIDTH; ++i) v[i] = activate<ACTIVATION>(fmaf(v[i] - mean[i], scale[i], beta[i]));
        store(y + where, v);
    }
}

__device__ inline void update_running(float* running, const float (&batch)[WIDTH], float share) {
#pragma unroll
    for (int i = 0; i < WIDTH; ++i) running[i] = fmaf(share, batch[i] - running[i], running[i]);
}

// From the batch's moments to everything batchnorm_forward and batchnorm_small return. One thread row of one block for each
// strip, `writer`, writes the statistics. running_mean and running_inv_std may be null.
__device__ inline void normalise_by_batch(const ELEMENT* x, ELEMENT* y, Strip at, int channels, const float* gamma,
                                          const float* beta, const float (&mean)[WIDTH], const float (&var)[WIDTH],
                                          float* inv_std, float* running_mean, float* running_inv_std, float eps,
                                          float share, bool writer) {
    float inverse[WIDTH], scale[WIDTH], offset[WIDTH];
    load(scale, gamma + at.channel);
    load(offset, beta + at.channel);
#pragma unroll
    for (int i = 0; i < WIDTH; ++i) {
        inverse[i] = 1.0f / sqrtf(var[i] + eps);
        scale[i] *= inverse[i];
    }
    normalise(x, y, at, channels, mean, scale, offset);
    if (!writer) return;
    store(inv_std + at.channel, inverse);
    if (running_mean == nullptr) return;
    update_running(running_mean + at.channel, mean, share);
    update_running(running_inv_std + at.channel, inverse, share);
}

extern "C" __global__ void __launch_bounds__(256)
batchnorm_small(const ELEMENT* x, const float* gamma, const float* beta, ELEMENT* y, float* mean, float* inv_std,
                float* running_mean, float* running_inv_std, float eps, float share, int rows, int channels) {
    Strip at = strip_at(rows, channels, rows, 0, WIDTH);
    float average[WIDTH], var[WIDTH];
    strip_moments(x, at, channels, average, var);
    if (!at.inside) return;
#pragma unroll
    for (int i = 0; i < WIDTH; ++i) var[i] /= rows;
    bool writer = threadIdx.y == 0;
    if (writer) store(mean + at.channel, average);
    normalise_by_batch(x, y, at, channels, gamma, beta, average, var, inv_std, running_mean, running_inv_std, eps, share,
                       writer);
}

extern "C" __global__ void __launch_bounds__(256)
batchnorm_parts(const ELEMENT* x, float* parts, int rows, int channels, int chunk) {
    Strip at = strip_at(rows, channels, chunk, blockIdx.y, WIDTH);
    float mean[WIDTH], squares[WIDTH];
    strip_moments(x, at, channels, mean, squares);
    if (!at.inside || threadIdx.y > 0) return;
    float* part = parts + (size_t)blockIdx.y * 2 * channels + at.channel;
    store(part, mean);
    store(part + channels, squares);
}

// mean, var (channels,) of all chunks; var = (squares + sum of n (part's mean - mean)^2) / rows, n the part's rows. A block of
// (x, y) threads takes x channels; y must be a power of two.
extern "C" __global__ void __launch_bounds__(256)
batchnorm_moments(const float* parts, float* mean, float* var, int rows, int channels, int chunk) {
    int channel = blockIdx.x * blockDim.x + threadIdx.x, chunks = (rows + chunk - 1) / chunk;
    bool inside = channel < channels;
    float first = inside ? parts[channel] : 0.0f, sum[1] = {}, squares[1] = {};
    for (int i = threadIdx.y; inside && i < chunks; i += blockDim.y)
        sum[0] += (parts[(size_t)i * 2 * channels + channel] - first) * min(chunk, rows - i * chunk);
    sum_over_rows(sum);
    float average = first + sum[0] / rows;
    for (int i = threadIdx.y; inside && i < chunks; i += blockDim.y) {
        const float* part = parts + (size_t)i * 2 * channels + channel;
        float distance = part[0] - average;
        squares[0] += part[channels] + distance * distance * min(chunk, rows - i * chunk);
    }
    sum_over_rows(squares);
    if (!inside || threadIdx.y > 0) return;
    mean[channel] = average;
    var[channel] = squares[0] / rows;
}

extern "C" __global__ void __launch_bounds__(256)
batchnorm_forward(const ELEMENT* x, const float* gamma, const float* beta, const float* mean, const float* var, ELEMENT* y,
                  float* inv_std, float* running_mean, float* running_inv_std, float eps, float share, int rows,
                  int channels, int chunk) {
    Strip at = strip_at(rows, channels, chunk, last_chunk_first(), WIDTH);
    if (!at.inside) return;
    float average[WIDTH], variance[WIDTH];
    load(average, mean + at.channel);
    load(variance, var + at.channel);
    normalise_by_batch(x, y, at, channels, gamma, beta, average, variance, inv_std, running_mean, running_inv_std, eps,
                       share, blockIdx.y == 0 && threadIdx.y == 0);
}

extern "C" __global__ void __launch_bounds__(256)
batchnorm_inference(const ELEMENT* x, const float* gamma, const float* beta, const float* mean, const float* inv_std,
                    ELEMENT* y, int rows, int channels, int chunk) {
    Strip at = strip_at(rows, channels, chunk, last_chunk_first(), WIDTH);
    if (!at.inside) return;
    float average[WIDTH], inverse[WIDTH], scale[WIDTH], offset[WIDTH];
    load(average, mean + at.channel);
    load(inverse, inv_std + at.channel);
    load(scale, gamma + at.channel);
    load(offset, beta + at.channel);
#pragma unroll
    for (int i = 0; i < WIDTH; ++i) scale[i] *= inverse[i];
    normalise(x, y, at, channels, average, scale, offset);
}
