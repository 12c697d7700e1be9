// A tile's product on the ordinary float32 units (any card).
//
// Each warp owns ROWS x COLS of the tile. Its 32 lanes lie 8 down by 4 across, and a lane owns
// (ROWS / 8) x (COLS / 4) sums. Every read from shared memory takes 16 bytes: four depths of one row where
// the operand is kept along the depth, else four neighbouring rows of one depth.

struct Product {
    static constexpr int ROWS = TILE_ROWS / WARPS_DOWN, COLS = TILE_COLS / WARPS_ACROSS;
    static constexpr int DOWN = ROWS / 8, ACROSS = COLS / 4;            // sums of a lane
    static_assert(ROWS % 32 == 0 && COLS % 16 == 0, "a lane owns vectorised groups of four");

    float sum[GROUPS][DOWN][ACROSS] = {};
    int row0, col0, down, across;

    __device__ Product() {
        row0 = threadIdx.x / 32 / WARPS_ACROSS * ROWS;
        col0 = threadIdx.x / 32 % WARPS_ACROSS * COLS;
        down = threadIdx.x % 32 / 4;
        across = threadIdx.x % 4;
    }

    // The i-th row of lane `lane`, counted in the warp's rows of operand O, which `lanes` lanes share.
    template <class O> __device__ static int owned(int i, int lane, int lanes) {
        return O::ALONG_DEPTH ? i * lanes + lane : i / 4 * 4 * lanes + lane * 4 + i % 4;
    }

    // sum += the product of two slices, TILE_DEPTH deep. groups: a bit for each that takes part.
    __device__ void add(const element* a_slice, const element* b_slice, unsigned groups = 1) {
#pragma unroll
        for (int depth = 0; depth < TILE_DEPTH; depth += 4) {
            float a[4][DOWN], b[4][ACROSS];
            read<A>(a, a_slice, depth, row0, down, 8);
#pragma unroll
            for (int group = 0; group < GROUPS; ++group) {
                if (!(groups >> group & 1)) continue;
                float(&to)[DOWN][ACROSS] = sum[group];
                read<B>(b, b_slice, depth, group * TILE_COLS + col0, across, 4);
#pragma unroll
                for (int d = 0; d < 4; ++d)
#pragma unroll
                    for (int i = 0; i < DOWN; ++i)
#pragma unroll
                        for (int j = 0; j < ACROSS; ++j) to[i][j] = fmaf(a[d][i], b[d][j], to[i][j]);
            }
        }
    }

    // Reads four depths of this lane's rows of operand O; the warp's rows begin at `begin`.
    template <class O, int N>
    __device__ static void read(float (&to)[4][N], const element* slice, int depth, int begin, int lane,
                                int lanes) {
        float v[4];
        if constexpr (O::ALONG_DEPTH) {
#pragma unroll
            for (int i = 0; i < N; ++i) {
                load(v, O::at(slice, begin + lane, i * lanes, depth));
#pragma unroll
                for (int d = 0; d < 4; ++d) to[d][i] = v[d];
            }
        } else {
#pragma unroll
            for (int d = 0; d < 4; ++d)
#pragma unroll
                for (int i = 0; i < N; i += 4) {
                    load(v, slice + (depth + d) * O::PITCH + begin + owned<O>(i, lane, lanes));
#pragma unroll
                    for (int e = 0; e < 4; ++e) to[d][i + e] = v[e];
                }
        }
    }

    // Writes the sums of a group to a float32 tile with lines of `pitch`.
    __device__ void put(float* tile, int pitch, int group = 0) const {
#pragma unroll
        for (int g = 0; g < GROUPS; ++g)                                // registers have no index
            if (g == group) put(tile, pitch, sum[g]);
    }

    __device__ void put(float* tile, int pitch, const float (&sums)[DOWN][ACROSS]) const {
#pragma unroll
        for (int i = 0; i < DOWN; ++i)
#pragma unroll
            for (int j = 0; j < ACROSS; ++j) {
                const int row = row0 + owned<A>(i, down, 8), col = col0 + owned<B>(j, across, 4);
                tile[row * pitch + col] = sums[i][j];
            }
    }
};
