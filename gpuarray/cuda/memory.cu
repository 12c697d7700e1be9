// Copies within the device's memory. Tiling: one thread a WIDTH of consecutive elements, 16 bytes where size
// and addresses allow.

// from, to (size,), size a multiple of WIDTH
extern "C" __global__ void copy(In<ELEMENT> from, Out<ELEMENT> to, int size) {
    int i = (blockIdx.x * blockDim.x + threadIdx.x) * WIDTH;
    if (i < size) *reinterpret_cast<Vector<ELEMENT, WIDTH>*>(to + i) = vector_at<WIDTH>(from + i);
}
