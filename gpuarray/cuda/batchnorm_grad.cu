// The way back through batchnorm.cu. With g = dy where the activation let through, n = (x - mean) inv_std:
//
//     dbeta += w sum g,  dgamma += w sum g n
//     dx = gamma inv_std (g - sum g / M - n sum(g n) / M) for M rows
//     with given statistics (inference): dx = gamma inv_std g
// Only x is kept from the way there: n and the activation's side are computed from it again, in the same way.
// Tiling: blocks over strips of 128 bytes of a row (columns.cuh), 16 bytes a thread.
//   Few rows: batchnorm_grad_small has whole columns in a block and does everything.
//   Many rows: batchnorm_grad_parts sums over chunks of rows, column_sums in sums.cu adds the chunks up and
//   moves dgamma and dbeta, batchnorm_grad_apply writes dx. Two reads: dx needs the sums over all rows.
//   Inference: one read, dx and the sums together.
// Precision: float32, sums in a fixed order.
// Layout: parts (chunks, 2, channels), sums (2, channels): sum g, then sum g n.
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

// use(row, g, x - mean) for the thread's channels in its rows of the chunk.
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

// Sums over all threads of the strip: sum g, and sum g n from sum g (x - mean).
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

__device__ inline void store_part(float* parts, const Strip& at, int channels,
                                  const float (&sums)[2 * WIDTH]) {
    float* part = parts + (size_t)blockIdx.y * 2 * channels + at.channel;
#pragma unroll
    for (int j = 0; j < WIDTH; ++j) {
        part[j] = sums[j];
        part[channels + j] = sums[WIDTH + j];
    }
}

// dx of the chunk's rows, given the sums over all rows.
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

extern "C" __global__ void __launch_bounds__(256)
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

extern "C" __global__ void __launch_bounds__(256)
batchnorm_grad_parts(In<ELEMENT> dy, In<ELEMENT> x, In<float> gamma, In<float> beta, In<float> mean,
                     In<float> inv_std, Out<float> parts, int rows, int channels, int chunk) {
    const Strip at = strip_at(rows, channels, chunk, blockIdx.y, WIDTH);
    Channels c = {};
    if (at.inside) c = channels_at(at.channel, gamma, beta, mean, inv_std);
    float sums[2 * WIDTH] = {};
    block_sums(sums, at, channels, dy, x, c);
    if (at.inside && threadIdx.y == 0) store_part(parts, at, channels, sums);
}

// Three blocks at a time leave 85 registers a thread: left to itself, the compiler takes 64 for sm_80 and spills.
extern "C" __global__ void __launch_bounds__(256, 3)
batchnorm_grad_apply(In<ELEMENT> dy, In<ELEMENT> x, In<float> gamma, In<float> beta, In<float> mean,
                     In<float> inv_std, In<float> sums, Out<ELEMENT> dx, int rows, int channels, int chunk) {
    const Strip at = strip_at(rows, channels, chunk, last_chunk_first(), WIDTH);
    if (!at.inside) return;
    float mine[2 * WIDTH];
#pragma unroll
    for (int j = 0; j < WIDTH; ++j) {
        mine[j] = sums[at.channel + j];
        mine[WIDTH + j] = sums[channels + at.channel + j];
    }
    apply(dy, x, dx, at, rows, channels, channels_at(at.channel, gamma, beta, mean, inv_std), mine);
}

// parts null: dx alone.
extern "C" __global__ void __launch_bounds__(256)
batchnorm_inference_grad(In<ELEMENT> dy, In<ELEMENT> x, In<float> gamma, In<float> beta, In<float> mean,
                         In<float> inv_std, Out<ELEMENT> dx, Out<float> parts, int rows, int channels,
                         int chunk) {
    const Strip at = strip_at(rows, channels, chunk, blockIdx.y, WIDTH);
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
    if (parts == nullptr) return;
    finish_sums(sums, c);
    if (at.inside && threadIdx.y == 0) store_part(parts, at, channels, sums);
}
