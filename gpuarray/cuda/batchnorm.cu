// Batch normalisation with its activation (Ioffe & Szegedy 2015), forward, over x (rows, channels):
//
//     y = activation(gamma (x - mean) inv_std + beta),  inv_std = 1 / sqrt(var + eps),  var biased
//     running += share (batch - running), of mean and inv_std, share = 1 - momentum
// Tiling: each block takes a strip of 128 bytes of each row (columns.cuh), 16 bytes a thread.
//   Few rows: a block of batchnorm_small takes all rows of its strip and does everything.
//   Many rows: batchnorm_partials takes the moments of segments of rows, batchnorm_moments merges them, and
//   batchnorm_forward normalises. Where the layer before gave the moments, batchnorm_forward runs alone: x is
//   read once and y written once.
// Layout: partials (segments, 2, channels): a segment's mean and its sum of squares around that mean.
// Precision: float32. A block sums differences from its first row, and segments are merged by their means
// (Chan et al. 1983), so that a mean far from zero is never squared.
// Test: python -m pytest tests/gpuarray/cuda/test_batchnorm.py
#include "columns.cuh"

constexpr int ROWS_AT_ONCE = 4;

// Every thread receives the mean of the block's rows and the sum of squares around it.
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

// Normalises the rows of the segment. scale = gamma * inv_std.
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

// Where the statistics go, written by one thread for each of a strip's channels. Running ones may be null.
struct Statistics { float *inv_std, *running_mean, *running_inv_std; };

__device__ inline void move_running(float* running, const float (&batch)[WIDTH], float share) {
#pragma unroll
    for (int j = 0; j < WIDTH; ++j) running[j] = fmaf(share, batch[j] - running[j], running[j]);
}

// Given the moments of all rows, writes y and the statistics.
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

extern "C" __global__ void __launch_bounds__(THREADS)
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

// Three blocks at a time leave 85 registers a thread. Left alone, the compiler takes 48 for sm_120 and
// spills.
extern "C" __global__ void __launch_bounds__(THREADS, 3)
batchnorm_partials(In<ELEMENT> x, Out<float> partials, int rows, int channels, int segment) {
    const Strip at = strip_at(rows, channels, segment, blockIdx.y, WIDTH);
    float mean[WIDTH], squares[WIDTH];
    strip_moments(x, at, channels, mean, squares);
    if (!at.inside || threadIdx.y > 0) return;
    float* partial = partials + (size_t)blockIdx.y * 2 * channels + at.channel;
    store(partial, mean);
    store(partial + channels, squares);
}

// mean, var (channels,) of all segments. With n rows in a segment,
//     var = sum over segments of (squares + n (the segment's mean - mean)^2) / rows
// A block of (x, y) threads takes x channels; y must be a power of two.
extern "C" __global__ void __launch_bounds__(THREADS)
batchnorm_moments(In<float> partials, Out<float> mean, Out<float> var, int rows, int channels, int segment) {
    const int channel = blockIdx.x * blockDim.x + threadIdx.x;
    const bool inside = channel < channels;
    const int segments = inside ? (rows + segment - 1) / segment : 0;
    float first = inside ? partials[channel] : 0.0f, sum[1] = {}, squares[1] = {};
    for (int i = threadIdx.y; i < segments; i += blockDim.y)
        sum[0] += (partials[(size_t)i * 2 * channels + channel] - first) * min(segment, rows - i * segment);
    sum_over_rows(sum);
    float average = first + sum[0] / rows;
    for (int i = threadIdx.y; i < segments; i += blockDim.y) {
        const float* partial = partials + (size_t)i * 2 * channels + channel;
        float distance = partial[0] - average;
        squares[0] += partial[channels] + distance * distance * min(segment, rows - i * segment);
    }
    sum_over_rows(squares);
    if (!inside || threadIdx.y > 0) return;
    mean[channel] = average;
    var[channel] = squares[0] / rows;
}

extern "C" __global__ void __launch_bounds__(THREADS)
batchnorm_forward(In<ELEMENT> x, In<float> gamma, In<float> beta, In<float> mean, In<float> var,
                  Out<ELEMENT> y, Out<float> inv_std, Out<float> running_mean, Out<float> running_inv_std,
                  float eps, float share, int rows, int channels, int segment) {
    const Strip at = strip_at(rows, channels, segment, last_segment_first(), WIDTH);
    if (!at.inside) return;
    float average[WIDTH], variance[WIDTH];
    load(average, mean + at.channel);
    load(variance, var + at.channel);
    normalise_by_batch(x, y, at, channels, gamma, beta, average, variance, eps, share,
                       blockIdx.y == 0 && threadIdx.y == 0, {inv_std, running_mean, running_inv_std});
}

extern "C" __global__ void __launch_bounds__(THREADS)
batchnorm_inference(In<ELEMENT> x, In<float> gamma, In<float> beta, In<float> mean, In<float> inv_std,
                    Out<ELEMENT> y, int rows, int channels, int segment) {
    const Strip at = strip_at(rows, channels, segment, last_segment_first(), WIDTH);
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
