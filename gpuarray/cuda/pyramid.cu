// Images at half and at double size, for Laplacian pyramids.
//
//     shrink    means of 2 x 2 pixels        enlarge    each pixel four times
// Tiling: a thread for each number of the smaller image. Layout: small (N, H, W, C), large (N, 2H, 2W, C).
// Precision: float32.
// Test: python -m pytest tests/gpuarray/cuda/test_pyramid.py

// Where the upper left of the four numbers of the large image lies that belong to number i of the small one.
__device__ inline size_t place(int i, int width, int channels) {
    int pixel = i / channels, row = pixel / width;
    return ((size_t)2 * row * 2 * width + 2 * (pixel % width)) * channels + i % channels;
}

extern "C" __global__ void shrink(In<float> large, Out<float> small, int size, int width, int channels) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= size) return;
    const float *upper = large + place(i, width, channels), *lower = upper + 2 * width * channels;
    small[i] = 0.25f * ((upper[0] + upper[channels]) + (lower[0] + lower[channels]));
}

extern "C" __global__ void enlarge(In<float> small, Out<float> large, int size, int width, int channels) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= size) return;
    float *upper = large + place(i, width, channels), *lower = upper + 2 * width * channels;
    upper[0] = upper[channels] = lower[0] = lower[channels] = small[i];
}
