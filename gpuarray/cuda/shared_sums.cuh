// Between a product and its epilogue, the sums go through shared memory, where every thread can read them
// all.
#include "gradient_epilogue.cuh"

static_assert(sizeof(Slices) <= sizeof(float) * TILE_ROWS * SUMS_PITCH, "slices take the sums' place");

struct SumsInShared {
    const float* tile;

    template <class Product>
    __device__ SumsInShared(const Product& product, int group = 0) : tile(dynamic_shared<float>()) {
        product.put(dynamic_shared<float>(), SUMS_PITCH, group);
        __syncthreads();
    }
    __device__ void operator()(float (&v)[4], int row, int col) const {
        load(v, tile + row * SUMS_PITCH + col);
    }
    // It reuses the memory of the sums, so that more blocks fit a multiprocessor.
    __device__ Slices& slices() const {
        __syncthreads();                                                // all sums have been read
        return *dynamic_shared<Slices>();
    }
};
