// Batch normalisation with its activation (Ioffe & Szegedy 2015), forward, over x (rows, channels):
//
//     y = activation(gamma (x - mean) inv_std + beta),  inv_std = 1 / sqrt(var + eps),  var biased
//     running += share (batch - running), of mean and inv_std, share = 1 - momentum
// Tiling: blocks over strips of 128 bytes of a row (columns.cuh), 16 bytes a thread.
//   Few rows: batchnorm_small has whole columns in a block and does everything.
//   Many rows: batchnorm_parts sums over chunks of rows, batchnorm_moments merges the chunks, and
//   batchnorm_forward normalises: alone, one read and one write, where the layer before gave the moments.
// Precision: float32. A block sums distances from its first row, not from zero, and chunks are merged by
// their means (Chan et al. 1983): a mean far from zero is never squared.
// Layout: parts (chunks, 2, channels): a chunk's mean and its sum of squares around that.
#include "columns.cuh"

constexpr int ROWS_AT_ONCE = 4;

// Mean and sum of squares around it, of the block's rows, in every thread.
__device__ inline void strip_moments(const ELEMENT* x, const Strip& at, int channels, float (&mean)[WIDTH],
                                     float (&squares)[WIDTH]) {
    float shift[WIDTH] = {}, sums[2 * WIDTH] = {};
    if (at.inside) {
        Vector<ELEMENT, WIDTH> read[ROWS_AT_ONCE];
        load(shift, x + (size_t)at.begin * channels + at.channel);
        for_rows<ROWS_AT_ONCE>(at, [&](int i, int row) {
            read[i] = vector_at<WIDTH>(x + (size_t)row * channels + at.channel);
        }, [&](int i, int row) {
            float v[WIDTH];
            unpack(v, read[i]);
#pragma unroll
            for (int j = 0; j < WIDTH; ++j) {
                v[j] -= shift[j];
                sums[j] += v[j];
                sums[WIDTH + j] = fmaf(v[j], v[j], sums[WIDTH + j]);
            }
        });
    }
    sum_over_rows(sums);
    float share = 1.0f / (at.end - at.begin);
#pragma unroll
    for (int j = 0; j < WIDTH; ++j) {
        mean[j] = shift[j] + sums[j] * share;
        squares[j] = fmaxf(sums[WIDTH + j] - sums[j] * sums[j] * share, 0.0f);
    }
}

// The rows of the chunk, normalised. scale = gamma * inv_std.
__device__ inline void normalise(const ELEMENT* x, ELEMENT* y, const Strip& at, int channels,
                                 const float (&mean)[WIDTH], const float (&scale)[WIDTH],
                                 const float (&beta)[WIDTH]) {
    Vector<ELEMENT, WIDTH> read[ROWS_AT_ONCE];
    for_rows<ROWS_AT_ONCE>(at, [&](int i, int row) {
        read[i] = vector_at<WIDTH>(x + (size_t)row * channels + at.channel);
    }, [&](int i, int row) {
        float v[WIDTH];
        unpack(v, read[i]);
#pragma unroll
        for (int j = 0; j < WIDTH; ++j) v[j] = activate<ACTIVATION>(fmaf(v[j] - mean[j], scale[j], beta[j]));
        store(y + (size_t)row * channels + at.channel, v);
    });
}

// What comes besides y, written by one thread for each of a strip's channels. The running ones may be null.
struct Statistics { float *inv_std, *running_mean, *running_inv_std; };

__device__ inline void move_running(float* running, const float (&batch)[WIDTH], float share) {
#pragma unroll
    for (int j = 0; j < WIDTH; ++j) running[j] = fmaf(share, batch[j] - running[j], running[j]);
}

// From the moments of all rows to y and the statistics.
__device__ inline void normalise_by_batch(const ELEMENT* x, ELEMENT* y, const Strip& at, int channels,
                                          const float* gamma, const float* beta, const float (&mean)[WIDTH],
                                          const float (&var)[WIDTH], float eps, float share, bool writer,
                                          Statistics to) {
    float inv_std[WIDTH], scale[WIDTH], offset[WIDTH];
    load(scale, gamma + at.channel);
    load(offset, beta + at.channel);
#pragma unroll
    for (int j = 0; j < WIDTH; ++j) {
        inv_std[j] = 1.0f / sqrtf(var[j] + eps);
        scale[j] *= inv_std[j];
    }
    normalise(x, y, at, channels, mean, scale, offset);
    if (!writer) return;
    store(to.inv_std + at.channel, inv_std);
    if (to.running_mean == nullptr) return;
    move_running(to.running_mean + at.channel, mean, share);
    move_running(to.running_inv_std + at.channel, inv_std, share);
}

