// A tile's product on the tensor cores (fragments.cuh). Each warp owns ROWS x COLS of each
// group of the tile.
#include "fragments.cuh"

struct Product {
    static constexpr int ROWS = TILE_ROWS / WARPS_DOWN, COLS = TILE_COLS / WARPS_ACROSS;
    static_assert(ROWS % 16 == 0, "whole instructions");

    float sum[GROUPS][ROWS / 16][COLS / 8][4] = {};
    int row0, col0, lane;

    __device__ Product() {
        lane = threadIdx.x % 32;
        row0 = threadIdx.x / 32 / WARPS_ACROSS * ROWS;
        col0 = threadIdx.x / 32 % WARPS_ACROSS * COLS;
    }

    // sum += the product of two slices, TILE_DEPTH deep. groups: a bit for each that takes part.
    __device__ void add(const element* a_slice, const element* b_slice, unsigned groups = 1) {
#pragma unroll
        for (int depth = 0; depth < TILE_DEPTH; depth += MMA_DEPTH) {
            unsigned a[ROWS / 16][4], b[COLS / 8][2];
            read_a<A>(a, a_slice, depth);
#pragma unroll
            for (int group = 0; group < GROUPS; ++group) {
                if (!(groups >> group & 1)) continue;
                read_columns<COLS>(b, b_slice, depth, group * TILE_COLS + col0, lane);
#pragma unroll
                for (int j = 0; j < COLS / 8; ++j)
#pragma unroll
                    for (int i = 0; i < ROWS / 16; ++i) multiply(sum[group][i][j], a[i], b[j]);
            }
        }
    }

    template <class O>
    __device__ void read_a(unsigned (&a)[ROWS / 16][4], const element* slice, int depth) {
#pragma unroll
        for (int i = 0; i < ROWS / 16; ++i) {
            if constexpr (O::ALONG_DEPTH)
                load_matrix(a[i], O::at(slice, row0 + lane % 16, i * 16, depth + lane / 16 * VECTOR));
            else
                read_rows<4 * O::PITCH, 8>(a[i], lane, [&](int line, int row) {
                    return O::at(slice, depth + line, 0, row0 + i * 16 + row);
                });
        }
        round_factors(a);
    }

    // Writes the sums of a group to a float32 tile with lines of `pitch`.
    __device__ void put(float* tile, int pitch, int group = 0) const {
#pragma unroll
        for (int g = 0; g < GROUPS; ++g)                                // registers have no index
            if (g == group) put(tile, pitch, sum[g]);
    }

    __device__ void put(float* tile, int pitch, const float (&sums)[ROWS / 16][COLS / 8][4]) const {
#pragma unroll
        for (int i = 0; i < ROWS / 16; ++i)
#pragma unroll
            for (int j = 0; j < COLS / 8; ++j)
#pragma unroll
                for (int half = 0; half < 2; ++half) {
                    const int row = row0 + i * 16 + half * 8 + lane / 4, col = col0 + j * 8 + lane % 4 * 2;
                    const float pair[2] = {sums[i][j][half * 2], sums[i][j][half * 2 + 1]};
                    store(tile + row * pitch + col, pair);
                }
    }
};
