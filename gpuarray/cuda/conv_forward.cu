// Convolution: y[n, p, q, k] = activation(bias[k] + sum over i, j, c of
//                                         x[n, p s - before + i, q s - before + j, c] w[i, j, c, k])
//
// Tiling: a matrix product of A (N P Q, side side C) by B (side side C, K). A is gathered from x
// (gather.cuh); B is w as it lies in memory.
//   blockIdx.x: the tile; neighbouring blocks read the same rows of A
//   blockIdx.z: the split of the depth, where tiles alone are too few to fill a card (split-K); its partial
//               sums, partials (splits, N, P, Q, K) float32, are added up by conv_reduce.cu
// Layout: x (N, H, W, C), or (N, H, W, 4) where C is smaller (`stored` in slices.cuh), w (side, side, C, K),
// y (N, P, Q, K).
// Slices: A [pixel][depth], B [depth][k].
// Precision and defines: tile.cuh, slices.cuh.
// Test: python -m pytest tests/gpuarray/cuda/test_conv.py
#include "slices.cuh"
#include "gather.cuh"
#include "shared_sums.cuh"

struct Operands {
    Gather x;
    const element* w;
    int taps, col, C, K, step;

    __device__ void load(element* a, element* b) {
        x.load(a);
        x.next_step();
        const int width = padded<A>(C);
#pragma unroll
        for (int r = 0; r < B::LINES_EACH; ++r) {
            const int depth = step * TILE_DEPTH + B::line(r);
            const int tap = width == C ? 0 : depth / width, c = depth - tap * width;
            const bool exists = width == C ? depth < taps * C : tap < taps && c < C;
            B::copy(b, r, w + (tap * C + c) * K + col, exists ? K - col : 0);
        }
        ++step;
    }
};

extern "C" __global__ void __launch_bounds__(THREADS, GATHERING)
conv_forward(In<element> x, In<element> w, In<float> bias, Out<element> y, Out<float> of_tiles,
             In<element> norm_x, In<float> gamma, In<float> beta, In<float> mean, In<float> inv_std,
             Out<float> partials, int N, int H, int W, int C, int P, int Q, int K, int side, int stride,
             int activation, bool vectorised) {
    const int before = (side - 1) / 2, all_rows = N * P * Q;
    const int across = divide_up(K, TILE_COLS), tile = blockIdx.x / across;
    const int row0 = tile * TILE_ROWS, col0 = blockIdx.x % across * TILE_COLS;

    __shared__ Rows rows;
    for (int r = threadIdx.x; r < TILE_ROWS; r += THREADS) {
        const int pixel = row0 + r, line = pixel / Q;
        if (pixel >= all_rows) {
            rows.set_none(r, side);
            continue;
        }
        rows.image[r] = line / P;
        rows.top[r] = line % P * stride - before;
        rows.left[r] = pixel % Q * stride - before;
        rows.destination[r] = pixel * K;
    }
    __syncthreads();

    const Steps steps(side * side * padded<A>(C));
    Operands operands = {Gather(x, H, W, stored<A>(C), side, side, rows, steps.first),
                         w, side * side, col0 + B::place(), C, K, steps.first};
    Product product;
    accumulate(product, operands, steps.count);

    const SumsInShared sums(product);
    const int n_rows = min(all_rows - row0, TILE_ROWS);
    if (partials != nullptr)
        write_partial(sums, partials + blockIdx.z * (all_rows * K), rows.destination, n_rows, col0, K,
                      vectorised);
    else
        write_result(sums, y, rows.destination, n_rows, col0, K, vectorised, bias, activation,
                     Normalised<element>{norm_x, gamma, beta, mean, inv_std}, of_tiles, tile,
                     divide_up(all_rows, TILE_ROWS));
}
