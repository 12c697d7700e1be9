// The gradient of y = activation(a + bias): da = dy activation'(y), and the partial sums of da for dbias.
//
// Tiling: each block takes a strip of 128 bytes of each row (columns.cuh), 16 bytes a thread. It leaves the
// sums over its segment of the rows in `partials`; column_sums in sums.cu adds them to dbias.
// Layout: dy, y, da (rows, channels), partials (segments, channels).
// Precision: float32, sums in a fixed order.
// Test: python -m pytest tests/gpuarray/cuda/test_activation.py
#include "columns.cuh"

constexpr int ROWS_AT_ONCE = 2;

// Where partials is null, da alone is computed.
extern "C" __global__ void __launch_bounds__(THREADS)
bias_activation_grad(In<ELEMENT> dy, In<ELEMENT> y, Out<ELEMENT> da, Out<float> partials, int rows,
                     int channels, int segment) {
    const Strip at = strip_at(rows, channels, segment, blockIdx.y, WIDTH);
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
    if (partials == nullptr) return;
    sum_over_rows(sums);
    if (at.inside && threadIdx.y == 0) store(partials + (size_t)blockIdx.y * channels + at.channel, sums);
}
