// RMSProp and Adam over a network's flat buffer, in place; the gradients are set to 0.
//
//     g' = g + weight_decay * p for the first `decayed` elements, g elsewhere
//     RMSProp: ms += (1 - decay) (g'^2 - ms),  p -= lr g' / (sqrt(ms) + eps)
//     Adam:    m += (1 - beta1) (g' - m),  v += (1 - beta2) (g'^2 - v),
//              p -= lr / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
// Learning rate, gate and t are read from device memory, so that a captured graph sees their changes. Where
// the gate is 0, only g is written.
// With bf16, the parameters are written a second time, rounded, for the products to read.
// Tiling: a thread takes WIDTH consecutive elements (16 bytes where size and addresses allow). Each array is
// read once and written once. Precision: float32.
// Test: python -m pytest tests/gpuarray/cuda/test_optimisers.py

// gate is null where there is none
__device__ inline bool skipped(const float* gate) { return gate != nullptr && *gate == 0.0f; }

// Adds the weight decay to the gradients of elements `from` to `from` + WIDTH - 1, where below `decayed`.
__device__ inline void add_decay(float (&g)[WIDTH], const float (&p)[WIDTH], float weight_decay, int from,
                                 int decayed) {
#pragma unroll
    for (int i = 0; i < WIDTH; ++i)
        if (from + i < decayed) g[i] = fmaf(weight_decay, p[i], g[i]);
}

// p, g, ms (size,), size a multiple of WIDTH; rounded (size,), or null; lr, gate (1,); share = 1 - decay
extern "C" __global__ void
rmsprop(Out<float> p, Out<float> g, Out<float> ms, Out<bfloat16> rounded, In<float> lr, In<float> gate,
        float share, float eps, float weight_decay, int size, int decayed) {
    int from = (blockIdx.x * blockDim.x + threadIdx.x) * WIDTH;
    if (from >= size) return;
    const float zeros[WIDTH] = {};
    if (skipped(gate)) {
        store(g + from, zeros);
        return;
    }
    float parameter[WIDTH], gradient[WIDTH], square[WIDTH];
    load(parameter, p + from);
    load(gradient, g + from);
    load(square, ms + from);
    float rate = *lr;
    add_decay(gradient, parameter, weight_decay, from, decayed);
#pragma unroll
    for (int i = 0; i < WIDTH; ++i) {
        square[i] = fmaf(share, gradient[i] * gradient[i] - square[i], square[i]);
        parameter[i] -= rate * gradient[i] / (sqrtf(square[i]) + eps);
    }
    store(p + from, parameter);
    if (rounded != nullptr) store(rounded + from, parameter);
    store(ms + from, square);
    store(g + from, zeros);
}

// p, g, m, v (size,), size a multiple of WIDTH; rounded (size,), or null; t, lr, gate (1,), t the steps taken
// before this one.
// Of each beta the kernel takes log(beta) and share = 1 - beta, which float32 holds more exactly than beta:
// 1 - beta^t = -expm1(t log(beta)).
extern "C" __global__ void
adam(Out<float> p, Out<float> g, Out<float> m, Out<float> v, Out<bfloat16> rounded, In<float> t, In<float> lr,
     In<float> gate, float log_beta1, float log_beta2, float share1, float share2, float eps,
     float weight_decay, int size, int decayed) {
    int from = (blockIdx.x * blockDim.x + threadIdx.x) * WIDTH;
    if (from >= size) return;
    const float zeros[WIDTH] = {};
    if (skipped(gate)) {
        store(g + from, zeros);
        return;
    }
    float parameter[WIDTH], gradient[WIDTH], mean[WIDTH], square[WIDTH];
    load(parameter, p + from);
    load(gradient, g + from);
    load(mean, m + from);
    load(square, v + from);
    float steps = *t + 1.0f;
    float rate = *lr / -expm1f(steps * log_beta1), correction = 1.0f / sqrtf(-expm1f(steps * log_beta2));
    add_decay(gradient, parameter, weight_decay, from, decayed);
#pragma unroll
    for (int i = 0; i < WIDTH; ++i) {
        mean[i] = fmaf(share1, gradient[i] - mean[i], mean[i]);
        square[i] = fmaf(share2, gradient[i] * gradient[i] - square[i], square[i]);
        parameter[i] -= rate * mean[i] / (sqrtf(square[i]) * correction + eps);
    }
    store(p + from, parameter);
    if (rounded != nullptr) store(rounded + from, parameter);
    store(m + from, mean);
    store(v + from, square);
    store(g + from, zeros);
}

// Runs after adam, every block of which reads t.
extern "C" __global__ void count_step(Out<float> t, In<float> gate) {
    if (!skipped(gate)) *t += 1.0f;
}
