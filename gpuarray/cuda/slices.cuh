// A product whose operands both come in slices, TILE_DEPTH deep. Those of a step lie in one of STAGES
// buffers, which take turns, so that the next slices are on their way while one is multiplied. The file that
// includes this one says what A and B are.
#include "tile.cuh"

typedef Operand<TILE_ROWS, A_ALONG_DEPTH, A_VECTORISED, A_PIECE, A_PITCH> A;

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

// product += A B over `steps` steps. operands.load(a, b) starts the copies of a step's slices; it is called
// once for each step, in order. Afterwards the shared memory is free.
template <class Operands>
__device__ inline void accumulate(Product& product, Operands& operands, int steps) {
    auto stage = [](int step) { return dynamic_shared<element>() + step % STAGES * (A::SIZE + B::SIZE); };
    auto load = [&](int step) {
        if (step < steps) operands.load(stage(step), stage(step) + A::SIZE);
        copy_async_commit();                                            // one group a step, even an empty one
    };
    for (int step = 0; step < STAGES - 1; ++step) load(step);
    for (int step = 0; step < steps; ++step) {
        copy_async_wait<STAGES - 2>();
        __syncthreads();               // this step's slices are here, and nobody reads those before it
        load(step + STAGES - 1);
        product.add(stage(step), stage(step) + A::SIZE);
    }
    __syncthreads();
}
