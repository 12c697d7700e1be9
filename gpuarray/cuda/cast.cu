// From one floating-point type to another. Tiling: a thread converts WIDTH consecutive elements.
// Test: python -m pytest tests/gpuarray/cuda/test_cast.py

// from, to (size,), size a multiple of WIDTH
extern "C" __global__ void cast(const FROM* from, TO* to, int size) {
    int i = (blockIdx.x * blockDim.x + threadIdx.x) * WIDTH;
    if (i >= size) return;
    float values[WIDTH];
    load(values, from + i);
    store(to + i, values);
}
