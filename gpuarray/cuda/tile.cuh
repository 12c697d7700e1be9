// A tile of a matrix product: what every convolution and dense layer comes down to.
//
//   sum[row][col] = sum over depth of A[row][depth] * B[depth][col]
//
// A block owns TILE_ROWS x TILE_COLS sums and keeps them in registers. It walks along the depth in steps of TILE_DEPTH;
// asynchronous copies bring the slices of A and B that a step needs into shared memory, STAGES steps deep, so that the next
// slices travel while the present one is multiplied. Who includes this says what A and B are: a struct with load(stage).
//
// PRECISION: FP32: float32 on the ordinary units. TF32: float32 in memory, factors rounded to tf32 on their way into the
// tensor cores. BF16: bfloat16 in memory, tensor cores. Sums are float32 in all three.
// Other defines: WARPS_DOWN x WARPS_ACROSS warps share the tile; A_IN_CHUNKS, B_IN_CHUNKS: lines of that operand's array are a
// multiple of 16 bytes long, so that it can be copied 16 bytes at a time.

#define FP32 0
#define TF32 1
#define BF16 2

#if PRECISION == BF16
typedef bfloat16 element;
#else
typedef float element;
#endif

constexpr int THREADS = 32 * WARPS_DOWN * WARPS_ACROSS;
constexpr int VECTOR = 16 / sizeof(element);        // elements in 16 bytes

// One operand's slice in shared memory, EXTENT (rows of A, columns of B) by TILE_DEPTH, kept the way its array runs in
// device memory: ALONG_DEPTH, a line holds one row's depth; otherwise a line holds one depth's rows. Lines are longer
// than their content, so that the reads of product_*.cuh meet 32 different banks.
//
// Threads copy it in chunks: each thread has one place in LINES_EACH neighbouring lines. A chunk is 16 bytes, or four
// elements copied one by one.
template <bool ALONG, int EXTENT, bool IN_CHUNKS> struct Operand {
    static constexpr bool ALONG_DEPTH = ALONG;
    static constexpr int LINES = ALONG_DEPTH ? EXTENT : TILE_DEPTH;
    static constexpr int LENGTH = ALONG_DEPTH ? TILE_DEPTH : EXTENT;
    static constexpr int PITCH = LENGTH + (ALONG_DEPTH || PRECISION == BF16 ? VECTOR : 2 * VECTOR);
    static constexpr int SIZE = LINES * PITCH;
    static constexpr int CHUNK = IN_CHUNKS ? VECTOR : 4;
    static constexpr int CHUNKS = LENGTH / CHUNK;                     // in a line
    static constexpr int LINES_EACH = LINES * CHUNKS / THREADS;
    static_assert(LENGTH % CHUNK == 0 && LINES_EACH * THREADS == LINES * CHUNKS, "threads share the chunks evenly");

    static __device__ int place() { return threadIdx.x % CHUNKS * CHUNK; }          // in every line
    static __device__ int line(int i) { return threadIdx.x / CHUNKS * LINES_EACH + i; }

    // Start copying this thread's chunk of its line i: the first `count` elements from device memory, zeros after them.
    static __device__ void copy(element* slice, int i, const element* from, int count) {
        element* to = slice + line(i) * PITCH + place();
        if constexpr (IN_CHUNKS) {
            copy_async<16>(to, from, count > 0);
        } else {
#pragma unroll
            for (int e = 0; e < CHUNK; ++e) {
                if constexpr (sizeof(element) == 4) copy_async<4>(to + e, from + e, e < count);
                else to[e] = e < count ? from[e] : element{};
            }
        }
    }
};

// Channels as the kernels count them: whole chunks, so that three become four.
template <bool IN_CHUNKS> __device__ inline int padded(int channels) { return IN_CHUNKS ? channels : (channels + 3) / 4 * 4; }

__device__ inline int divide_up(int a, int b) { return (a + b - 1) / b; }

// product += A B over `steps` steps; operands.load(a, b) starts the copies of the next one, and is called in their order.
// Afterwards the shared memory is free.
template <class A, class B, class Operands, class Product>
__device__ inline void accumulate(Product& product, Operands& operands, int steps) {
    element* shared = dynamic_shared<element>();
    auto load = [&](int step) {
        element* stage = shared + step % STAGES * (A::SIZE + B::SIZE);
        if (step < steps) operands.load(stage, stage + A::SIZE);
        copy_async_commit();                                          // one group a step, be it empty
    };
    for (int step = 0; step < STAGES - 1; ++step) load(step);
    for (int step = 0; step < steps; ++step) {
        copy_async_wait<STAGES - 2>();
        __syncthreads();                                              // this step's slices are here; the last one's are read
        load(step + STAGES - 1);
        const element* stage = shared + step % STAGES * (A::SIZE + B::SIZE);
        product.add(stage, stage + A::SIZE);
    }
    __syncthreads();
}

#if PRECISION == FP32
#include "product_fma.cuh"
#else
#include "product_mma.cuh"
#endif