extern "C" __global__ void __launch_bounds__(256)
batchnorm_small(In<ELEMENT> x, In<float> gamma, In<float> beta, Out<ELEMENT> y, Out<float> mean,
                Out<float> inv_std, Out<float> running_mean, Out<float> running_inv_std, float eps,
                float share, int rows, int channels) {
    const Strip at = strip_at(rows, channels, rows, 0, WIDTH);
    float average[WIDTH], var[WIDTH];
    strip_moments(x, at, channels, average, var);
    if (!at.inside) return;
#pragma unroll
    for (int j = 0; j < WIDTH; ++j) var[j] /= rows;
    const bool writer = threadIdx.y == 0;
    if (writer) store(mean + at.channel, average);
    normalise_by_batch(x, y, at, channels, gamma, beta, average, var, eps, share, writer,
                       {inv_std, running_mean, running_inv_std});
}

// Three blocks at a time leave 85 registers a thread; left alone, the compiler takes 48 for sm_120, and spills.
extern "C" __global__ void __launch_bounds__(256, 3)
batchnorm_parts(In<ELEMENT> x, Out<float> parts, int rows, int channels, int chunk) {
    const Strip at = strip_at(rows, channels, chunk, blockIdx.y, WIDTH);
    float mean[WIDTH], squares[WIDTH];
    strip_moments(x, at, channels, mean, squares);
    if (!at.inside || threadIdx.y > 0) return;
    float* part = parts + (size_t)blockIdx.y * 2 * channels + at.channel;
    store(part, mean);
    store(part + channels, squares);
}

// mean, var (channels,) of all chunks: var = sum of (squares + n (a chunk's mean - mean)^2) / rows, n the
// chunk's rows. A block of (x, y) = 256 threads takes x channels; y must be a power of two.
extern "C" __global__ void __launch_bounds__(256)
batchnorm_moments(In<float> parts, Out<float> mean, Out<float> var, int rows, int channels, int chunk) {
    const int channel = blockIdx.x * blockDim.x + threadIdx.x;
    const bool inside = channel < channels;
    const int chunks = inside ? (rows + chunk - 1) / chunk : 0;
    float first = inside ? parts[channel] : 0.0f, sum[1] = {}, squares[1] = {};
    for (int i = threadIdx.y; i < chunks; i += blockDim.y)
        sum[0] += (parts[(size_t)i * 2 * channels + channel] - first) * min(chunk, rows - i * chunk);
    sum_over_rows(sum);
    float average = first + sum[0] / rows;
    for (int i = threadIdx.y; i < chunks; i += blockDim.y) {
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
batchnorm_forward(In<ELEMENT> x, In<float> gamma, In<float> beta, In<float> mean, In<float> var,
                  Out<ELEMENT> y, Out<float> inv_std, Out<float> running_mean, Out<float> running_inv_std,
                  float eps, float share, int rows, int channels, int chunk) {
    const Strip at = strip_at(rows, channels, chunk, last_chunk_first(), WIDTH);
    if (!at.inside) return;
    float average[WIDTH], variance[WIDTH];
    load(average, mean + at.channel);
    load(variance, var + at.channel);
    normalise_by_batch(x, y, at, channels, gamma, beta, average, variance, eps, share,
                       blockIdx.y == 0 && threadIdx.y == 0, {inv_std, running_mean, running_inv_std});
}

extern "C" __global__ void __launch_bounds__(256)
batchnorm_inference(In<ELEMENT> x, In<float> gamma, In<float> beta, In<float> mean, In<float> inv_std,
                    Out<ELEMENT> y, int rows, int channels, int chunk) {
    const Strip at = strip_at(rows, channels, chunk, last_chunk_first(), WIDTH);
    if (!at.inside) return;
    float average[WIDTH], inverse[WIDTH], scale[WIDTH], offset[WIDTH];
    load(average, mean + at.channel);
    load(inverse, inv_std + at.channel);
    load(scale, gamma + at.channel);
    load(offset, beta + at.channel);
#pragma unroll
    for (int j = 0; j < WIDTH; ++j) scale[j] *= inverse[j];
    normalise(x, y, at, channels, average, scale, offset);
}
