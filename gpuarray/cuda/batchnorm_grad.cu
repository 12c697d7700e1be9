// The way back through batchnorm.cu. With g = dy where the activation let through, n = (x - mean) inv_std and M rows:
//
//     dbeta += w sum g,  dgamma += w sum g n
//     dx = gamma inv_std (g - sum g / M - n sum(g n) / M);  with given statistics (inference): dx = gamma inv_std g
// Only x is kept from the way there: n and the activation's side are computed again from it, by the same expression.
// Tiling: blocks over strips of 128 bytes of a row (`strip_at`), 16 bytes a thread.
//   Few rows: batchnorm_grad_small has whole columns in a block and does everything.
//   Many rows: batchnorm_grad_parts sums over chunks of rows, column_sums in sums.cu adds the chunks up and moves dgamma and
//   dbeta, batchnorm_grad_apply writes dx. The sums must be known before the first dx: two reads.
//   Inference: one read, dx and the sums together.
// Precision: float32, sums in a fixed order. Memory: parts (chunks, 2, channels), sums (2, channels): sum g, sum g n.
#include "columns.cuh"

// One thread's channels.
struct Channels { float mean[WIDTH], inv_std[WIDTH], scale[WIDTH], beta[WIDTH]; };         // scale = gamma * inv_std

__device__ inline Channels channels_at(int channel, const float* gamma, const float* beta, const float* mean,
                                       const float* inv_std) {
    Channels c;
    load(c.mean, mean + channel);
    load(c.inv_std, inv_std + channel);
    load(c.scale, gamma + channel);
    load(c.beta, beta + channel);
#pragma unroll
    for (int i = 0; i < WIDTH; ++i) c.scale[i] *= c.inv_std[i];
    return c;
}

// One thread's channels in one row: g and x - mean.
struct Row { float g[WIDTH], centred[WIDTH]; };

__device__ inline Row row_at(size_t where, const ELEMENT* dy, const ELEMENT* x, const Channels& c) {
    Row row;
    load(row.g, dy + where);
    load(row.centred, x + where);
#pragma unroll
    for (int i = 0; i < WIDTH; ++i) {
        row.centred[i] -= c.mean[i];
        if (ACTIVATION == RELU && !(fmaf(row.centred[i], c.scale[i], c.beta[i]) > 0.0f)) row.g[i] = 0.0f;
    }
    return row;
}

__device__ inline void add_to_sums(const Row& row, float (&sums)[2 * WIDTH]) {
#pragma unroll
    for (int i = 0; i < WIDTH; ++i) {
        sums[i] += row.g[i];
        sums[WIDTH + i] = fmaf(row.g[i], row.centred[i], sums[WIDTH + i]);
    }
}

// Sums over all threads of the strip: sum g, and sum g n from sum g (x - mean).
__device__ inline void finish_sums(float (&sums)[2 * WIDTH], const Channels& c) {
    sum_over_rows(sums);
#pragma unroll
    for (int i = 0; i < WIDTH; ++i) sums[WIDTH + i] *= c.inv_std[i];
}

__device__ inline void block_sums(const ELEMENT* dy, const ELEMENT* x, Strip at, int channels, const Channels& c,
                                  float (&sums)[2 * WIDTH]) {
#pragma unroll 2
    for (int row = at.begin + threadIdx.y; at.inside && row < at.end; row += blockDim.y)
        add_to_sums(row_at((size_t)row * channels + at.channel, dy, x, c), sums);
    finish_sums(sums, c);
}

__device__ inline void store_part(float* parts, Strip at, int channels, const float (&sums)[2 * WIDTH]) {
    float* part = parts + (size_t)blockIdx.y * 2 * channels + at.channel;
#pragma unroll
    for (int i = 0; i < WIDTH; ++i) part[i] = sums[i], part[channels + i] = sums[WIDTH + i];
}

