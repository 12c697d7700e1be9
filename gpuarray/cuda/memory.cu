// Copies within the device's memory. Tiling: a thread copies WIDTH consecutive elements, 16 bytes where sizes
// and addresses allow.
// Test: python -m pytest tests/gpuarray/cuda/test_memory.py

// from (size,), rows of so many columns one after the other; to: the first of rows that begin `stride`
// elements apart. columns and stride are multiples of WIDTH.
extern "C" __global__ void copy_rows(In<ELEMENT> from, Out<ELEMENT> to, int size, int columns, int stride) {
    const int i = (blockIdx.x * blockDim.x + threadIdx.x) * WIDTH;
    if (i >= size) return;
    const int target = i / columns * stride + i % columns;
    *reinterpret_cast<Vector<ELEMENT, WIDTH>*>(to + target) = vector_at<WIDTH>(from + i);
}

// from (rows, columns) to (rows, WIDTH) with zeros behind; columns < WIDTH. A thread takes a row.
extern "C" __global__ void pad_rows(In<ELEMENT> from, Out<ELEMENT> to, int rows, int columns) {
    const int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    Vector<ELEMENT, WIDTH> padded = {};
#pragma unroll
    for (int i = 0; i < WIDTH; ++i)
        if (i < columns) padded.v[i] = from[row * columns + i];
    *reinterpret_cast<Vector<ELEMENT, WIDTH>*>(to + row * WIDTH) = padded;
}
