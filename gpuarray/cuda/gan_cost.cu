// The GAN's cost from logits, its gradient, and the gate that keeps the players in balance, decided here.
//
//     D = sigmoid(t); a real row costs -log(D + eps), a generated one -log(1 - D + eps), the first at -t
//     slope of the first: -D (1 - D) / (D + eps); for eps = 0 it is softplus(-t), with slope D - 1
// Tiling: one block walks over all rows (a batch has a few hundred), sums in a fixed order.
// Precision: float32.

struct Cost { float value, slope; };

// -log(sigmoid(t) + eps) and its derivative to t, finite at any t
__device__ inline Cost cost_of(float t, float eps) {
    float d = 1.0f / (1.0f + expf(-t)), rest = 1.0f / (1.0f + expf(t));      // D and 1 - D, each exact near 0
    if (eps == 0.0f) return {fmaxf(-t, 0.0f) + log1pf(expf(-fabsf(t))), -rest};
    return {-logf(d + eps), -d * rest / (d + eps)};
}

// logits, dlogits (rows,), the first n_real of them real; report (6,): mean cost on real and on generated
// rows, mean D on both, the gates of Dis (1 where no mean cost is below `low`) and of Dec (none above
// `high`); both 1 where both would be 0
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
    bool dis = fminf(cost_real, cost_fake) >= low;
    bool dec = fmaxf(cost_real, cost_fake) <= high;
    bool both = !dis && !dec;
    report[0] = cost_real;
    report[1] = cost_fake;
    report[2] = d_real;
    report[3] = d_fake;
    report[4] = dis || both;
    report[5] = dec || both;
}

// dlogits (rows,) of the sum over generated rows of -log(D + eps); 0 on the n_real rows before them
extern "C" __global__ void
non_saturating_grad(In<ELEMENT> logits, Out<ELEMENT> dlogits, int rows, int n_real, float eps) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row < rows)
        dlogits[row] = from_float<ELEMENT>(row < n_real ? 0.0f : cost_of(to_float(logits[row]), eps).slope);
}