// dx of the chunk's rows, given the sums over all rows.
__device__ inline void apply(const ELEMENT* dy, const ELEMENT* x, ELEMENT* dx, Strip at, int rows, int channels,
                             const Channels& c, const float (&sums)[2 * WIDTH]) {
    float constant[WIDTH], slope[WIDTH];
#pragma unroll
    for (int i = 0; i < WIDTH; ++i) {
        constant[i] = c.scale[i] * sums[i] / rows;
        slope[i] = c.scale[i] * c.inv_std[i] * sums[WIDTH + i] / rows;
    }
#pragma unroll 2
    for (int row = at.begin + threadIdx.y; row < at.end; row += blockDim.y) {
        size_t where = (size_t)row * channels + at.channel;
        Row r = row_at(where, dy, x, c);
#pragma unroll
        for (int i = 0; i < WIDTH; ++i) r.g[i] = c.scale[i] * r.g[i] - slope[i] * r.centred[i] - constant[i];
        store(dx + where, r.g);
    }
}

extern "C" __global__ void __launch_bounds__(256)
batchnorm_grad_small(const ELEMENT* dy, const ELEMENT* x, const float* gamma, const float* beta, const float* mean,
                     const float* inv_std, ELEMENT* dx, float* dgamma, float* dbeta, float weight, int rows, int channels) {
    Strip at = strip_at(rows, channels, rows, 0, WIDTH);
    Channels c = {};
    if (at.inside) c = channels_at(at.channel, gamma, beta, mean, inv_std);
    float sums[2 * WIDTH] = {};
    block_sums(dy, x, at, channels, c, sums);
    if (!at.inside) return;
    apply(dy, x, dx, at, rows, channels, c, sums);
    if (weight == 0.0f || threadIdx.y > 0) return;
#pragma unroll
    for (int i = 0; i < WIDTH; ++i) {
        dbeta[at.channel + i] += weight * sums[i];
        dgamma[at.channel + i] += weight * sums[WIDTH + i];
    }
}

extern "C" __global__ void __launch_bounds__(256)
batchnorm_grad_parts(const ELEMENT* dy, const ELEMENT* x, const float* gamma, const float* beta, const float* mean,
                     const float* inv_std, float* parts, int rows, int channels, int chunk) {
    Strip at = strip_at(rows, channels, chunk, blockIdx.y, WIDTH);
    Channels c = {};
    if (at.inside) c = channels_at(at.channel, gamma, beta, mean, inv_std);
    float sums[2 * WIDTH] = {};
    block_sums(dy, x, at, channels, c, sums);
    if (at.inside && threadIdx.y == 0) store_part(parts, at, channels, sums);
}

extern "C" __global__ void __launch_bounds__(256)
batchnorm_grad_apply(const ELEMENT* dy, const ELEMENT* x, const float* gamma, const float* beta, const float* mean,
                     const float* inv_std, const float* sums, ELEMENT* dx, int rows, int channels, int chunk) {
    Strip at = strip_at(rows, channels, chunk, last_chunk_first(), WIDTH);
    if (!at.inside) return;
    Channels c = channels_at(at.channel, gamma, beta, mean, inv_std);
    float mine[2 * WIDTH];
#pragma unroll
    for (int i = 0; i < WIDTH; ++i) mine[i] = sums[at.channel + i], mine[WIDTH + i] = sums[channels + at.channel + i];
    apply(dy, x, dx, at, rows, channels, c, mine);
}

// parts null: dx alone.
extern "C" __global__ void __launch_bounds__(256)
batchnorm_inference_grad(const ELEMENT* dy, const ELEMENT* x, const float* gamma, const float* beta, const float* mean,
                         const float* inv_std, ELEMENT* dx, float* parts, int rows, int channels, int chunk) {
    Strip at = strip_at(rows, channels, chunk, blockIdx.y, WIDTH);
    Channels c = {};
    if (at.inside) c = channels_at(at.channel, gamma, beta, mean, inv_std);
    float sums[2 * WIDTH] = {};
#pragma unroll 2
    for (int row = at.begin + threadIdx.y; at.inside && row < at.end; row += blockDim.y) {
        size_t where = (size_t)row * channels + at.channel;
        Row r = row_at(where, dy, x, c);
        add_to_sums(r, sums);
#pragma unroll
        for (int i = 0; i < WIDTH; ++i) r.g[i] *= c.scale[i];
        store(dx + where, r.g);
    }
    if (parts == nullptr) return;
    finish_sums(sums, c);
    if (at.inside && threadIdx.y == 0) store_part(parts, at, channels, sums);
}
