// A product whose operands both come in slices, TILE_DEPTH deep (stages.cuh). The file that includes this one
// says what A and B are.
#include "tile.cuh"

typedef Operand<TILE_ROWS, A_ALONG_DEPTH, A_VECTORISED, A_PIECE, A_PITCH> A;

// Blocks that a multiprocessor must have registers for. Where A is not copied 16 bytes at once, a thread has
// more lines to follow, and with the registers that three blocks leave some compilers spill.
constexpr int GATHERING = A::VECTORISED && A::PIECE == VECTOR ? BLOCKS : 2;

// The channels that the depth counts for `channels` of operand O: whole pieces, so that three become four.
template <class O> __device__ inline int padded(int channels) {
    return (channels + O::PIECE - 1) / O::PIECE * O::PIECE;
}

// Those of a pixel in memory: images of three channels are vectorised by a fourth, of zeros.
template <class O> __device__ inline int stored(int channels) {
    return O::VECTORISED ? padded<O>(channels) : channels;
}

#if PRECISION == FP32
#include "product_fma.cuh"
#else
#include "product_mma.cuh"
#endif
#include "stages.cuh"
