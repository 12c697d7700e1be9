// The transforms before the products of Winograd's algorithm (winograd.cuh):
//   winograd_windows    B' d B of windows d of 6x6 blocks, 4 apart, framed by zeros: of x; of dy backwards
//   winograd_tiles      A d A' of the tiles d of 4x4 pixels: of dy, for the gradient to the weights
//   winograd_weights    G w G' of the 3x3 taps of each phase of w
//
// Tiling: a thread has a tile, a phase and a channel; neighbouring threads have neighbouring channels.
// Traffic: windows overlap, so that x is read 2.25 times, mostly from the caches; points are written once,
// 121 numbers for 64 pixels of x, 36 for 16 of dy, 121 for 25 weights.
// Layout: x (N, H, W, C), dy (N, P, Q, K), w (5, 5, C, K); images in whole tiles; points as in winograd.cuh,
// those of weights like one tile of C K channels.
// Precision: float32. Defines: BLOCK, the side of a block (2 of x and w, 1 of dy); THREADS.
// Test: python -m pytest tests/gpuarray/cuda/test_winograd.py
#include "winograd.cuh"

// M d M' of squares d of M::IN x M::IN blocks, 4 apart, that begin `before` blocks in front of the images.
template <class M>
__device__ inline void images_to_points(const float* images, float* points, int H, int W, int C, int tiles,
                                        int before, bool backwards) {
    const Unit<BLOCK> at(blockIdx.x * blockDim.x + threadIdx.x, C);
    if (at.tile >= tiles) return;
    const int down = H / (4 * BLOCK), across = W / (4 * BLOCK);
    const int top = (at.tile / across % down * 4 - before) * BLOCK + at.a;
    const int left = (at.tile % across * 4 - before) * BLOCK + at.b;
    const float* image = images + at.tile / (down * across) * (H * W * C) + at.channel;
    float d[M::IN][M::IN], v[POINTS][POINTS];
#pragma unroll
    for (int i = 0; i < M::IN; ++i)
#pragma unroll
        for (int j = 0; j < M::IN; ++j) {
            const int h = top + (backwards ? M::IN - 1 - i : i) * BLOCK;
            const int w = left + (backwards ? M::IN - 1 - j : j) * BLOCK;
            const bool inside = (unsigned)h < (unsigned)H && (unsigned)w < (unsigned)W;
            d[i][j] = inside ? image[(h * W + w) * C] : 0.0f;
        }
    transform<M>(v, d);
    at.put(points, v, tiles, C);
}

extern "C" __global__ void __launch_bounds__(THREADS)
winograd_windows(In<float> images, Out<float> points, int H, int W, int C, int tiles) {
    images_to_points<ToPoints>(images, points, H, W, C, tiles, 1, BLOCK == 1);
}

extern "C" __global__ void __launch_bounds__(THREADS)
winograd_tiles(In<float> images, Out<float> points, int H, int W, int C, int tiles) {
    images_to_points<Powers<4>>(images, points, H, W, C, tiles, 0, false);
}

extern "C" __global__ void __launch_bounds__(THREADS)
winograd_weights(In<float> w, Out<float> points, int size) {        // size: C K
    const Unit<BLOCK> at(blockIdx.x * blockDim.x + threadIdx.x, size);
    if (at.tile > 0) return;
    float taps[3][3], v[POINTS][POINTS];
#pragma unroll
    for (int u = 0; u < 3; ++u)
#pragma unroll
        for (int t = 0; t < 3; ++t) {
            const int i = 2 * u + at.a, j = 2 * t + at.b;
            taps[u][t] = i < 5 && j < 5 ? w[(i * 5 + j) * size + at.channel] : 0.0f;
        }
    transform<Powers<3>>(v, taps);
    at.put(points, v, 1, size);
}
