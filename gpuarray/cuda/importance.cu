// Samples of q(z|x) with their densities, and the importance-weighted bound (Burda et al. 2016).
//
//     sample_posterior   z = mean + std noise,  log q = -1/2 sum(log 2 pi + log_var + noise^2), of each row
//     its gradient       dmean = sum dz,  draw = 1/2 (sum dz noise std - sum dlog_q) slope, over the samples
//     log_prior          -1/2 sum(log 2 pi + z^2), of each row
//     importance_bound   log mean_k w_k and w_k / sum_k w_k of each image, the largest w_k taken out first
// Tiling: a block for each row, a sample of an image; but a thread for each latent dimension of an image in
// the gradient, and for each image in the bound.
// Layout: h (images, 2Z) = [mean | raw], noise, z, dz (samples, images, Z), log_q, log_w, weights (samples,
// images).
// Precision: float32, sums in a fixed order.
// Test: python -m pytest tests/gpuarray/cuda/test_likelihoods.py
#include "rows.cuh"

extern "C" __global__ void
sample_posterior(In<float> h, In<float> noise, Out<float> z, Out<float> log_q, int images, int z_size,
                 float bound) {
    const float* posterior = h + (size_t)(blockIdx.x % images) * 2 * z_size;
    size_t row = (size_t)blockIdx.x * z_size;
    float sum = 0.0f;
    for (int i = threadIdx.x; i < z_size; i += blockDim.x) {
        float log_var = log_variance(posterior[z_size + i], bound).value, drawn = noise[row + i];
        z[row + i] = fmaf(expf(0.5f * log_var), drawn, posterior[i]);
        sum -= 0.5f * (LOG_2PI + log_var + drawn * drawn);
    }
    write_row_sum(log_q, sum);
}

extern "C" __global__ void
sample_posterior_grad(In<float> dz, In<float> dlog_q, In<float> h, In<float> noise, Out<float> dh,
                      int samples, int images, int z_size, float bound) {
    int i = blockIdx.x * blockDim.x + threadIdx.x, image = i / z_size;
    if (image >= images) return;
    float dmean = 0.0f, along_noise = 0.0f, dlog = 0.0f;
    for (int k = 0; k < samples; ++k) {
        size_t at = (size_t)k * images * z_size + i;
        dmean += dz[at];
        along_noise = fmaf(dz[at], noise[at], along_noise);
        dlog += dlog_q[k * images + image];
    }
    size_t mean_at = (size_t)image * 2 * z_size + i % z_size;
    LogVariance variance = log_variance(h[mean_at + z_size], bound);
    dh[mean_at] = dmean;
    dh[mean_at + z_size] = 0.5f * (along_noise * expf(0.5f * variance.value) - dlog) * variance.slope;
}

extern "C" __global__ void log_prior(In<float> z, Out<float> log_p, int z_size) {
    size_t row = (size_t)blockIdx.x * z_size;
    float sum = 0.0f;
    for (int i = threadIdx.x; i < z_size; i += blockDim.x) sum -= 0.5f * (LOG_2PI + z[row + i] * z[row + i]);
    write_row_sum(log_p, sum);
}

extern "C" __global__ void
importance_bound(In<float> log_w, Out<float> bounds, Out<float> weights, int samples, int images) {
    int n = blockIdx.x * blockDim.x + threadIdx.x;
    if (n >= images) return;
    float highest = log_w[n], sum = 0.0f;
    for (int k = 1; k < samples; ++k) highest = fmaxf(highest, log_w[(size_t)k * images + n]);
    for (int k = 0; k < samples; ++k) sum += expf(log_w[(size_t)k * images + n] - highest);
    for (int k = 0; k < samples; ++k)
        weights[(size_t)k * images + n] = expf(log_w[(size_t)k * images + n] - highest) / sum;
    bounds[n] = highest + logf(sum / samples);
}
