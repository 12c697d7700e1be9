// What kernels share that have a block for each row, and those that take log-variances.

constexpr float LOG_2PI = 1.8378770664093453f;

struct LogVariance { float value, slope; };                // slope: d value / d raw

// bound tanh(raw / bound), or raw where bound is 0
__device__ inline LogVariance log_variance(float raw, float bound) {
    if (bound <= 0.0f) return {raw, 1.0f};
    float squashed = tanhf(raw / bound);
    return {bound * squashed, 1.0f - squashed * squashed};
}

// to[row] = the sum of all threads' v, for the block of that row; every thread must call it.
__device__ inline void write_row_sum(float* to, float v) {
    v = block_sum(v);
    if (threadIdx.x == 0) to[blockIdx.x] = v;
}
