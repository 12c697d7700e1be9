// Blocks over the columns of a (rows, channels) array, and sums down the columns.
//
// A block takes a strip of neighbouring channels and a segment of the rows. It has (x, y) = THREADS threads,
// y a power of two (Columns in layout.py). A thread takes `width` channels; the threads of one x take turns
// at the rows.

struct Strip {
    int channel, begin, end;               // this thread's first channel; the segment's rows
    bool inside;                           // channel < channels
};

__device__ inline Strip strip_at(int rows, int channels, int segment, int number, int width) {
    int channel = (blockIdx.x * blockDim.x + threadIdx.x) * width, begin = number * segment;
    return {channel, begin, min(begin + segment, rows), channel < channels};
}

// For a kernel that reads what the kernel before read from the start: it begins at the end, which is still
// cached.
__device__ inline int last_segment_first() { return gridDim.y - 1 - blockIdx.y; }

// Calls read(i, row), then use(i, row), for this thread's rows of the segment, AT_ONCE rows at a time
// (i = 0 .. AT_ONCE - 1), so that several reads are in flight together.
template <int AT_ONCE, class Read, class Use>
__device__ inline void for_rows(const Strip& at, Read read, Use use) {
    const int step = blockDim.y;
    int row = at.begin + threadIdx.y;
    for (; row + (AT_ONCE - 1) * step < at.end; row += AT_ONCE * step) {
#pragma unroll
        for (int i = 0; i < AT_ONCE; ++i) read(i, row + i * step);
#pragma unroll
        for (int i = 0; i < AT_ONCE; ++i) use(i, row + i * step);
    }
    for (; row < at.end; row += step) {
        read(0, row);
        use(0, row);
    }
}

// Sums N numbers over the threads of one x, in a fixed order. All of them receive the sums; every thread of
// the block must call it.
template <int N> __device__ inline void sum_over_rows(float (&v)[N]) {
    __shared__ float partial[N][THREADS];
    int thread = threadIdx.y * blockDim.x + threadIdx.x;
    __syncthreads();                                       // sums before these may still be read
#pragma unroll
    for (int i = 0; i < N; ++i) partial[i][thread] = v[i];
    for (int half = blockDim.y / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.y < half)
#pragma unroll
            for (int i = 0; i < N; ++i) partial[i][thread] += partial[i][thread + half * blockDim.x];
    }
    __syncthreads();
#pragma unroll
    for (int i = 0; i < N; ++i) v[i] = partial[i][threadIdx.x];
}
