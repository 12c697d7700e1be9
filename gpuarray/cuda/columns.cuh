// Blocks over the columns of a (rows, channels) array, and sums down them.
//
// A block of (x, y) = 256 threads, y a power of two, takes a strip of neighbouring channels, `width` a
// thread, and a chunk of rows, which its threads of one x share out among them.

struct Strip {
    int channel, begin, end;               // this thread's first channel; the chunk's rows
    bool inside;                           // channel < channels
};

__device__ inline Strip strip_at(int rows, int channels, int chunk, int which_chunk, int width) {
    int channel = (blockIdx.x * blockDim.x + threadIdx.x) * width, begin = which_chunk * chunk;
    return {channel, begin, min(begin + chunk, rows), channel < channels};
}

// For passes over what the kernel before has gone through from its start: what is still cached comes first.
__device__ inline int last_chunk_first() { return gridDim.y - 1 - blockIdx.y; }

// read(i, row), then use(i, row) for this thread's rows of the chunk, AT_ONCE of them (i = 0 .. AT_ONCE - 1)
// at a time, so that their reads travel together.
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

// Sums of N numbers over the threads of one x, in a fixed order; all receive them. Every thread must call it.
template <int N> __device__ inline void sum_over_rows(float (&v)[N]) {
    __shared__ float partial[N][256];
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
