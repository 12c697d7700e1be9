// How a tile of finished sums ends: as activations with their moments, as a gradient of activations with the
// sums that batchnorm's gradient begins with (gradient_epilogue.cuh), as a gradient of weights, or as the
// partial sums of a split. The TILE_ROWS x TILE_COLS sums are read a quad at a time by sum(v, row, col);
// sum.slices() is shared memory for what each slice of the rows gives to moments and sums.
//
// destination[row]: where a row begins in the result, in elements; negative for rows that are padding.
// cols: columns of the result; the tile covers those from col0 on. vectorised: as in quads.cuh.
//
// Moments are taken of the activations as written, tile by tile: their mean, and M2, the sum of squared
// differences from it. Both stay exact where the mean is much larger than the deviation. To that end a thread
// sums the differences of its few rows from the first of them, which is no further than sqrt(n - 1) standard
// deviations from the mean of n numbers. Chan, Golub and LeVeque's formula (1979) merges the threads here;
// merge_moments in sums.cu merges the tiles.
#include "quads.cuh"

constexpr int QUADS = TILE_COLS / 4, SLICES = THREADS / QUADS;        // threads that share a quad's rows
static_assert(SLICES * QUADS == THREADS && TILE_COLS <= THREADS, "threads share evenly");

// Of each slice of a tile's rows, before they are merged: moments, or two sums of each column.
struct SliceMoments {
    float counts[SLICES], means[SLICES][TILE_COLS], m2s[SLICES][TILE_COLS];
};
union Slices {
    SliceMoments moments;
    float sums[2][SLICES][TILE_COLS];
};

// Calls f(row, col, n) for this thread's quads of the first `rows` rows (none if negative); n columns are
// left from col on.
template <class F> __device__ inline void for_each_quad(int rows, int cols_left, F f) {
    const int col = threadIdx.x % QUADS * 4, n = cols_left - col;
    if (n > 0)
        for (int row = threadIdx.x / QUADS; row < rows; row += SLICES) f(row, col, n);
}

// partial[destination[row] + col] = sum
template <class Sum>
__device__ inline void write_partial(Sum sum, float* partial, const int* destination, int rows, int col0,
                                     int cols, bool vectorised) {
    for_each_quad(rows, cols - col0, [&](int row, int col, int n) {
        if (destination[row] < 0) return;
        float v[4];
        sum(v, row, col);
        store_quad(partial + destination[row] + col0 + col, v, n, vectorised);
    });
}

// dw[destination[row] + col] += weight * sum
template <class Sum>
__device__ inline void add_gradient(Sum sum, float* dw, const int* destination, int rows, int col0, int cols,
                                    bool vectorised, float weight) {
    for_each_quad(rows, cols - col0, [&](int row, int col, int n) {
        if (destination[row] < 0) return;
        float v[4], old[4];
        float* to = dw + destination[row] + col0 + col;
        sum(v, row, col);
        load_quad(old, to, n, vectorised);
#pragma unroll
        for (int e = 0; e < 4; ++e) v[e] = fmaf(weight, v[e], old[e]);
        store_quad(to, v, n, vectorised);
    });
}

// Merges the count, mean and M2 of further numbers into those of the numbers so far.
__device__ inline void merge(float& count, float& mean, float& m2, float others, float their_mean,
                             float their_m2) {
    if (others == 0.0f) return;
    const float delta = their_mean - mean, share = others / (count + others);
    mean += delta * share;
    m2 += their_m2 + delta * delta * count * share;
    count += others;
}

// y[destination[row] + col] = activation(sum + bias)
// moments, unless null: the means (tiles, cols), the M2s (tiles, cols) and the numbers of rows (tiles,) of
// all tiles, one array after the other. This is tile number `tile` of `tiles`.
template <class T, class Sum>
__device__ inline void write_activations(Sum sum, T* y, const int* destination, int rows, int col0, int cols,
                                         bool vectorised, const float* bias, int activation, float* moments,
                                         int tile, int tiles) {
    float offset[4] = {}, first[4] = {}, total[4] = {}, squares[4] = {};
    int count = 0;
    for_each_quad(rows, cols - col0, [&](int row, int col, int n) {
        if (destination[row] < 0) return;
        float v[4];
        sum(v, row, col);
        if (bias != nullptr && count == 0) load_quad(offset, bias + col0 + col, n, vectorised);
#pragma unroll
        for (int e = 0; e < 4; ++e) {
            v[e] = to_float(from_float<T>(activate(v[e] + offset[e], activation)));
            if (count == 0) first[e] = v[e];
            total[e] += v[e] - first[e];
            squares[e] += (v[e] - first[e]) * (v[e] - first[e]);
        }
        ++count;
        store_quad(y + destination[row] + col0 + col, v, n, vectorised);
    });
    if (moments == nullptr) return;

    SliceMoments& slices = sum.slices().moments;
    const int slice = threadIdx.x / QUADS, quad = threadIdx.x % QUADS * 4;
    if (quad == 0) slices.counts[slice] = count;
#pragma unroll
    for (int e = 0; e < 4; ++e) {
        const float difference = total[e] / count;      // NaN for no rows, which merge leaves out
        slices.means[slice][quad + e] = first[e] + difference;
        slices.m2s[slice][quad + e] = squares[e] - total[e] * difference;
    }
    __syncthreads();
    const int col = threadIdx.x;
    if (col < TILE_COLS && col0 + col < cols) {
        float n = 0.0f, mean = 0.0f, m2 = 0.0f;
        for (int s = 0; s < SLICES; ++s)
            merge(n, mean, m2, slices.counts[s], slices.means[s][col], slices.m2s[s][col]);
        moments[tile * cols + col0 + col] = mean;
        moments[(tiles + tile) * cols + col0 + col] = m2;
        if (col0 + col == 0) moments[2 * tiles * cols + tile] = n;
    }
}
