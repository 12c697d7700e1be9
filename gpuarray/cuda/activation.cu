// The way back through y = activation(a + bias): da = dy activation'(y), and parts of its sum for dbias.
//
// Tiling: blocks over strips of 128 bytes of a row (columns.cuh), 16 bytes a thread; each leaves the sums
// over its chunk of rows in parts, which column_sums in sums.cu adds to dbias. Layout: dy, y, da (rows,
// channels), parts (chunks, channels). Precision: float32, sums in a fixed order.
#include "columns.cuh"

constexpr int ROWS_AT_ONCE = 2;

// parts null: da alone.
extern "C" __global__ void __launch_bounds__(256)
bias_activation_grad(In<ELEMENT> dy, In<ELEMENT> y, Out<ELEMENT> da, Out<float> parts, int rows, int channels,
                     int chunk) {
    const Strip at = strip_at(rows, channels, chunk, blockIdx.y, WIDTH);
    float sums[WIDTH] = {};
    Vector<ELEMENT, WIDTH> dy_read[ROWS_AT_ONCE], y_read[ROWS_AT_ONCE];
    if (at.inside)
        for_rows<ROWS_AT_ONCE>(at, [&](int i, int row) {
            dy_read[i] = vector_at<WIDTH>(dy + (size_t)row * channels + at.channel);
            y_read[i] = vector_at<WIDTH>(y + (size_t)row * channels + at.channel);
        }, [&](int i, int row) {
            float g[WIDTH], value[WIDTH];
            unpack(g, dy_read[i]);
            unpack(value, y_read[i]);
#pragma unroll
            for (int j = 0; j < WIDTH; ++j) {
                g[j] *= activation_slope<ACTIVATION>(value[j]);
                sums[j] += g[j];
            }
            store(da + (size_t)row * channels + at.channel, g);
        });
    if (parts == nullptr) return;
    sum_over_rows(sums);
    if (at.inside && threadIdx.y == 0) store(parts + (size_t)blockIdx.y * channels + at.channel, sums);
}
