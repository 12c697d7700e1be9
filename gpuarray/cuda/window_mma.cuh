// The product of a window on the tensor cores (fragments.cuh). Each warp owns all CHANNELS of its taps, and
// COLS of the tile's columns.
#include "fragments.cuh"

struct Product {
    static constexpr int COLS = TILE_COLS / WARPS_ACROSS;
    static_assert(ACROSS % 8 == 0 && TILE_DEPTH % MMA_DEPTH == 0, "instructions take whole lines of eight");

    float sum[Taps::EACH][COLS / 8][4] = {};
    const Taps taps;
    const int lane = threadIdx.x % 32, col0 = threadIdx.x / 32 % WARPS_ACROSS * COLS;

    // sum += the product of a patch and a slice of dy.
    __device__ void add(const element* patch, const element* b_slice) {
#pragma unroll
        for (int depth = 0; depth < TILE_DEPTH; depth += MMA_DEPTH) {
            unsigned b[COLS / 8][2];
            read_columns<COLS>(b, b_slice, depth, col0, lane);
#pragma unroll
            for (int i = 0; i < Taps::EACH; ++i) {
                if (!taps.exists(i)) continue;
                unsigned a[1][4];
                read_rows<4 * VECTOR, 8 / VECTOR * PLANE * VECTOR>(a[0], lane, [&](int pixel, int channel) {
                    return A::at(patch + taps.shift[i], pixel, channel) + depth / ACROSS * A::NEXT;
                });
                round_factors(a);
#pragma unroll
                for (int j = 0; j < COLS / 8; ++j) multiply(sum[i][j], a[0], b[j]);
            }
        }
    }

    // f(tap, channel, col, v): for each of this lane's sums; v are those from col on.
    template <class F> __device__ void for_each(F f) const {
#pragma unroll
        for (int i = 0; i < Taps::EACH; ++i)
#pragma unroll
            for (int j = 0; j < COLS / 8; ++j)
#pragma unroll
                for (int half = 0; half < 2; ++half) {
                    float v[2] = {sum[i][j][half * 2], sum[i][j][half * 2 + 1]};
                    if (taps.exists(i))
                        f(taps.number(i), half * 8 + lane / 4, col0 + j * 8 + lane % 4 * 2, v);
                }
    }
};
