// A tile's product by wgmma, on the tensor cores of sm_90a (compute capability 9.0 and no other), which
// mma.sync cannot keep busy.
//
// Each warpgroup owns its share of the tile's rows, as DOWN products of 64 rows and all columns of a group.
// Its warps read A by ldmatrix, as for mma.sync. B the tensor cores read themselves, out of shared memory: of
// float32 just the bits of a tf32, so that B must be rounded before (wgmma_weights.cu). While they multiply
// one half of a step, the registers of the other are filled: one half's products are always in flight.

struct Product {
    static constexpr int WARPGROUPS = THREADS / 128, DOWN = TILE_ROWS / WARPGROUPS / 64;
    static constexpr int ROWS = 64;                                     // of one product
    static constexpr int DEPTH = 32 / sizeof(element);
    static_assert(PRECISION == BF16 || B::ALONG_DEPTH, "of float32, wgmma takes no B along its columns");
    static_assert(TILE_DEPTH == 2 * DEPTH && DOWN * 64 * WARPGROUPS == TILE_ROWS, "halves, whole products");

    float sum[GROUPS][DOWN][TILE_COLS / 2] = {};
    unsigned a[2][DOWN][4];
    int row0, lane;

    __device__ Product() {
        lane = threadIdx.x % 32;
        row0 = threadIdx.x / 128 * DOWN * 64 + threadIdx.x / 32 % 4 * 16;
    }

    // Starts sum += the product of two slices, TILE_DEPTH deep. That of the slices before may still run.
    // groups: a bit for each that takes part.
    __device__ void add(const element* a_slice, const element* b_slice, unsigned groups) {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            wgmma_wait<1>();                                            // the last product of this half
#pragma unroll
            for (int i = 0; i < DOWN; ++i)
                load_matrix(a[half][i], A::at(a_slice, row0 + i * 64 + lane % 16, 0,
                                              half * DEPTH + lane / 16 * VECTOR));
            round_factors(a[half]);
            wgmma_fence();
#pragma unroll
            for (int group = 0; group < GROUPS; ++group) {
                if (GROUPS > 1 && !(groups >> group & 1)) continue;
                const unsigned long long b = B::descriptor(b_slice, half * DEPTH, group);
#pragma unroll
                for (int i = 0; i < DOWN; ++i) start(sum[group][i], a[half][i], b);
            }
            wgmma_commit();
        }
    }

    static __device__ void start(float (&d)[TILE_COLS / 2], const unsigned (&rows)[4], unsigned long long b) {
#if PRECISION == TF32
        wgmma_tf32(d, rows, b);
#else
        wgmma_bf16<!B::ALONG_DEPTH>(d, rows, b);
#endif
    }

    __device__ void finish() {
        wgmma_wait<0>();
#pragma unroll
        for (int group = 0; group < GROUPS; ++group)
#pragma unroll
            for (int i = 0; i < DOWN; ++i) wgmma_finished(sum[group][i]);
    }

    // Writes the sums of a group to a float32 tile with lines of `pitch`.
    __device__ void put(float* tile, int pitch, int group) const {
#pragma unroll
        for (int g = 0; g < GROUPS; ++g)                                // registers have no index
            if (g == group) put(tile, pitch, sum[g]);
    }

    __device__ void put(float* tile, int pitch, const float (&sums)[DOWN][TILE_COLS / 2]) const {
#pragma unroll
        for (int i = 0; i < DOWN; ++i)
#pragma unroll
            for (int pair = 0; pair < TILE_COLS / 4; ++pair) {
                const int row = row0 + i * 64 + pair % 2 * 8 + lane / 4, col = pair / 2 * 8 + lane % 4 * 2;
                const float of_row[2] = {sums[i][pair * 2], sums[i][pair * 2 + 1]};
                store(tile + row * pitch + col, of_row);
            }
    }
};

// What accumulate (patch.cuh) must know of a product that goes on after add().
constexpr int BEHIND = 1;                                               // steps that it may be behind
__device__ inline element* first_slice(element* p) { return B::aligned(p); }
__device__ inline void make_visible() { fence_async_proxy(); }          // what this thread's copies brought
__device__ inline void finish(Product& product) { product.finish(); }
