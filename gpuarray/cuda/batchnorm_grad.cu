// The gradient of batchnorm.cu. With g = dy activation'(y) and n = (x - mean) inv_std:
//
//     dbeta += w sum g,  dgamma += w sum g n
//     dx = gamma inv_std (g - sum g / M - n sum(g n) / M) for M rows
//     with given statistics (inference): dx = gamma inv_std g
// Of the forward pass only x is kept: n, and which side of relu it fell on, are computed from x again.
// Tiling: each block takes a strip of 128 bytes of each row (columns.cuh), 16 bytes a thread.
//   Few rows: a block of batchnorm_grad_small takes all rows of its strip and does everything.
//   Many rows: batchnorm_grad_partials sums over segments of rows, column_sums in sums.cu adds up the
//   segments and updates dgamma and dbeta, batchnorm_grad_apply writes dx. x and dy are read twice, because
//   dx needs the sums over all rows. Where a convolution wrote dy, it has taken the partial sums on the way
//   (gradient_epilogue.cuh).
//   Inference: dx needs no sums, so that one pass gives dx and the partial sums.
// Layout: partials (segments, 2, channels), sums (2, channels): sum g, then sum g n.
// Precision: float32, sums in a fixed order.
// Test: python -m pytest tests/gpuarray/cuda/test_batchnorm.py
#include "columns.cuh"

constexpr int ROWS_AT_ONCE = 2;

// One number for each of a thread's channels.
typedef float Numbers[WIDTH];

struct Channels { Numbers mean, inv_std, scale, beta; };                 // scale = gamma * inv_std

__device__ inline Channels channels_at(int channel, const float* gamma, const float* beta, const float* mean,
                                       const float* inv_std) {
    Channels c;
    load(c.mean, mean + channel);
    load(c.inv_std, inv_std + channel);
    load(c.scale, gamma + channel);
    load(c.beta, beta + channel);
#pragma unroll
    for (int j = 0; j < WIDTH; ++j) c.scale[j] *= c.inv_std[j];
    return c;
}

// use(row, g, x - mean) for the thread's channels in its rows of the segment.
template <class Use>
__device__ inline void for_gradients(const Strip& at, int channels, const ELEMENT* dy, const ELEMENT* x,
                                     const Channels& c, Use use) {
    Vector<ELEMENT, WIDTH> dy_read[ROWS_AT_ONCE], x_read[ROWS_AT_ONCE];
    for_rows<ROWS_AT_ONCE>(at, [&](int i, int row) {
        dy_read[i] = vector_at<WIDTH>(dy + (size_t)row * channels + at.channel);
        x_read[i] = vector_at<WIDTH>(x + (size_t)row * channels + at.channel);
    }, [&](int i, int row) {
        Numbers g, centred;
        unpack(g, dy_read[i]);
        unpack(centred, x_read[i]);
#pragma unroll
        for (int j = 0; j < WIDTH; ++j) {
            centred[j] -= c.mean[j];
            if (ACTIVATION == RELU && !(fmaf(centred[j], c.scale[j], c.beta[j]) > 0.0f)) g[j] = 0.0f;
        }
        use(row, g, centred);
    });
}

__device__ inline void add_to_sums(float (&sums)[2 * WIDTH], const Numbers& g, const Numbers& centred) {
#pragma unroll
    for (int j = 0; j < WIDTH; ++j) {
        sums[j] += g[j];
        sums[WIDTH + j] = fmaf(g[j], centred[j], sums[WIDTH + j]);
    }
}

// Adds up over all threads of the strip, and turns sum g (x - mean) into sum g n.
__device__ inline void finish_sums(float (&sums)[2 * WIDTH], const Channels& c) {
    sum_over_rows(sums);
#pragma unroll
    for (int j = 0; j < WIDTH; ++j) sums[WIDTH + j] *= c.inv_std[j];
}

__device__ inline void block_sums(float (&sums)[2 * WIDTH], const Strip& at, int channels, const ELEMENT* dy,
                                  const ELEMENT* x, const Channels& c) {
    if (at.inside)
        for_gradients(at, channels, dy, x, c, [&](int row, const Numbers& g, const Numbers& centred) {
            add_to_sums(sums, g, centred);
        });
    finish_sums(sums, c);
}

__device__ inline void store_partial(float* partials, const Strip& at, int channels,
                                     const float (&sums)[2 * WIDTH]) {
    float* partial = partials + (size_t)blockIdx.y * 2 * channels + at.channel;
#pragma unroll
    for (int j = 0; j < WIDTH; ++j) {
        partial[j] = sums[j];
        partial[channels + j] = sums[WIDTH + j];
    }
}

