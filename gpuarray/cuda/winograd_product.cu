// The products of Winograd's algorithm (winograd.cuh), a matrix product for each of the 36 points:
//   forward           sums (tiles, K)       = x (tiles, phases C)   times w (phases C, K)
//   input gradient    sums (tiles, phases C) = dy (tiles, K)        times w' (K, phases C)
//   weight gradient   sums (phases C, K)    = x' (phases C, tiles)  times dy (tiles, K)
// all of them at this point, with as many phases as it has. That side of the product, rows, columns or depth,
// is PHASED; its number is given for one phase.
//
// Tiling: slices.cuh.
//   blockIdx.x: the tile; a point with few phases has fewer of them, and blocks with nothing to do
//   blockIdx.y: the point
//   blockIdx.z: the split of the depth (split-K); winograd_result.cu adds up
// Traffic: for each multiplication, 1 / 128 + 1 / 64 numbers from the L2 cache in 128 x 64 tiles.
// Neighbouring blocks read the same rows of a; all blocks of a point are neighbours.
// Layout: a (36, rows, depth), or (36, depth, rows) where not A_ALONG_DEPTH; b likewise; sums (splits, 36,
// rows, cols); each point as long as it is. C and K are multiples of four.
// Precision: float32. Defines: tile.cuh, slices.cuh; PHASED: ROWS, COLS or DEPTH.
// Test: python -m pytest tests/gpuarray/cuda/test_winograd.py
#include "slices.cuh"
#include "shared_sums.cuh"
#include "winograd.cuh"

enum Side { ROWS, COLS, DEPTH };

// A matrix in memory, of which slices are copied.
template <class O> struct Matrix {
    const element* elements;
    int lines, length;

    __device__ void copy(element* slice, int line0, int place0) const {
        const int place = place0 + O::place();
#pragma unroll
        for (int r = 0; r < O::LINES_EACH; ++r) {
            const int line = line0 + O::line(r);
            O::copy(slice, r, elements + line * length + place, line < lines ? length - place : 0);
        }
    }
};

struct Operands {
    Matrix<A> a;
    Matrix<B> b;
    int row0, col0, depth;

    __device__ void load(element* a_slice, element* b_slice) {
        A::ALONG_DEPTH ? a.copy(a_slice, row0, depth) : a.copy(a_slice, depth, row0);
        B::ALONG_DEPTH ? b.copy(b_slice, col0, depth) : b.copy(b_slice, depth, col0);
        depth += TILE_DEPTH;
    }
};

extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS)
winograd_product(In<element> a, In<element> b, Out<float> sums, int rows, int cols, int depth) {
    const int i = blockIdx.y / POINTS, j = blockIdx.y % POINTS;
    const int phases = phases_along<2>(i) * phases_along<2>(j);
    // Where a matrix of this point begins, counted in matrices of one phase.
    const int phased = phases_before<2>(i, j), plain = blockIdx.y;
    const int all = PHASED == DEPTH ? phases_before<1>(POINTS, 0) : phases_before<2>(POINTS, 0);
    a += (PHASED == COLS ? plain : phased) * (rows * depth);
    b += (PHASED == ROWS ? plain : phased) * (depth * cols);
    sums += (blockIdx.z * all + (PHASED == DEPTH ? plain : phased)) * (rows * cols);
    if (PHASED == ROWS) rows *= phases;
    if (PHASED == COLS) cols *= phases;
    if (PHASED == DEPTH) depth *= phases;

    const int across = divide_up(cols, TILE_COLS);
    const int row0 = blockIdx.x / across * TILE_ROWS, col0 = blockIdx.x % across * TILE_COLS;
    if (row0 >= rows) return;

    __shared__ int destination[TILE_ROWS];
    for (int r = threadIdx.x; r < TILE_ROWS; r += THREADS) destination[r] = (row0 + r) * cols;

    const Steps steps(depth);
    Operands operands = {{a, A::ALONG_DEPTH ? rows : depth, A::ALONG_DEPTH ? depth : rows},
                         {b, B::ALONG_DEPTH ? cols : depth, B::ALONG_DEPTH ? depth : cols},
                         row0, col0, steps.first * TILE_DEPTH};
    Product product;
    accumulate(product, operands, steps.count);
    write_partial(SumsInShared(product), sums, destination, min(rows - row0, TILE_ROWS), col0, cols, true);
}
