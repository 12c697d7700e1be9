// Convolution: y[n, p, q, k] = activation(bias[k] + sum over i, j, c of
//                                         x[n, p s - before + i, q s - before + j, c] w[i, j, c, k])
//
// Tiling: a matrix product of (N P Q) x (side side C) by (side side C) x K. A is gathered from x
// (gather.cuh), B is w as it lies in memory. blockIdx.x: tile; neighbours share the rows of A. blockIdx.z:
// part of the depth, where tiles alone are too few to fill a card; parts, (parts, N, P, Q, K) float32, are
// left for conv_finish.cu.
// Layout: x (N, H, W, C), w (side, side, C, K), y (N, P, Q, K). Precision: tile.cuh.
#include "tile.cuh"
#include "gather.cuh"
#include "shared_sums.cuh"

typedef Operand<true, TILE_ROWS, A_IN_CHUNKS> A;                        // [pixel][depth]
typedef Operand<false, TILE_COLS, B_IN_CHUNKS> B;                       // [depth][k]

struct Operands {
    Gather<A> x;
    const element* w;
    int taps, col, K, step;

    __device__ void load(element* a, element* b) {
        x.load(a);
        x.next_step();
        const int C = x.channels, width = padded<A_IN_CHUNKS>(C);
#pragma unroll
        for (int r = 0; r < B::LINES_EACH; ++r) {
            const int depth = step * TILE_DEPTH + B::line(r);
            const int tap = A_IN_CHUNKS ? 0 : depth / width, c = depth - tap * width;
            const bool exists = A_IN_CHUNKS ? depth < taps * C : tap < taps && c < C;
            B::copy(b, r, w + (tap * C + c) * K + col, exists ? K - col : 0);
        }
        ++step;
    }
};

extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS)
conv_forward(In<element> x, In<element> w, In<float> bias, Out<element> y, Out<float> parts,
             Out<float> moments, int N, int H, int W, int C, int P, int Q, int K, int side, int stride,
             int activation, bool whole) {
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

    const Steps steps(side * side * padded<A_IN_CHUNKS>(C));
    Operands operands = {Gather<A>(x, H, W, C, side, side, rows, steps.first),
                         w, side * side, col0 + B::place(), K, steps.first};
    Product<A, B> product;
    accumulate<A, B>(product, operands, steps.count);

    const SumsInShared sums(product);
    const int n_rows = min(all_rows - row0, TILE_ROWS);
    if (parts != nullptr)
        write_partial(sums, parts + blockIdx.z * (all_rows * K), rows.destination, n_rows, col0, K, whole);
    else
        write_activations(sums, y, rows.destination, n_rows, col0, K, whole, bias, activation, moments, tile,
                          divide_up(all_rows, TILE_ROWS));
}
