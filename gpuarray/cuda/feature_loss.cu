// 1/2 ||a - b||^2 and its gradient a - b. Each number is read once and written once.
//
// Tiling: a fixed number of blocks walks over the flat arrays, WIDTH elements a thread at a time. Each block
// leaves its sum in partials[block], and `total` in sums.cu adds those up, both in a fixed order.
// Precision: differences and sums in float32, whatever the elements are.
// Test: python -m pytest tests/gpuarray/cuda/test_losses.py

// a, b, d (size,), size a multiple of WIDTH; partials (blocks,)
extern "C" __global__ void
feature_loss(In<ELEMENT> a, In<ELEMENT> b, Out<ELEMENT> d, Out<float> partials, int size) {
    float sum = 0.0f;
    unsigned stride = gridDim.x * blockDim.x * WIDTH;
    for (unsigned i = (blockIdx.x * blockDim.x + threadIdx.x) * WIDTH; i < size; i += stride) {
        float left[WIDTH], right[WIDTH];
        load(left, a + i);
        load(right, b + i);
#pragma unroll
        for (int j = 0; j < WIDTH; ++j) {
            left[j] -= right[j];
            sum = fmaf(left[j], left[j], sum);
        }
        store(d + i, left);
    }
    sum = block_sum(sum);
    if (threadIdx.x == 0) partials[blockIdx.x] = 0.5f * sum;
}
