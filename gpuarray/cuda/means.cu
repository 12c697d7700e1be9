// Running totals of a step's metrics: the sums of up to four arrays, each divided by its count, are added to
// them.
//
//     totals[i] += first[i] / first_count, and so on with the next array where the one before has ended
//
// In this way a step's metrics, which lie where its losses left them, take one launch.
// Tiling: a thread has one number. Precision: float32, the bits of NumPy.
// Test: python -m pytest tests/gpuarray/cuda/test_losses.py

// totals (fourth_end,); first (first_end,), second (second_end - first_end,), and so on. An array that is
// missing ends where the one before does.
extern "C" __global__ void
add_means(Out<float> totals, In<float> first, In<float> second, In<float> third, In<float> fourth,
          int first_end, int second_end, int third_end, int fourth_end,
          float first_count, float second_count, float third_count, float fourth_count) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < first_end) totals[i] += first[i] / first_count;
    else if (i < second_end) totals[i] += second[i - first_end] / second_count;
    else if (i < third_end) totals[i] += third[i - second_end] / third_count;
    else if (i < fourth_end) totals[i] += fourth[i - third_end] / fourth_count;
}
