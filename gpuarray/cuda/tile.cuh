// A tile of a matrix product: what every convolution and dense layer comes down to.
//
//   sum[row][col] = sum over depth of A[row][depth] * B[depth][col]
//
// A block owns TILE_ROWS x TILE_COLS sums and keeps them in registers. It walks along the depth in steps of
// TILE_DEPTH. Each step needs its part of A and of B in shared memory, where asynchronous copies bring it
// while steps before it are multiplied. How A comes there, slices.cuh and patch.cuh say.
//
// Defines, from Tile and Operand in tiles.py:
//   PRECISION                 FP32: float32, on the ordinary units
//                             TF32: float32 in memory, rounded to tf32 on the way into the tensor cores
//                             BF16: bfloat16 in memory, on the tensor cores; sums are float32 in all three
//   TILE_ROWS, TILE_COLS, TILE_DEPTH, STAGES
//   GROUPS                    products of TILE_COLS columns each that share A; B has a slice for all of them
//   WARPS_DOWN, WARPS_ACROSS  the warps that share the tile; THREADS of them all
//   SUMS_PITCH                length of a line of sums in shared memory (shared_sums.cuh)
//   B_..., in slices.cuh A_...  how that operand is kept and copied: the arguments of Operand below
//   WGMMA                     1 where wgmma multiplies (product_wgmma.cuh): B as swizzled.cuh lays it out

#define FP32 0
#define TF32 1
#define BF16 2

#if PRECISION == BF16
typedef bfloat16 element;
#else
typedef float element;
#endif

// Blocks that a multiprocessor must have registers for: 255 for a thread of 128 sums, 168 for the others.
// Left alone, the compiler takes fewer for some cards, and spills. Of eight warps, there is room for one.
constexpr int BLOCKS = THREADS > 128 ? 1 : PRECISION == FP32 || TILE_ROWS * TILE_COLS / THREADS > 64 ? 2 : 3;
constexpr int VECTOR = 16 / sizeof(element);        // elements in 16 bytes

// An operand's slice in shared memory, extent (rows of A, columns of B) x TILE_DEPTH, in the order of its
// array in device memory: a line holds the depths of one row or, not along_depth, the rows of one depth.
// pitch: length of a line in shared memory. It is longer than the content, so that the reads of product_*.cuh
// fall into different banks.
// piece: elements that a thread copies. vectorised: by one copy of 16 or 8 bytes, else one by one.
// The threads share out the pieces: each has one place in LINES_EACH neighbouring lines.
template <int extent, bool along_depth, bool vectorised, int piece, int pitch> struct Operand {
    static constexpr bool ALONG_DEPTH = along_depth, VECTORISED = vectorised;
    static constexpr int LINES = ALONG_DEPTH ? extent : TILE_DEPTH;
    static constexpr int LENGTH = ALONG_DEPTH ? TILE_DEPTH : extent;
    static constexpr int PIECE = piece, PITCH = pitch, SIZE = LINES * PITCH;
    static constexpr int PIECES = LENGTH / PIECE;                       // in a line
    static constexpr int LINES_EACH = LINES * PIECES / THREADS;
    static_assert(LENGTH % PIECE == 0 && LINES_EACH * THREADS == LINES * PIECES, "threads share evenly");

    static __device__ int place() { return threadIdx.x % PIECES * PIECE; }
    static __device__ int line(int i) { return threadIdx.x / PIECES * LINES_EACH + i; }

    // Where the products read: `place` of line `line` + `further`.
    static __device__ const element* at(const element* slice, int line, int further, int place) {
        return slice + (line + further) * PITCH + place;
    }

    // Starts the copy of this thread's piece of its line i from device memory. `count` elements exist from
    // `from` on; the rest of the piece becomes zero. Of a vectorised piece, either all elements exist or
    // none.
    static __device__ void copy(element* slice, int i, const element* from, int count) {
        element* to = slice + line(i) * PITCH + place();
        if constexpr (VECTORISED) {
            copy_async<PIECE * sizeof(element)>(to, from, count > 0);
        } else {
#pragma unroll
            for (int e = 0; e < PIECE; ++e) {
                if constexpr (sizeof(element) == 4) copy_async<4>(to + e, from + e, e < count);
                else to[e] = e < count ? from[e] : element{};           // copy_async cannot take two bytes
            }
        }
    }
};

// What comes of float32 on the way into the tensor cores.
template <int M, int N> __device__ inline void round_factors(unsigned (&factors)[M][N]) {
#if PRECISION == TF32
#pragma unroll
    for (int i = 0; i < M; ++i)
#pragma unroll
        for (int j = 0; j < N; ++j) factors[i][j] = to_tf32(__uint_as_float(factors[i][j]));
#endif
}

#if WGMMA
#include "swizzled.cuh"
typedef Swizzled<GROUPS * TILE_COLS, B_ALONG_DEPTH> B;
#else
typedef Operand<GROUPS * TILE_COLS, B_ALONG_DEPTH, B_VECTORISED, B_PIECE, B_PITCH> B;
#endif

__device__ inline int divide_up(int a, int b) { return a / b + (a % b > 0); }

// This block's split of the depth: `count` steps from `first` on. There are gridDim.z splits, of which the
// last ones may be short or empty.
struct Steps {
    int first, count;
    __device__ Steps(int depth) {
        const int all = divide_up(depth, TILE_DEPTH), each = divide_up(all, gridDim.z);
        first = blockIdx.z * each;
        count = min(all - first, each);
    }
};
