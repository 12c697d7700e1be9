// From a product's registers to its end: shared memory through which every thread reads the sums of all.
#include "epilogue.cuh"

constexpr int TILE_PITCH = TILE_COLS + 4;
static_assert(sizeof(SliceMoments) <= sizeof(float) * TILE_ROWS * TILE_PITCH, "moments take the sums' place");

// The sums of a product, put into shared memory for all threads to read.
struct SumsInShared {
    const float* tile;

    template <class Product> __device__ SumsInShared(const Product& product) : tile(dynamic_shared<float>()) {
        product.put(dynamic_shared<float>(), TILE_PITCH);
        __syncthreads();
    }
    __device__ void operator()(float (&v)[4], int row, int col) const {
        load(v, tile + row * TILE_PITCH + col);
    }
    // Shared memory for moments: where the sums were, so that more blocks fit a multiprocessor.
    __device__ SliceMoments& moments() const {
        __syncthreads();                                                // all sums have been read
        return *dynamic_shared<SliceMoments>();
    }
};
