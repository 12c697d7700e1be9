// The gradient of a convolution to its input, and the up-convolution:
//   dx[n, h, w, c] = activation(bias[c] + sum over p s - before + i = h, q s - before + j = w, k of dy[n, p, q, k] w[i, j, c, k])
//
// Tiling: which taps i meet a row h depends on h mod s. So the pixels of dx fall into s x s phases, each a convolution of
// stride 1 over dy with the taps first, first + s, ... in reverse: for 5x5 and stride 2 with 9, 6, 6 and 4 of the 25 taps. A phase is a
// matrix product of its pixels x (taps K) by (taps K) x C; A is gathered from dy (gather.cuh), B is w, read along k.
// blockIdx.x: tile; blockIdx.y: phase, the one with most taps first; blockIdx.z: part of the depth, as in conv_forward.cu.
// Layout: dy (N, P, Q, K), w (side, side, C, K), dx (N, H, W, C), partial (parts, N, H, W, C). Precision: tile.cuh.
#include "tile.cuh"
#include "gather.cuh"
#include "epilogue.cuh"

typedef Operand<true, TILE_ROWS, A_IN_CHUNKS> A;                        // [pixel][depth]
typedef Operand<true, TILE_COLS, A_IN_CHUNKS> B;                        // [c][depth]

// A phase along one axis: its pixels are phase, phase + stride, ...; the m-th of them sees dy from m + begin on, `taps` wide.
struct Phase {
    int pixels, taps, last_tap, begin;
    __device__ Phase(int phase, int size, int side, int stride) {
        const int shifted = phase + (side - 1) / 2, first_tap = shifted % stride;
        pixels = divide_up(size - phase, stride);                     // 0 or fewer: none
        taps = first_tap < side ? divide_up(side - first_tap, stride) : 0;
        last_tap = first_tap + (taps - 1) * stride;
        begin = shifted / stride - (taps - 1);
    }
};

struct Operands {
    Gather<A> dy;
    const element* w;
    int last_i, last_j, side, stride, col0, C;

    __device__ void load(element* a, element* b) {
        dy.load(a);
        const int K = dy.channels, i = last_i - dy.i * stride, j = last_j - dy.j * stride;
#pragma unroll
        for (int r = 0; r < B::LINES_EACH; ++r) {
            const int c = col0 + B::line(r);
            B::copy(b, r, w + ((i * side + j) * C + c) * K + dy.c, dy.in_kernel() && c < C ? K - dy.c : 0);
        }
        dy.next_step();
    }
};

extern "C" __global__ void __launch_bounds__(THREADS)
conv_input_grad(const element* __restrict__ dy, const element* __restrict__ w, const float* __restrict__ bias, element* __restrict__ dx,
                float* __restrict__ partial, float* __restrict__ moments, int N, int H, int W, int C, int P, int Q, int K, int side,
                int stride, int activation, bool whole) {
    const Phase down(blockIdx.y / stride, H, side, stride), right(blockIdx.y % stride, W, side, stride);
    const int all_rows = max(down.pixels, 0) * max(right.pixels, 0) * N;
    const int across = divide_up(C, TILE_COLS), tile = blockIdx.x / across;
    const int row0 = tile * TILE_ROWS, col0 = blockIdx.x % across * TILE_COLS;

    __shared__ Rows rows;
    for (int r = threadIdx.x; r < TILE_ROWS; r += THREADS) {
        const int pixel = row0 + r;
        const bool exists = pixel < all_rows;
        const int line = exists ? pixel / right.pixels : 0, m = exists ? pixel % right.pixels : 0;
        const int image = exists ? line / down.pixels : 0, l = exists ? line % down.pixels : 0;
        rows.image[r] = image;
        rows.top[r] = exists ? l + down.begin : -side;                // a window without a pixel
        rows.left[r] = m + right.begin;
        rows.destination[r] = ((image * H + l * stride + blockIdx.y / stride) * W + m * stride + blockIdx.y % stride) * C;
    }
    __syncthreads();

    const int steps = divide_up(down.taps * right.taps * padded<A_IN_CHUNKS>(K), TILE_DEPTH), steps_each = divide_up(steps, gridDim.z);
    const int first_step = blockIdx.z * steps_each;
    Operands operands = {Gather<A>(dy, P, Q, K, down.taps, right.taps, rows, first_step),
                         w, down.last_tap, right.last_tap, side, stride, col0, C};
    Product<A, B> product;
    accumulate<A, B>(product, operands, min(steps - first_step, steps_each));

    float* sums = dynamic_shared<float>();
    product.put(sums, TILE_PITCH);
    __syncthreads();
    auto sum = [&](float (&v)[4], int row, int col) { load(v, sums + row * TILE_PITCH + col); };
    const int n_rows = max(min(all_rows - row0, TILE_ROWS), 0), tiles = gridDim.x / across;
    if (gridDim.z > 1)
        write_partial(sum, partial + blockIdx.z * (N * H * W * C), rows.destination, n_rows, col0, C, whole);
    else
        write_activations(sum, dx, rows.destination, n_rows, col0, C, whole, bias, activation, moments, blockIdx.y * tiles + tile,
                          gridDim.y * tiles);
}
