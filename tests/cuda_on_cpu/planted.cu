// Small kernels, each right or with a fault planted by the define BUG, to test the simulator: without a fault
// it must compute what a GPU does, with one it must notice.

enum Bug { NONE, BARRIER, BARRIER_AGAIN, DIVERGENT, READ_PAST, WRITE_PAST, WRITE_BEFORE, SHARED_PAST,
           SHARED_UNSET, STATIC_PAST, LOCAL_PAST, WAIT, WAIT_BARRIER, WAIT_FOR_ALL, EARLY_COPY,
           LATE_WRITE, LANES, MASK, MISALIGNED };

// y[i] = x[i + 1] within a block of 64, cyclically, done twice, so that the shared array is used again.
extern "C" __global__ void __launch_bounds__(64) rotate_twice(const float* x, float* y, int n) {
    __shared__ float tile[64], next_to_it[64];
    int t = threadIdx.x, i = blockIdx.x * 64 + t;
    next_to_it[t] = 0.0f;
    tile[t] = i < n || BUG == READ_PAST ? x[i] : 0.0f;
    if (BUG == STATIC_PAST && t == 63) tile[t + blockIdx.x + 1] = 1.0f;
    if (BUG != BARRIER && (BUG != DIVERGENT || t < 32)) __syncthreads();
    float v = tile[(t + 1) % 64];
    if (BUG != BARRIER_AGAIN) __syncthreads();
    tile[t] = v;
    __syncthreads();
    v = tile[(t + 1) % 64] + next_to_it[t];
    if (i < n || BUG == WRITE_PAST) y[i] = v;
    if (BUG == WRITE_BEFORE && i == 0) y[-1] = v;
}

// y = x through dynamic shared memory.
extern "C" __global__ void through_shared(const float* x, float* y, int n) {
    float* tile = dynamic_shared<float>();
    int t = threadIdx.x;
    if (t < n || BUG == SHARED_PAST) tile[t] = t < n ? x[t] : 0.0f;
    if (BUG == SHARED_UNSET && t == 0) y[0] = tile[n];
    else if (t < n) y[t] = tile[t];
}

// y[t] = the sum over k of x[k][(t + 1) % 128], x (K, 128), through two stages of cp.async, by which the
// first warp copies a row, each lane 16 bytes, to pieces that lie `apart` floats from one another.
extern "C" __global__ void __launch_bounds__(128)
sum_through_copies(const float* x, float* y, int K, int apart) {
    __shared__ __align__(16) float tile[2][32 * 32];
    int t = threadIdx.x, next = (t + 1) % 128;
    auto fetch = [&](int k) {
        if (k < K && t < 32) copy_async<16>(&tile[k % 2][t * apart], x + k * 128 + t * 4);
        copy_async_commit();
    };
    float sum = 0.0f;
    fetch(0);
    for (int k = 0; k < K; ++k) {
        copy_async_wait<0>();
        if (BUG == EARLY_COPY) fetch(k + 1);
        __syncthreads();
        if (BUG != EARLY_COPY) fetch(k + 1);
        if (BUG == LATE_WRITE && k == 0) tile[1][0] = 0.0f;
        sum += tile[k % 2][next / 4 * apart + next % 4];
    }
    copy_async_wait<0>();
    y[t] = sum;
}

