// 1/2 ||a - b||^2 and its gradient a - b, each number read once and written once.
//
// Tiling: a fixed number of blocks walks over the flat arrays, WIDTH elements a thread at a time; each leaves
// its sum in parts[block], and `total` in sums.cu adds those up, both in a fixed order.
// Precision: differences and sums in float32, whatever the elements are.

// a, b, d (size,), size a multiple of WIDTH; parts (blocks,)
extern "C" __global__ void
feature_loss(In<ELEMENT> a, In<ELEMENT> b, Out<ELEMENT> d, Out<float> parts, int size) {
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
    if (threadIdx.x == 0) parts[blockIdx.x] = 0.5f * sum;
}
