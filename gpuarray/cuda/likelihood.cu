// -log p(x) of each row, an image, with the gradient to what describes the distribution.
//
//     bernoulli_loss   sum of log(1 + e^l) - t l with t = (x + 1) / 2;  dl = sigmoid(l) - t
//     gaussian_loss    sum of 1/2 (log 2 pi + log_var + (x - mean)^2 / var),
//                      log_var = bound tanh(raw / bound), or raw where bound is 0;  dmean = (mean - x) / var,
//                      draw = 1/2 (1 - (x - mean)^2 / var) slope,  slope = 1 - tanh^2, or 1
// Tiling: a block for each row, whose threads take turns at its numbers. Sums in a fixed order.
// Layout: logits, x (rows, size); h (rows, size / channels, [mean | raw] of the channels); losses (rows,).
// Precision: float32.
// Test: python -m pytest tests/gpuarray/cuda/test_likelihoods.py
#include "rows.cuh"

extern "C" __global__ void
bernoulli_loss(In<float> logits, In<float> x, Out<float> losses, Out<float> dlogits, int size) {
    size_t row = (size_t)blockIdx.x * size;
    float loss = 0.0f;
    for (int i = threadIdx.x; i < size; i += blockDim.x) {
        float logit = logits[row + i], t = fmaf(x[row + i], 0.5f, 0.5f);
        float small = expf(-fabsf(logit));                 // finite at any logit
        loss += fmaxf(logit, 0.0f) + log1pf(small) - t * logit;
        dlogits[row + i] = (logit < 0.0f ? small : 1.0f) / (1.0f + small) - t;
    }
    write_row_sum(losses, loss);
}

extern "C" __global__ void
gaussian_loss(In<float> h, In<float> x, Out<float> losses, Out<float> dh, int size, int channels,
              float bound) {
    size_t row = (size_t)blockIdx.x * size;
    float loss = 0.0f;
    for (int i = threadIdx.x; i < size; i += blockDim.x) {
        size_t mean_at = 2 * row + (size_t)(i / channels) * 2 * channels + i % channels;
        size_t raw_at = mean_at + channels;
        LogVariance variance = log_variance(h[raw_at], bound);
        float precision = expf(-variance.value), difference = h[mean_at] - x[row + i];
        float squared = difference * difference * precision;
        loss += 0.5f * (LOG_2PI + variance.value + squared);
        dh[mean_at] = difference * precision;
        dh[raw_at] = 0.5f * (1.0f - squared) * variance.slope;
    }
    write_row_sum(losses, loss);
}
