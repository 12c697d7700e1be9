// What becomes of a tile of finished sums: activations with their moments, a weight's gradient, or one of several partial
// sums. TILE_ROWS x TILE_COLS sums, four columns of one row (a quad) at a time, read through sum(v, row, col).
//
// Moments are taken of what is written, tile by tile: mean and M2 = sum of squared differences from it, which stay exact where the
// mean is large against the deviation. A thread adds up the differences of its few rows from the first of them: a member
// of n numbers lies within sqrt(n - 1) standard deviations of their mean, so that little is lost. Chan, Golub and LeVeque's
// formula (1979) merges threads here and tiles in conv_finish.cu, always in the same order.

constexpr int QUADS = TILE_COLS / 4, SLICES = THREADS / QUADS;        // of columns; threads that share the rows of one quad
constexpr int TILE_PITCH = TILE_COLS + 4;
static_assert(SLICES * QUADS == THREADS && TILE_COLS <= THREADS, "threads share the quads evenly");

// f(row, col, n) for this thread's quads: col counts from the tile's left edge, n of its columns exist.
template <class F> __device__ inline void for_each_quad(int rows, int cols, F f) {
    const int col = threadIdx.x % QUADS * 4, n = min(cols - col, 4);
    if (n > 0)
        for (int row = threadIdx.x / QUADS; row < rows; row += SLICES) f(row, col, n);
}

// Quads in device memory; whole: lines are a multiple of four elements long and begin at aligned addresses.
template <class T> __device__ inline void load_quad(float (&v)[4], const T* from, int n, bool whole) {
    if (whole) return load(v, from);
#pragma unroll
    for (int e = 0; e < 4; ++e) v[e] = e < n ? to_float(from[e]) : 0.0f;
}

template <class T> __device__ inline void store_quad(T* to, const float (&v)[4], int n, bool whole) {
    if (whole) return store(to, v);
#pragma unroll
    for (int e = 0; e < 4; ++e)
        if (e < n) to[e] = from_float<T>(v[e]);
}

__device__ inline float activate(float v, int activation) {
    return activation == RELU ? activate<RELU>(v) : activation == TANH ? activate<TANH>(v) : v;
}

// Count, mean and M2 of some numbers become those of these and others.
__device__ inline void merge(float& count, float& mean, float& m2, float other_count, float other_mean, float other_m2) {
    if (other_count == 0.0f) return;
    const float total = count + other_count, delta = other_mean - mean, share = other_count / total;
    mean += delta * share;
    m2 += other_m2 + delta * delta * count * share;
    count = total;
}

// y[destination[row] + col] = activation(sum + bias) for the first `rows` rows and `cols` columns from `col0` of `all_cols`.
// moments, if there: of each tile's rows the means (tiles, all_cols), the M2s (tiles, all_cols) and the counts (tiles,).
template <class T, class Sum>
__device__ inline void write_activations(Sum sum, T* y, const int* destination, int rows, int col0, int all_cols, bool whole,
                                         const float* bias, int activation, float* moments, int tile, int tiles) {
    const int cols = all_cols - col0;
    float offset[4] = {}, first[4], total[4] = {}, squares[4] = {};
    int count = 0;
    for_each_quad(rows, cols, [&](int row, int col, int n) {
        if (bias && count == 0) load_quad(offset, bias + col0 + col, n, whole);
        float v[4];
        sum(v, row, col);
#pragma unroll
        for (int e = 0; e < 4; ++e) {
            v[e] = to_float(from_float<T>(activate(v[e] + offset[e], activation)));
            if (count == 0) first[e] = v[e];
            total[e] += v[e] - first[e];
            squares[e] += (v[e] - first[e]) * (v[e] - first[e]);
        }
        ++count;
        store_quad(y + destination[row] + col0 + col, v, n, whole);
    });
    if (!moments) return;

    __shared__ float counts[SLICES], means[SLICES][TILE_COLS], m2s[SLICES][TILE_COLS];
    const int slice = threadIdx.x / QUADS;
    if (threadIdx.x % QUADS == 0) counts[slice] = count;
    for (int e = 0; e < 4; ++e) {
        const float mean = count ? total[e] / count : 0.0f;
        means[slice][threadIdx.x % QUADS * 4 + e] = count ? first[e] + mean : 0.0f;
        m2s[slice][threadIdx.x % QUADS * 4 + e] = squares[e] - total[e] * mean;
    }
    __syncthreads();
    const int col = threadIdx.x;
    if (col < TILE_COLS && col < cols) {
        float n = 0.0f, mean = 0.0f, m2 = 0.0f;
        for (int s = 0; s < SLICES; ++s) merge(n, mean, m2, counts[s], means[s][col], m2s[s][col]);
        moments[tile * all_cols + col0 + col] = mean;
        moments[(tiles + tile) * all_cols + col0 + col] = m2;
        moments[2 * tiles * all_cols + tile] = rows;                  // the same from every column
    }
}

// dw[destination[row] + col] += weight * sum, but for rows with a negative destination.
template <class Sum>
__device__ inline void add_gradient(Sum sum, float* dw, const int* destination, int rows, int col0, int all_cols, bool whole,
                                    float weight) {
    for_each_quad(rows, all_cols - col0, [&](int row, int col, int n) {
        if (destination[row] < 0) return;
        float v[4], old[4];
        float* to = dw + destination[row] + col0 + col;
        sum(v, row, col);
        load_quad(old, to, n, whole);
#pragma unroll
        for (int e = 0; e < 4; ++e) v[e] = fmaf(weight, v[e], old[e]);
        store_quad(to, v, n, whole);
    });
}

// partial[destination[row] + col] = sum, but for rows with a negative destination.
template <class Sum>
__device__ inline void write_partial(Sum sum, float* partial, const int* destination, int rows, int col0, int all_cols, bool whole) {
    for_each_quad(rows, all_cols - col0, [&](int row, int col, int n) {
        if (destination[row] < 0) return;
        float v[4];
        sum(v, row, col);
        store_quad(partial + destination[row] + col0 + col, v, n, whole);
    });
}
