// The way back through y = activation(a + bias): da = dy activation'(y), and the parts of sum da over all rows for dbias.
//
// Tiling: blocks over strips of 128 bytes of a row (`strip_at`), 16 bytes a thread; each block leaves the sums over its chunk of
// rows in parts, which column_sums in sums.cu adds to dbias. Layout: dy, y, da (rows, channels), parts (chunks, channels).
// Precision: float32, sums in a fixed order.
#include "columns.cuh"

// parts null: da alone.
extern "C" __global__ void __launch_bounds__(256)
bias_activation_grad(const ELEMENT* dy, const ELEMENT* y, ELEMENT* da, float* parts, int rows, int channels, int chunk) {
    Strip at = strip_at(rows, channels, chunk, blockIdx.y, WIDTH);
    float sums[WIDTH] = {};
#pragma unroll 4
    for (int row = at.begin + threadIdx.y; at.inside && row < at.end; row += blockDim.y) {
        size_t where = (size_t)row * channels + at.channel;
        float g[WIDTH], value[WIDTH];
        load(g, dy + where);
        load(value, y + where);
#pragma unroll
        for (int i = 0; i < WIDTH; ++i) {
            g[i] *= activation_slope<ACTIVATION>(value[i]);
            sums[i] += g[i];
        }
        store(da + where, g);
    }
    if (parts == nullptr) return;
    sum_over_rows(sums);
    if (at.inside && threadIdx.y == 0) store(parts + (size_t)blockIdx.y * channels + at.channel, sums);
}
