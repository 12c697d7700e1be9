// The reparametrisation trick with the KL divergence to N(0, I) (Kingma & Welling 2014), and the gradient.
//
//     h = [mean | raw],  log_var = bound tanh(raw / bound), or raw where bound is 0,  std = exp(log_var / 2)
//     z = mean + std noise,  kl = 1/2 sum(mean^2 + std^2 - 1 - log_var)
//     gradient of <dz, z> + w kl:  dmean = dz + w mean
//                                  draw = 1/2 (dz noise std + w (std^2 - 1)) slope,  slope = 1 - tanh^2, or 1
// Tiling: a thread for each latent dimension of each image. A block leaves its sum of kl in partials[block],
// and `total` in sums.cu adds those up, both in a fixed order.
// Layout: h, dh (N, 2Z), noise float32, z, dz (N, Z). Precision: float32 throughout.
// Test: python -m pytest tests/gpuarray/cuda/test_losses.py
#include "rows.cuh"

struct Latent { float mean, log_var, std, slope; };        // slope: d log_var / d raw

// Element i of (N, Z).
__device__ inline Latent latent_at(const ELEMENT* h, int i, int z_size, float bound) {
    const ELEMENT* row = h + (size_t)(i / z_size) * (2 * z_size);
    LogVariance variance = log_variance(to_float(row[z_size + i % z_size]), bound);
    return {to_float(row[i % z_size]), variance.value, expf(0.5f * variance.value), variance.slope};
}

extern "C" __global__ void
reparametrise(In<ELEMENT> h, In<float> noise, Out<ELEMENT> z, Out<float> partials, int size, int z_size,
              float bound) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    float kl = 0.0f;
    if (i < size) {
        Latent at = latent_at(h, i, z_size, bound);
        z[i] = from_float<ELEMENT>(at.mean + at.std * noise[i]);
        kl = 0.5f * (at.mean * at.mean + (expm1f(at.log_var) - at.log_var));
    }
    kl = block_sum(kl);
    if (threadIdx.x == 0) partials[blockIdx.x] = kl;
}

extern "C" __global__ void
reparametrise_grad(In<ELEMENT> dz, In<ELEMENT> h, In<float> noise, Out<ELEMENT> dh, int size, int z_size,
                   float bound, float kl_weight) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= size) return;
    Latent at = latent_at(h, i, z_size, bound);
    float d = to_float(dz[i]), dlog_var = 0.5f * (d * noise[i] * at.std + kl_weight * expm1f(at.log_var));
    ELEMENT* row = dh + (size_t)(i / z_size) * (2 * z_size);
    row[i % z_size] = from_float<ELEMENT>(d + kl_weight * at.mean);
    row[z_size + i % z_size] = from_float<ELEMENT>(dlog_var * at.slope);
}
