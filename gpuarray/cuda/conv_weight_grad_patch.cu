// The gradient of a convolution to its weights (the formula: conv_weight_grad.cu), where a patch of x stays
// in shared memory while all taps walk over it.
//
// Tiling: a matrix product of A (side side C, N P Q) by B (N P Q, K). A tile is all taps of 16 channels by 64
// columns: 400 x 64 for 5x5. It walks over the windows of dy (window.cuh). A thread has up to 112 sums, so
// that one block of eight warps fills a multiprocessor's registers.
//   blockIdx.x: the tile; neighbouring blocks read the same patches
//   blockIdx.z: the split of the windows, because tiles are few (split-K); its partial sums, partials
//               (splits, side, side, C, K) float32, are added up by conv_reduce.cu
// Traffic, for each pixel of dy: 16 channels of F pixels of x, and 64 columns of dy, for each of C / 16 x
// K / 64 tiles. F is a patch's pixels by a window's: for 5x5 and stride 2, 361 / 64 = 5.6 (8 x 8 pixels) or
// 209 / 32 = 6.5 (8 x 4, fp32). That is C K (16 F + 64) / 1024 = 0.15 C K or 0.16 C K. The 128 x 128 tiles of
// conv_weight_grad.cu fetch 25 C K (1 / 128 + 1 / 128) = 0.39 C K, and the 128 x 64 of fp32 0.59 C K.
// Layout: x (N, H, W, C), dy (N, P, Q, K), dw (side, side, C, K) float32; C a multiple of 16, K of 16 bytes.
// Slices: B [pixel][k].
// Precision and defines: tile.cuh, window.cuh. Where dy has no pixel, its zeros are multiplied by some of x.
// Test: python -m pytest tests/gpuarray/cuda/test_conv_weight_grad_patch.py
#include "window.cuh"

struct Operands {
    const element *x, *dy;              // the tile's first channel, and this thread's first column
    int H, W, C, P, Q, K, before, columns;
    int step;

    __device__ void load(element* patch, element* b) {
        const int down = divide_up(P, TILE_DEPTH / ACROSS), across = divide_up(Q, ACROSS);
        const int n = step / (down * across), p0 = step / across % down * (TILE_DEPTH / ACROSS);
        const int q0 = step % across * ACROSS;
#pragma unroll
        for (int r = 0; r < B::LINES_EACH; ++r) {
            const int p = p0 + B::line(r) / ACROSS, q = q0 + B::line(r) % ACROSS;
            B::copy(b, r, dy + ((n * P + p) * Q + q) * K, p < P && q < Q ? columns : 0);
        }
        Window::copy(patch, x + n * H * W * C, p0 * STRIDE - before, q0 * STRIDE - before, H, W, C);
        ++step;
    }
};

extern "C" __global__ void __launch_bounds__(THREADS, 1)
conv_weight_grad_patch(In<element> x, In<element> dy, Out<float> dw, Out<float> partials, int N, int H, int W,
                       int C, int P, int Q, int K, int before, float weight) {
    const int across = divide_up(K, TILE_COLS);
    const int c0 = blockIdx.x / across * Window::CHANNELS, col0 = blockIdx.x % across * TILE_COLS;
    const Steps steps(N * divide_up(P, TILE_DEPTH / ACROSS) * divide_up(Q, ACROSS) * TILE_DEPTH);
    const int col = col0 + B::place();
    Operands operands = {x + c0, dy + col, H, W, C, P, Q, K, before, K - col, steps.first};
    Product product;
    accumulate(product, operands, steps.count);

    float* partial = partials + blockIdx.z * (TAPS * C * K);
    product.for_each([&](int tap, int c, int k, auto& v) {
        const int at = (tap * C + c0 + c) * K + col0 + k;
        if (col0 + k >= K) return;
        if (partials != nullptr) return store(partial + at, v);
        constexpr int N = sizeof(v) / sizeof(float);
        float old[N];
        load(old, dw + at);
#pragma unroll
        for (int e = 0; e < N; ++e) v[e] = fmaf(weight, v[e], old[e]);
        store(dw + at, v);
    });
}
