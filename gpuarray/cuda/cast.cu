// From one floating-point type to another. Tiling: one thread WIDTH consecutive elements.

// from, to (size,), size a multiple of WIDTH
extern "C" __global__ void cast(const FROM* from, TO* to, int size) {
    int i = (blockIdx.x * blockDim.x + threadIdx.x) * WIDTH;
    if (i >= size) return;
    float values[WIDTH];
    load(values, from + i);
    store(to + i, values);
}