// y (16, 8) = A (16, K) B (K, 8) in tf32, one warp, two stages of cp.async; K a multiple of 8.
extern "C" __global__ void product_tf32(const float* A, const float* B, float* y, int K) {
    __shared__ float a[2][16][8], b[2][8][8];
    int t = threadIdx.x, g = t / 4, q = t % 4;
    auto fetch = [&](int stage, int k) {
        if (k < K || BUG == WAIT_FOR_ALL) {
            copy_async<16>(&a[stage][t / 2][t % 2 * 4], A + t / 2 * K + k + t % 2 * 4);
            copy_async<8>(&b[stage][g][q * 2], B + (k + g) * 8 + q * 2);
        }
        copy_async_commit();
    };
    float d[4] = {};
    fetch(0, 0);
    for (int k = 0, stage = 0; k < K; k += 8, stage ^= 1) {
        fetch(stage ^ 1, k + 8);
        copy_async_wait<BUG == WAIT ? 2 : 1>();
        if (BUG != WAIT_BARRIER) __syncwarp();
        auto& as = a[stage];
        auto& bs = b[stage];
        unsigned fa[4] = {to_tf32(as[g][q]), to_tf32(as[g + 8][q]),
                          to_tf32(as[g][q + 4]), to_tf32(as[g + 8][q + 4])};
        unsigned fb[2] = {to_tf32(bs[q][g]), to_tf32(bs[q + 4][g])};
        mma_tf32(d, fa, fb);
        __syncwarp();
    }
    if (BUG == WAIT) copy_async_wait<0>();
    y[g * 8 + q * 2] = d[0], y[g * 8 + q * 2 + 1] = d[1];
    y[(g + 8) * 8 + q * 2] = d[2], y[(g + 8) * 8 + q * 2 + 1] = d[3];
}

// y (16, 8) = A (16, 16) B (16, 8) in bf16, operands by ldmatrix: A as it lies, B (row-major) transposed.
extern "C" __global__ void product_bf16(const bfloat16* A, const bfloat16* B, float* y) {
    __shared__ __align__(16) bfloat16 a[16][16], b[16][8];
    int t = threadIdx.x, g = t / 4, q = t % 4;
    for (int i = t; i < 256; i += 32) a[i / 16][i % 16] = A[i];
    for (int i = t; i < 128; i += 32) b[i / 8][i % 8] = B[i];
    __syncwarp();
    unsigned fa[4], fb[4];
    load_matrix(fa, &a[t % 16][t / 16 * 8]);
    load_matrix_transposed(fb, &b[t % 16][0]);       // two matrices; lanes 16 to 31 give them again
    float d[4] = {};
    unsigned pair[2] = {fb[0], fb[1]};
    mma_bf16(d, fa, pair);
    y[g * 8 + q * 2] = d[0], y[g * 8 + q * 2 + 1] = d[1];
    y[(g + 8) * 8 + q * 2] = d[2], y[(g + 8) * 8 + q * 2 + 1] = d[3];
}

// All operations by which lanes exchange numbers.
extern "C" __global__ void warp_operations(const float* x, float* y, unsigned* votes) {
    int t = threadIdx.x, lane = t % 32;
    float v = x[t];
    if (BUG == LANES && lane == 0) __syncwarp();
    unsigned mask = BUG == MASK && lane < 16 ? 0xffff0000u : 0xffffffffu;
    y[t] = __shfl_xor_sync(mask, v, 1);
    y[t + blockDim.x] = __shfl_down_sync(mask, v, 3);
    y[t + blockDim.x * 2] = __shfl_up_sync(mask, v, 2, 8);
    y[t + blockDim.x * 3] = __shfl_sync(mask, v, 5);
    y[t + blockDim.x * 4] = block_sum(v);
    votes[t] = __ballot_sync(mask, v > 0.0f);
}

// y (n,) from x (8,) through an array of the thread's own, with vector and asynchronous accesses of 16 bytes.
extern "C" __global__ void local_array(const float* x, float* y, int n) {
    __shared__ __align__(16) float tile[8];
    float part[8], v[4];
    load(v, x + (BUG == MISALIGNED));
    copy_async<16>(tile, x);
    copy_async<16>(tile + 4, x + 4, false);
    copy_async_wait<0>();
    copy_async_commit();
    copy_async_wait<0>();
    for (int i = 0; i < n + (BUG == LOCAL_PAST); ++i) part[i] = i < 4 ? v[i] + tile[i] : tile[i];
    for (int i = 0; i < n; ++i) y[i] = part[i];
}
