// The gradient of a convolution to its input, and the up-convolution:
//   dx[n, h, w, c] = activation(bias[c] + sum over all p s - before + i = h, q s - before + j = w, and k of
//                                         dy[n, p, q, k] w[i, j, c, k])
//
// Tiling: which taps i meet a row h depends on h mod s. So the pixels of dx fall into s x s phases, and
// each phase is a convolution of stride 1 over dy with the taps first, first + s, ... in reverse: for 5x5
// and stride 2 with 9, 6, 6 and 4 of the 25 taps. It is a matrix product of its pixels x (taps K) by (taps
// K) x C; A is gathered from dy (gather.cuh), B is w, read along k. blockIdx.x: tile; blockIdx.y: phase;
// blockIdx.z: part of the depth, as in conv_forward.cu.
// Layout: dy (N, P, Q, K), w (side, side, C, K), dx (N, H, W, C). Precision: tile.cuh.
#include "tile.cuh"
#include "gather.cuh"
#include "shared_sums.cuh"

typedef Operand<true, TILE_ROWS, A_IN_CHUNKS> A;                        // [pixel][depth]
typedef Operand<true, TILE_COLS, A_IN_CHUNKS> B;                        // [c][depth]

// A phase along one axis: the pixels offset, offset + stride, ...; the m-th of them sees dy from m + begin
// on, `taps` pixels wide, the first through tap `last_tap`, the next through last_tap - stride, ...
struct Phase {
    int offset, pixels, taps, last_tap, begin;
    __device__ Phase(int offset, int size, int side, int stride) : offset(offset) {
        const int shifted = offset + (side - 1) / 2, first_tap = shifted % stride;
        pixels = divide_up(size - offset, stride);                      // 0 also where size < offset < stride
        taps = divide_up(side - first_tap, stride);
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
        for (int r = 0; r < B::LINES_EACH; ++r) {                       // B's chunks lie where A's do
            const int c = col0 + B::line(r);
            B::copy(b, r, w + ((i * side + j) * C + c) * K + dy.c, dy.in_kernel() && c < C ? K - dy.c : 0);
        }
        dy.next_step();
    }
};

extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS)
conv_input_grad(In<element> dy, In<element> w, In<float> bias, Out<element> dx, Out<float> parts,
                Out<float> moments, int N, int H, int W, int C, int P, int Q, int K, int side, int stride,
                int activation, bool whole) {
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
        const int v = line % down.pixels, u = pixel % right.pixels;     // the pixel's number in its phase
        rows.image[r] = image;
        rows.top[r] = v + down.begin;
        rows.left[r] = u + right.begin;
        rows.destination[r] = ((image * H + v * stride + down.offset) * W + u * stride + right.offset) * C;
    }
    __syncthreads();

    const Steps steps(down.taps * right.taps * padded<A_IN_CHUNKS>(K));
    Operands operands = {Gather<A>(dy, P, Q, K, down.taps, right.taps, rows, steps.first),
                         w, down.last_tap, right.last_tap, side, stride, col0, C};
    Product<A, B> product;
    accumulate<A, B>(product, operands, steps.count);

    const SumsInShared sums(product);
    const int n_rows = min(all_rows - row0, TILE_ROWS), tiles = gridDim.x / across;
    if (parts != nullptr)
        write_partial(sums, parts + blockIdx.z * (N * H * W * C), rows.destination, n_rows, col0, C, whole);
    else
        write_activations(sums, dx, rows.destination, n_rows, col0, C, whole, bias, activation, moments,
                          blockIdx.y * tiles + tile, gridDim.y * tiles);
}
