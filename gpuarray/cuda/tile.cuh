// A tile of a matrix product: what every convolution and dense layer comes down to.
//
//   sum[row][col] = sum over depth of A[row][depth] * B[depth][col]
//
// A block owns TILE_ROWS x TILE_COLS sums and keeps them in registers. It walks along the depth in steps of
// TILE_DEPTH. Asynchronous copies bring the slices of A and B that a step needs into shared memory, STAGES
// of them in turn, so that the next ones travel while one is multiplied. What A and B are, the file that
// includes this one says.
//
// PRECISION: FP32, float32 on the ordinary units; TF32, float32 in memory, rounded to tf32 on the way into
// the tensor cores; BF16, bfloat16 in memory, on the tensor cores. Sums are float32 in all three.
// Further defines: WARPS_DOWN x WARPS_ACROSS warps share the tile; A_IN_CHUNKS, B_IN_CHUNKS: that operand's
// array can be copied 16 bytes at a time (its lines are a multiple of that long).

#define FP32 0
#define TF32 1
#define BF16 2

#if PRECISION == BF16
typedef bfloat16 element;
#else
typedef float element;
#endif

constexpr int THREADS = 32 * WARPS_DOWN * WARPS_ACROSS;
// Blocks that a multiprocessor is to have registers for: 255 for a thread of 128 sums, 168 for the others. Left
// alone, the compiler takes fewer for some cards, and spills.
constexpr int BLOCKS = PRECISION == FP32 || TILE_ROWS * TILE_COLS / THREADS > 64 ? 2 : 3;
constexpr int VECTOR = 16 / sizeof(element);        // elements in 16 bytes

// One operand's slice in shared memory, EXTENT (rows of A, columns of B) x TILE_DEPTH, kept the way its
// array runs in device memory: ALONG_DEPTH, a line holds the depths of one row; else the rows of one depth.
// A line is longer than its content, so that the reads of product_*.cuh meet different banks.
//
// The threads share out its chunks: each has one place in LINES_EACH neighbouring lines. A chunk is 16 bytes,
// or else four elements that are copied one by one.
template <bool ALONG, int EXTENT, bool IN_CHUNKS> struct Operand {
    static constexpr bool ALONG_DEPTH = ALONG;
    static constexpr int LINES = ALONG_DEPTH ? EXTENT : TILE_DEPTH;
    static constexpr int LENGTH = ALONG_DEPTH ? TILE_DEPTH : EXTENT;
    static constexpr int PITCH = LENGTH + (ALONG_DEPTH || PRECISION == BF16 ? VECTOR : 2 * VECTOR);
    static constexpr int SIZE = LINES * PITCH;
    static constexpr int CHUNK = IN_CHUNKS ? VECTOR : 4;
    static constexpr int CHUNKS = LENGTH / CHUNK;                       // in a line
    static constexpr int LINES_EACH = LINES * CHUNKS / THREADS;
    static_assert(LENGTH % CHUNK == 0 && LINES_EACH * THREADS == LINES * CHUNKS, "threads share evenly");

    static __device__ int place() { return threadIdx.x % CHUNKS * CHUNK; }
    static __device__ int line(int i) { return threadIdx.x / CHUNKS * LINES_EACH + i; }

    // Start the copy of this thread's chunk of its line i: `count` elements, or as many as a chunk holds,
    // from device memory, zeros after them. Of whole chunks either all elements exist or none.
    static __device__ void copy(element* slice, int i, const element* from, int count) {
        element* to = slice + line(i) * PITCH + place();
        if constexpr (IN_CHUNKS) {
            copy_async<16>(to, from, count > 0);
        } else {
#pragma unroll
            for (int e = 0; e < CHUNK; ++e) {
                if constexpr (sizeof(element) == 4) copy_async<4>(to + e, from + e, e < count);
                else to[e] = e < count ? from[e] : element{};           // copy_async cannot take two bytes
            }
        }
    }
};

// How many channels the depth of an operand counts for `channels`: whole chunks, so that three become four.
template <bool IN_CHUNKS> __device__ inline int padded(int channels) {
    return IN_CHUNKS ? channels : (channels + 3) / 4 * 4;
}

__device__ inline int divide_up(int a, int b) { return a / b + (a % b > 0); }

// The part of a product's depth that falls to this block: `count` steps from `first` on. There are gridDim.z
// parts; the last may be short, or empty.
struct Steps {
    int first, count;
    __device__ Steps(int depth) {
        const int all = divide_up(depth, TILE_DEPTH), each = divide_up(all, gridDim.z);
        first = blockIdx.z * each;
        count = min(all - first, each);
    }
};

// product += A B over `steps` steps. operands.load(a, b) starts the copies of a step's slices, and is
// called once for each step, in their order. Afterwards the shared memory is free.
template <class A, class B, class Operands, class Product>
__device__ inline void accumulate(Product& product, Operands& operands, int steps) {
    auto stage = [](int step) { return dynamic_shared<element>() + step % STAGES * (A::SIZE + B::SIZE); };
    auto load = [&](int step) {
        if (step < steps) operands.load(stage(step), stage(step) + A::SIZE);
        copy_async_commit();                                            // one group a step, be it empty
    };
    for (int step = 0; step < STAGES - 1; ++step) load(step);
    for (int step = 0; step < steps; ++step) {
        copy_async_wait<STAGES - 2>();
        __syncthreads();               // all of this step has come, and nobody reads the step before any more
        load(step + STAGES - 1);
        product.add(stage(step), stage(step) + A::SIZE);
    }
    __syncthreads();
}

#if PRECISION == FP32
#include "product_fma.cuh"
#else
#include "product_mma.cuh"
#endif
