// The gradient of a convolution to its input, which is also the up-convolution:
//   dx[n, h, w, c] = activation(bias[c] + sum over all p s - before + i = h, q s - before + j = w, and k of
//                                         dy[n, p, q, k] w[i, j, c, k])
//
// Tiling: a phase (phase.cuh) is a matrix product of A (its pixels, taps K) by B (taps K, C). A is gathered
// from dy (gather.cuh); B is w, read along k.
//   blockIdx.x: the tile    blockIdx.y: the phase    blockIdx.z: the split of the depth (conv_forward.cu)
// Layout: dy (N, P, Q, K), w (side, side, C, K), dx (N, H, W, C).
// Slices: A [pixel][depth], B [c][depth].
// Precision and defines: tile.cuh, slices.cuh.
// Test: python -m pytest tests/gpuarray/cuda/test_conv.py
#include "slices.cuh"
#include "gather.cuh"
#include "phase.cuh"
#include "shared_sums.cuh"

struct Operands {
    Gather dy;
    const element* w;
    int last_i, last_j, side, stride, col0, C;

    __device__ void load(element* a, element* b) {
        dy.load(a);
        const int K = dy.channels, i = last_i - dy.i * stride, j = last_j - dy.j * stride;
#pragma unroll
        for (int r = 0; r < B::LINES_EACH; ++r) {                       // B's pieces lie where A's do
            const int c = col0 + B::line(r);
            B::copy(b, r, w + ((i * side + j) * C + c) * K + dy.c, dy.in_kernel() && c < C ? K - dy.c : 0);
        }
        dy.next_step();
    }
};

extern "C" __global__ void __launch_bounds__(THREADS, GATHERING)
conv_input_grad(In<element> dy, In<element> w, In<float> bias, Out<element> dx, Out<float> of_tiles,
                In<element> norm_x, In<float> gamma, In<float> beta, In<float> mean, In<float> inv_std,
                Out<float> partials, int N, int H, int W, int C, int P, int Q, int K, int side, int stride,
                int activation, bool vectorised) {
    const Phase down(blockIdx.y / stride, H, side, stride), right(blockIdx.y % stride, W, side, stride);
    const int all_rows = N * down.pixels * right.pixels;
    const int across = divide_up(C, TILE_COLS), tile = blockIdx.x / across;
    const int row0 = tile * TILE_ROWS, col0 = blockIdx.x % across * TILE_COLS;

    __shared__ Rows rows;
    for (int r = threadIdx.x; r < TILE_ROWS; r += THREADS) {
        const int pixel = row0 + r;
        if (pixel >= all_rows) {
            rows.set_none(r, down.taps);
            continue;
        }
        const int line = pixel / right.pixels, image = line / down.pixels;
        const int v = line % down.pixels, u = pixel % right.pixels;     // the pixel's place in its phase
        rows.image[r] = image;
        rows.top[r] = v + down.begin;
        rows.left[r] = u + right.begin;
        rows.destination[r] = ((image * H + v * stride + down.offset) * W + u * stride + right.offset) * C;
    }
    __syncthreads();

    const Steps steps(down.taps * right.taps * padded<A>(K));
    Operands operands = {Gather(dy, P, Q, K, down.taps, right.taps, rows, steps.first),
                         w, down.last_tap, right.last_tap, side, stride, col0, C};
    Product product;
    accumulate(product, operands, steps.count);

    const SumsInShared sums(product);
    const int n_rows = min(all_rows - row0, TILE_ROWS), tiles = gridDim.x / across;
    if (partials != nullptr)
        write_partial(sums, partials + blockIdx.z * (N * H * W * C), rows.destination, n_rows, col0, C,
                      vectorised);
    else
        write_result(sums, dx, rows.destination, n_rows, col0, C, vectorised, bias, activation,
                     Normalised<element>{norm_x, gamma, beta, mean, inv_std}, of_tiles,
                     blockIdx.y * tiles + tile, gridDim.y * tiles);
}
