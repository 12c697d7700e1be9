// Planar normalising flow (Rezende & Mohamed 2015) and its gradients.
//
//     s = w.u,  kept = log(1 + e^s) - 1,  u^ = u + (kept - s) / |w|^2 w,  so that w.u^ = kept
//     a = w.z + b,  h = tanh a,  z' = z + u^ h,  log_det = log(1 + kept (1 - h^2))
// Gradient, with g = dlog_det / (1 + kept (1 - h^2)):
//     da = (dz'.u^ - 2 kept g h) (1 - h^2),  dz = dz' + da w
//     du^ = sum h dz',  dkept = sum g (1 - h^2),  dw = sum da z,  db = sum da, sums over the rows; then
//     through kept and u^ to u and w (planar_flow_finish).
// Tiling: a block for each row, which computes s and |w|^2 anew; a block for each latent dimension sums over
// the rows; one block finishes. Sums in a fixed order.
// Layout: z, z', dz' (rows, Z), u, w (Z,), b (1,). Precision: float32.
// Test: python -m pytest tests/gpuarray/cuda/test_likelihoods.py
#include "rows.cuh"

struct Invertible { float product, kept, share, square; };    // s, kept, (kept - s) / |w|^2, |w|^2

// sum_i a_i b_i, for every thread; all must call it.
__device__ inline float dot(const float* a, const float* b, int size) {
    float sum = 0.0f;
    for (int i = threadIdx.x; i < size; i += blockDim.x) sum = fmaf(a[i], b[i], sum);
    return block_sum(sum);
}

__device__ inline Invertible invertible(const float* u, const float* w, int z_size) {
    float product = dot(w, u, z_size), square = dot(w, w, z_size);
    float kept = fmaxf(product, 0.0f) + log1pf(expf(-fabsf(product))) - 1.0f;
    return {product, kept, (kept - product) / square, square};
}

extern "C" __global__ void
planar_flow(In<float> z, In<float> u, In<float> w, In<float> b, Out<float> y, Out<float> log_det,
            int z_size) {
    const float* row = z + (size_t)blockIdx.x * z_size;
    Invertible flow = invertible(u, w, z_size);
    float h = tanhf(dot(w, row, z_size) + *b);
    for (int i = threadIdx.x; i < z_size; i += blockDim.x)
        y[(size_t)blockIdx.x * z_size + i] = row[i] + fmaf(flow.share, w[i], u[i]) * h;
    if (threadIdx.x == 0) log_det[blockIdx.x] = log1pf(flow.kept * (1.0f - h * h));
}

// Of each row dz, and in `rows` (3, row count): h, da, and what it adds to dkept.
extern "C" __global__ void
planar_flow_grad(In<float> dy, In<float> dlog_det, In<float> z, In<float> u, In<float> w, In<float> b,
                 Out<float> dz, Out<float> rows, int z_size) {
    size_t at = (size_t)blockIdx.x * z_size;
    Invertible flow = invertible(u, w, z_size);
    float h = tanhf(dot(w, z + at, z_size) + *b), slope = 1.0f - h * h;
    float g = dlog_det[blockIdx.x] / (1.0f + flow.kept * slope);
    float along = dot(dy + at, u, z_size) + flow.share * dot(dy + at, w, z_size);          // dz'.u^
    float da = (along - 2.0f * flow.kept * g * h) * slope;
    for (int i = threadIdx.x; i < z_size; i += blockDim.x) dz[at + i] = fmaf(da, w[i], dy[at + i]);
    if (threadIdx.x > 0) return;
    rows[blockIdx.x] = h;
    rows[gridDim.x + blockIdx.x] = da;
    rows[2 * gridDim.x + blockIdx.x] = g * slope;
}

// sums (2Z + 2,) = du^, sum da z, of a block's latent dimension each, and db, dkept, of the last block.
extern "C" __global__ void
planar_flow_sums(In<float> dy, In<float> z, In<float> rows, Out<float> sums, int count, int z_size) {
    const float *h = rows, *da = rows + count, *dkept = rows + 2 * count;
    const int i = blockIdx.x;
    float first = 0.0f, second = 0.0f;
    for (int row = threadIdx.x; row < count; row += blockDim.x) {
        first += i < z_size ? h[row] * dy[(size_t)row * z_size + i] : da[row];
        second += i < z_size ? da[row] * z[(size_t)row * z_size + i] : dkept[row];
    }
    first = block_sum(first);
    second = block_sum(second);
    if (threadIdx.x > 0) return;
    sums[i < z_size ? i : 2 * z_size] = first;
    sums[i < z_size ? z_size + i : 2 * z_size + 1] = second;
}

// Adds weight times the gradients to du, dw (Z,) and db (1,). One block.
extern "C" __global__ void
planar_flow_finish(In<float> sums, In<float> u, In<float> w, Out<float> du, Out<float> dw, Out<float> db,
                   float weight, int z_size) {
    const float *du_hat = sums, *dw_direct = sums + z_size;
    Invertible flow = invertible(u, w, z_size);
    float dmoved = dot(du_hat, w, z_size) / flow.square;                   // moved = kept - s
    float dproduct = (sums[2 * z_size + 1] + dmoved) / (1.0f + expf(-flow.product)) - dmoved;
    for (int i = threadIdx.x; i < z_size; i += blockDim.x) {
        du[i] += weight * (du_hat[i] + dproduct * w[i]);
        dw[i] += weight * (dw_direct[i] + flow.share * (du_hat[i] - 2.0f * dmoved * w[i]) + dproduct * u[i]);
    }
    if (threadIdx.x == 0) *db += weight * sums[2 * z_size];
}
