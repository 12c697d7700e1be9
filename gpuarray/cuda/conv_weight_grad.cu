// The gradient of a convolution to its weights:
//   dw[i, j, c, k] += weight * sum over n, p, q of x[n, p s - before + i, q s - before + j, c] dy[n, p, q, k]
//
// Tiling: a matrix product of (side side C) x (N P Q) by (N P Q) x K: the depth is all pixels, and both
// operands lie in memory with their channels side by side. A thread, which always copies the same rows,
// keeps its tap. blockIdx.x: tile; neighbours share the rows of A. blockIdx.z: part of the pixels, as tiles
// are few and pixels many; parts, (parts, side, side, C, K) float32, are left for conv_finish.cu.
// Layout: x (N, H, W, C), dy (N, P, Q, K), dw (side, side, C, K) float32. Precision: tile.cuh.
#include "tile.cuh"
#include "shared_sums.cuh"

typedef Operand<false, TILE_ROWS, A_IN_CHUNKS> A;                       // [pixel][tap and c]
typedef Operand<false, TILE_COLS, B_IN_CHUNKS> B;                       // [pixel][k]

struct Operands {
    const element *x, *dy;
    int H, W, C, P, Q, K, stride;
    int top, left, c, count;            // what this thread's rows read: tap, first channel, how many
    int col, pixels, step;

    __device__ void load(element* a, element* b) {
        const int first = step * TILE_DEPTH + A::line(0), line = first / Q;
        int n = line / P, p = line % P, q = first % Q;
#pragma unroll
        for (int r = 0; r < A::LINES_EACH; ++r) {                       // neighbouring pixels
            const int h = p * stride + top, w = q * stride + left;
            const bool inside = first + r < pixels && (unsigned)h < (unsigned)H && (unsigned)w < (unsigned)W;
            A::copy(a, r, x + ((n * H + h) * W + w) * C + c, inside ? count : 0);
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
conv_weight_grad(In<element> x, In<element> dy, Out<float> dw, Out<float> parts, int N, int H, int W, int C,
                 int P, int Q, int K, int side, int stride, int before, float weight, bool whole) {
    const int width = padded<A_IN_CHUNKS>(C), all_rows = side * side * width;
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
    Product<A, B> product;
    accumulate<A, B>(product, operands, steps.count);

    const SumsInShared sums(product);
    const int n_rows = min(all_rows - row0, TILE_ROWS);
    if (parts != nullptr)
        write_partial(sums, parts + blockIdx.z * (side * side * C * K), destination, n_rows, col0, K, whole);
    else
        add_gradient(sums, dw, destination, n_rows, col0, K, whole, weight);
}
