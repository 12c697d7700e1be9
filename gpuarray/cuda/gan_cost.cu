// The GAN's cost from logits t, its gradient, and the gates that keep the two players in balance.
//
//     D = sigmoid(t)
//     a real row costs f(t) = -log(D + eps), with slope -D (1 - D) / (D + eps)
//     a generated row costs f(-t) = -log(1 - D + eps)
//     for eps = 0, f(t) is softplus(-t), with slope D - 1
// The gates are computed here, so that the host need not wait for the costs.
// Tiling: one block walks over all rows (a batch has a few hundred), sums in a fixed order.
// Precision: float32.
// Test: python -m pytest tests/gpuarray/cuda/test_losses.py

struct Cost { float value, slope; };

// -log(sigmoid(t) + eps) and its derivative with respect to t, finite at any t
__device__ inline Cost cost_of(float t, float eps) {
    float d = 1.0f / (1.0f + expf(-t)), rest = 1.0f / (1.0f + expf(t));      // D and 1 - D, each exact near 0
    if (eps == 0.0f) return {fmaxf(-t, 0.0f) + log1pf(expf(-fabsf(t))), -rest};
    return {-logf(d + eps), -d * rest / (d + eps)};
}

// Sets the gates in a report, from the costs in it.
__device__ inline void set_gates(float* report, float low, float high) {
    bool dis = fminf(report[0], report[1]) >= low;
    bool dec = fmaxf(report[0], report[1]) <= high;
    bool both = !dis && !dec;
    report[4] = dis || both;
    report[5] = dec || both;
}

// The same of a report whose costs are those of several processes' rows.
extern "C" __global__ void gates(Out<float> report, float low, float high) { set_gates(report, low, high); }

// logits, dlogits (rows,), the first n_real of them real. report (6,):
//   0, 1  mean cost of the real and of the generated rows
//   2, 3  mean D of the real and of the generated rows
//   4     gate of Dis: 1 unless a mean cost is below `low`
//   5     gate of Dec: 1 unless a mean cost is above `high`
// Where both gates would be 0, both are 1.
extern "C" __global__ void
gan_cost(In<ELEMENT> logits, Out<ELEMENT> dlogits, Out<float> report, int rows, int n_real, float real_weight,
         float fake_weight, float eps, float low, float high) {
    float cost_real = 0, cost_fake = 0, d_real = 0, d_fake = 0;
    for (int row = threadIdx.x; row < rows; row += blockDim.x) {
        bool real = row < n_real;
        float t = to_float(logits[row]);
        Cost cost = cost_of(real ? t : -t, eps);
        dlogits[row] = from_float<ELEMENT>(real ? real_weight * cost.slope : -fake_weight * cost.slope);
        (real ? cost_real : cost_fake) += cost.value;
        (real ? d_real : d_fake) += 1.0f / (1.0f + expf(-t));
    }
    cost_real = block_sum(cost_real) / n_real;
    cost_fake = block_sum(cost_fake) / (rows - n_real);
    d_real = block_sum(d_real) / n_real;
    d_fake = block_sum(d_fake) / (rows - n_real);
    if (threadIdx.x > 0) return;
    report[0] = cost_real;
    report[1] = cost_fake;
    report[2] = d_real;
    report[3] = d_fake;
    set_gates(report, low, high);
}

// dlogits (rows,): the gradient of the sum over generated rows of -log(D + eps). The first n_real rows are
// real and receive 0.
extern "C" __global__ void
non_saturating_grad(In<ELEMENT> logits, Out<ELEMENT> dlogits, int rows, int n_real, float eps) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row < rows)
        dlogits[row] = from_float<ELEMENT>(row < n_real ? 0.0f : cost_of(to_float(logits[row]), eps).slope);
}