// Writes dx of the segment's rows, given the sums over all rows.
__device__ inline void apply(const ELEMENT* dy, const ELEMENT* x, ELEMENT* dx, const Strip& at, int rows,
                             int channels, const Channels& c, const float (&sums)[2 * WIDTH]) {
    Numbers constant, slope;
#pragma unroll
    for (int j = 0; j < WIDTH; ++j) {
        constant[j] = c.scale[j] * sums[j] / rows;
        slope[j] = c.scale[j] * c.inv_std[j] * sums[WIDTH + j] / rows;
    }
    for_gradients(at, channels, dy, x, c, [&](int row, Numbers& g, const Numbers& centred) {
#pragma unroll
        for (int j = 0; j < WIDTH; ++j) g[j] = c.scale[j] * g[j] - slope[j] * centred[j] - constant[j];
        store(dx + (size_t)row * channels + at.channel, g);
    });
}

extern "C" __global__ void __launch_bounds__(THREADS)
batchnorm_grad_small(In<ELEMENT> dy, In<ELEMENT> x, In<float> gamma, In<float> beta, In<float> mean,
                     In<float> inv_std, Out<ELEMENT> dx, Out<float> dgamma, Out<float> dbeta, float weight,
                     int rows, int channels) {
    const Strip at = strip_at(rows, channels, rows, 0, WIDTH);
    Channels c = {};
    if (at.inside) c = channels_at(at.channel, gamma, beta, mean, inv_std);
    float sums[2 * WIDTH] = {};
    block_sums(sums, at, channels, dy, x, c);
    if (!at.inside) return;
    apply(dy, x, dx, at, rows, channels, c, sums);
    if (weight == 0.0f || threadIdx.y > 0) return;
#pragma unroll
    for (int j = 0; j < WIDTH; ++j) {
        dbeta[at.channel + j] += weight * sums[j];
        dgamma[at.channel + j] += weight * sums[WIDTH + j];
    }
}

// Three blocks at a time leave 85 registers a thread. Left alone, the compiler takes 48 for sm_86 and spills.
extern "C" __global__ void __launch_bounds__(THREADS, 3)
batchnorm_grad_partials(In<ELEMENT> dy, In<ELEMENT> x, In<float> gamma, In<float> beta, In<float> mean,
                        In<float> inv_std, Out<float> partials, int rows, int channels, int segment) {
    const Strip at = strip_at(rows, channels, segment, blockIdx.y, WIDTH);
    Channels c = {};
    if (at.inside) c = channels_at(at.channel, gamma, beta, mean, inv_std);
    float sums[2 * WIDTH] = {};
    block_sums(sums, at, channels, dy, x, c);
    if (at.inside && threadIdx.y == 0) store_partial(partials, at, channels, sums);
}

// As above; left alone, the compiler takes 64 for sm_80 and spills.
extern "C" __global__ void __launch_bounds__(THREADS, 3)
batchnorm_grad_apply(In<ELEMENT> dy, In<ELEMENT> x, In<float> gamma, In<float> beta, In<float> mean,
                     In<float> inv_std, In<float> sums, Out<ELEMENT> dx, int rows, int channels,
                     int segment) {
    const Strip at = strip_at(rows, channels, segment, last_segment_first(), WIDTH);
    if (!at.inside) return;
    float mine[2 * WIDTH];
#pragma unroll
    for (int j = 0; j < WIDTH; ++j) {
        mine[j] = sums[at.channel + j];
        mine[WIDTH + j] = sums[channels + at.channel + j];
    }
    apply(dy, x, dx, at, rows, channels, channels_at(at.channel, gamma, beta, mean, inv_std), mine);
}

// Where partials is null, dx alone is computed. Two blocks at a time leave 128 registers a thread, of which up
// to 95 are taken; left alone, the compiler takes 61 for sm_90 and spills.
extern "C" __global__ void __launch_bounds__(THREADS, 2)
batchnorm_inference_grad(In<ELEMENT> dy, In<ELEMENT> x, In<float> gamma, In<float> beta, In<float> mean,
                         In<float> inv_std, Out<ELEMENT> dx, Out<float> partials, int rows, int channels,
                         int segment) {
    const Strip at = strip_at(rows, channels, segment, blockIdx.y, WIDTH);
    Channels c = {};
    if (at.inside) c = channels_at(at.channel, gamma, beta, mean, inv_std);
    float sums[2 * WIDTH] = {};
    if (at.inside)
        for_gradients(at, channels, dy, x, c, [&](int row, Numbers& g, const Numbers& centred) {
            add_to_sums(sums, g, centred);
#pragma unroll
            for (int j = 0; j < WIDTH; ++j) g[j] *= c.scale[j];
            store(dx + (size_t)row * channels + at.channel, g);
        });
    if (partials == nullptr) return;
    finish_sums(sums, c);
    if (at.inside && threadIdx.y == 0) store_partial(partials, at, channels, sums);
}
