// The product of a window on the ordinary float32 units (any card). Each warp owns all CHANNELS of its taps,
// and 32 of the tile's columns. Its 32 lanes lie 4 down by 8 across, and a lane owns 4 channels of each tap,
// and 4 columns. Every read from shared memory takes 16 bytes.
struct Product {
    static_assert(Window::CHANNELS == 4 * 4 && TILE_COLS == WARPS_ACROSS * 8 * 4, "4 x 4 sums of a tap");

    float sum[Taps::EACH][4][4] = {};
    const Taps taps;
    const int channel = threadIdx.x % 32 / 8 * 4;
    const int col = threadIdx.x / 32 % WARPS_ACROSS * 32 + threadIdx.x % 8 * 4;

    // sum += the product of a patch and a slice of dy.
    __device__ void add(const element* patch, const element* b_slice) {
#pragma unroll 1                                                        // a line of dy at a time: short code
        for (int line = 0; line < TILE_DEPTH; line += ACROSS)
#pragma unroll
            for (int pixel = 0; pixel < ACROSS; ++pixel) {
                float b[4];
                load(b, B::at(b_slice, line, pixel, col));
#pragma unroll
                for (int i = 0; i < Taps::EACH; ++i) {
                    if (!taps.exists(i)) continue;
                    float a[4];
                    load(a, A::at(patch + taps.shift[i], line + pixel, channel));
#pragma unroll
                    for (int c = 0; c < 4; ++c)
#pragma unroll
                        for (int k = 0; k < 4; ++k) sum[i][c][k] = fmaf(a[c], b[k], sum[i][c][k]);
                }
            }
    }

    // f(tap, channel, col, v): for each of this lane's sums; v are those from col on.
    template <class F> __device__ void for_each(F f) const {
#pragma unroll
        for (int i = 0; i < Taps::EACH; ++i)
#pragma unroll
            for (int c = 0; c < 4; ++c) {
                float v[4] = {sum[i][c][0], sum[i][c][1], sum[i][c][2], sum[i][c][3]};
                if (taps.exists(i)) f(taps.number(i), channel + c, col, v);
            }
    }
};
