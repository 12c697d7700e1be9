// The gradient of a convolution to its weights:
//   dw[i, j, c, k] += weight * sum over n, p, q of x[n, p s - before + i, q s - before + j, c] dy[n, p, q, k]
//
// Tiling: a matrix product of A (side side C, N P Q) by B (N P Q, K). The depth is all pixels, and both
// operands lie in memory with their channels side by side. A thread always copies the same rows of A, so that
// its tap stays the same.
//   blockIdx.x: the tile; neighbouring blocks read the same rows of A
//   blockIdx.z: the split of the depth, because tiles are few and pixels many (split-K); its partial sums,
//               partials (splits, side, side, C, K) float32, are added up by conv_reduce.cu
// Layout: x (N, H, W, C), or (N, H, W, 4) where C is smaller (`stored` in slices.cuh), dy (N, P, Q, K), dw
// (side, side, C, K) float32.
// Slices: A [pixel][tap and c], B [pixel][k].
// Precision and defines: tile.cuh, slices.cuh.
// Test: python -m pytest tests/gpuarray/cuda/test_conv.py
#include "slices.cuh"
#include "shared_sums.cuh"

struct Operands {
    const element *x, *dy;
    int H, W, C, P, Q, K, stride;
    int top, left, c, count;            // what this thread's rows read: tap, first channel, channels left
    int col, pixels, step;

    __device__ void load(element* a, element* b) {
        const int first = step * TILE_DEPTH + A::line(0), line = first / Q;
        int n = line / P, p = line % P, q = first % Q;
#pragma unroll
        for (int r = 0; r < A::LINES_EACH; ++r) {                       // neighbouring pixels
            const int h = p * stride + top, w = q * stride + left;
            const bool inside = first + r < pixels && (unsigned)h < (unsigned)H && (unsigned)w < (unsigned)W;
            A::copy(a, r, x + ((n * H + h) * W + w) * stored<A>(C) + c, inside ? count : 0);
            if (++q == Q) {
                q = 0;
                if (++p == P) p = 0, ++n;
            }
        }
#pragma unroll
        for (int r = 0; r < B::LINES_EACH; ++r) {
            const int pixel = step * TILE_DEPTH + B::line(r);
            B::copy(b, r, dy + pixel * K + col, pixel < pixels ? K - col : 0);
        }
        ++step;
    }
};

extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS)
conv_weight_grad(In<element> x, In<element> dy, Out<float> dw, Out<float> partials, int N, int H, int W,
                 int C, int P, int Q, int K, int side, int stride, int before, float weight,
                 bool vectorised) {
    const int width = padded<A>(C), all_rows = side * side * width;
    const int across = divide_up(K, TILE_COLS);
    const int row0 = blockIdx.x / across * TILE_ROWS, col0 = blockIdx.x % across * TILE_COLS;

    __shared__ int destination[TILE_ROWS];
    for (int r = threadIdx.x; r < TILE_ROWS; r += THREADS) {
        const int tap = (row0 + r) / width, c = (row0 + r) % width;
        destination[r] = c < C ? (tap * C + c) * K : -1;
    }

    const Steps steps(N * P * Q);
    const int tap = (row0 + A::place()) / width, c = (row0 + A::place()) % width;
    Operands operands = {x, dy, H, W, C, P, Q, K, stride, tap / side - before, tap % side - before, c,
                         tap < side * side ? C - c : 0, col0 + B::place(), N * P * Q, steps.first};
    Product product;
    accumulate(product, operands, steps.count);

    const SumsInShared sums(product);
    const int n_rows = min(all_rows - row0, TILE_ROWS);
    if (partials != nullptr)
        write_partial(sums, partials + blockIdx.z * (side * side * C * K), destination, n_rows, col0, K,
                      vectorised);
    else
        add_gradient(sums, dw, destination, n_rows, col0, K, vectorised, weight);
}
