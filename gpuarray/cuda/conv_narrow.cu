// A convolution of stride 1 to OUT = 1 to 4 channels (a decoder's last layer, the gradient to an image):
//   y[n, p, q, k] = activation(bias[k] + sum over i, j, c of
//                                         x[n, p - before + i, q - before + j, c] v[i, j, c, k])
// with v = w. For the gradient to the input (flipped), v[i, j, c, k] = w[SIDE - 1 - i, SIDE - 1 - j, k, c].
//
// As a matrix product, this would be mostly padding and would read x once for every tap.
// Tiling: a block owns TILE x TILE pixels of an image. It copies the patch of x that they depend on into
// shared memory, CHANNELS channels at a time, each as a plane of its own. A thread keeps the sums of ROWS x
// COLS pixels in registers and slides along the rows of the patch.
// Layout: x (N, H, W, C), y (N, H, W, OUT). Precision: float32 on the ordinary units, whatever ELEMENT is.
// Defines: NARROW in tiles.py.
// Test: python -m pytest tests/gpuarray/cuda/test_conv.py
#include "quads.cuh"

constexpr int ACROSS = TILE / COLS;                                   // threads side by side
constexpr int PATCH = TILE + SIDE - 1, PITCH = (PATCH + 3) / 4 * 4;
constexpr int SEEN = (COLS + SIDE - 1 + 3) / 4 * 4;                   // of a row of the patch, in whole quads
static_assert(ACROSS * COLS == TILE && THREADS / ACROSS * ROWS == TILE, "tiles are square");

extern "C" __global__ void __launch_bounds__(THREADS)
conv_narrow(In<ELEMENT> x, In<ELEMENT> w, In<float> bias, Out<ELEMENT> y, int H, int W, int C, int before,
            bool flipped, int activation, bool vectorised) {
    __shared__ __align__(16) float patch[CHANNELS][PATCH * PITCH], weights[CHANNELS][SIDE * SIDE][4];
    const int tiles_across = (W + TILE - 1) / TILE, tiles = tiles_across * ((H + TILE - 1) / TILE);
    const int image = blockIdx.x / tiles, tile = blockIdx.x % tiles;
    const int top = tile / tiles_across * TILE, left = tile % tiles_across * TILE;
    const int row0 = threadIdx.x / ACROSS * ROWS, col0 = threadIdx.x % ACROSS * COLS;

    float sum[ROWS][COLS][OUT] = {};
    for (int c0 = 0; c0 < C; c0 += CHANNELS) {
        for (int pixel = threadIdx.x; pixel < PATCH * PATCH; pixel += THREADS) {
            const int i = pixel / PATCH, j = pixel % PATCH, h = top - before + i, width = left - before + j;
            const bool inside = (unsigned)h < (unsigned)H && (unsigned)width < (unsigned)W;
            const ELEMENT* from = x + ((image * H + h) * W + width) * C + c0;
#pragma unroll
            for (int c = 0; c < CHANNELS; c += 4) {
                float v[4] = {};
                if (inside && c0 + c < C) load_quad(v, from + c, C - c0 - c, vectorised);
#pragma unroll
                for (int e = 0; e < 4; ++e) patch[c + e][i * PITCH + j] = v[e];
            }
        }
        for (int i = threadIdx.x; i < CHANNELS * SIDE * SIDE * OUT; i += THREADS) {
            const int k = i % OUT, c = i / OUT % CHANNELS, tap = i / (OUT * CHANNELS);
            const int from = flipped ? ((SIDE * SIDE - 1 - tap) * OUT + k) * C + c0 + c
                                     : (tap * C + c0 + c) * OUT + k;
            weights[c][tap][k] = c0 + c < C ? to_float(w[from]) : 0.0f;
        }
        __syncthreads();
        for (int c = 0; c < CHANNELS; ++c)
#pragma unroll
            for (int r = 0; r < ROWS + SIDE - 1; ++r) {               // rows of the patch that it reads
                float seen[SEEN];
#pragma unroll
                for (int e = 0; e < SEEN; e += 4) {
                    float v[4];
                    load(v, &patch[c][(row0 + r) * PITCH + col0 + e]);
                    seen[e] = v[0], seen[e + 1] = v[1], seen[e + 2] = v[2], seen[e + 3] = v[3];
                }
#pragma unroll
                for (int row = 0; row < ROWS; ++row)
#pragma unroll
                    for (int j = 0; j < SIDE; ++j) {
                        const int i = r - row;
                        if (i < 0 || i >= SIDE) continue;
                        float v[4];
                        load(v, weights[c][i * SIDE + j]);
#pragma unroll
                        for (int col = 0; col < COLS; ++col)
#pragma unroll
                            for (int k = 0; k < OUT; ++k)
                                sum[row][col][k] = fmaf(seen[col + j], v[k], sum[row][col][k]);
                    }
            }
        __syncthreads();
    }

#pragma unroll
    for (int row = 0; row < ROWS; ++row)
#pragma unroll
        for (int col = 0; col < COLS; ++col) {
            const int p = top + row0 + row, q = left + col0 + col;
            if (p >= H || q >= W) continue;
            ELEMENT* pixel = y + ((image * H + p) * W + q) * OUT;
#pragma unroll
            for (int k = 0; k < OUT; ++k) {
                const float offset = bias != nullptr ? bias[k] : 0.0f;
                pixel[k] = from_float<ELEMENT>(activate(sum[row][col][k] + offset, activation));
            }
        }
}
