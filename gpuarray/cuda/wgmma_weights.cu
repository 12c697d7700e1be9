// Weights in float32 as wgmma takes them (product_wgmma.cuh): rounded to tf32, with lines along the depth.
//
//     round_weights       to = tf32(from)
//     transpose_weights   to[tap][k][c] = tf32(from[tap][c][k])
// Tiling: a thread rounds 16 bytes; a block transposes SIDE x SIDE weights of a tap, in shared memory, whose
// lines are one longer, so that lines and columns fall into different banks.
// Layout: from (taps, C, K), to like it or (taps, K, C); for round_weights `size` a multiple of WIDTH.
// Precision: to nearest, as operands are rounded on the way into mma.sync (to_tf32 in common.cuh).
// Test: python -m pytest tests/gpuarray/cuda/test_wgmma_weights.py

__device__ inline float rounded(float v) { return __uint_as_float(to_tf32(v)); }

extern "C" __global__ void round_weights(In<float> from, Out<float> to, int size) {
    const int at = (blockIdx.x * blockDim.x + threadIdx.x) * WIDTH;
    if (at >= size) return;
    float values[WIDTH];
    load(values, from + at);
#pragma unroll
    for (int i = 0; i < WIDTH; ++i) values[i] = rounded(values[i]);
    store(to + at, values);
}

// blockIdx: along K, along C, the tap; threads: SIDE x so many lines at a time
extern "C" __global__ void transpose_weights(In<float> from, Out<float> to, int C, int K) {
    __shared__ float tile[SIDE][SIDE + 1];
    const int k0 = blockIdx.x * SIDE, c0 = blockIdx.y * SIDE;
    const size_t tap = (size_t)blockIdx.z * C * K;
    for (int line = threadIdx.y; line < SIDE; line += blockDim.y) {
        const int c = c0 + line, k = k0 + threadIdx.x;
        if (c < C && k < K) tile[line][threadIdx.x] = rounded(from[tap + (size_t)c * K + k]);
    }
    __syncthreads();
    for (int line = threadIdx.y; line < SIDE; line += blockDim.y) {
        const int k = k0 + line, c = c0 + threadIdx.x;
        if (c < C && k < K) to[tap + (size_t)k * C + c] = tile[threadIdx.x][line];
    }
}
