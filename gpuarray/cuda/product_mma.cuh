// A tile's product on the tensor cores (sm_80 and up): mma.sync m16n8k8 for tf32, m16n8k16 for bfloat16.
//
// Each warp owns ROWS x COLS of the tile. An operand kept along the depth is read by ldmatrix, which hands
// each lane 16 bytes of a line: four tf32 or eight bfloat16. Of one kept across it, ldmatrix can transpose
// bfloat16 only; tf32 is read number by number. (Four neighbours at once would be fewer reads, but belong to
// different instructions, and the compiler then spends longer on moving registers.)

struct Product {
    static constexpr int ROWS = TILE_ROWS / WARPS_DOWN, COLS = TILE_COLS / WARPS_ACROSS;
    static constexpr int DEPTH = 32 / sizeof(element);                  // of one mma
    static_assert(ROWS % 16 == 0 && COLS % 16 == 0, "vectorised instructions, in pairs along the columns");

    float sum[ROWS / 16][COLS / 8][4] = {};
    int row0, col0, lane;

    __device__ Product() {
        lane = threadIdx.x % 32;
        row0 = threadIdx.x / 32 / WARPS_ACROSS * ROWS;
        col0 = threadIdx.x / 32 % WARPS_ACROSS * COLS;
    }

    // sum += the product of two slices, TILE_DEPTH deep.
    __device__ void add(const element* a_slice, const element* b_slice) {
#pragma unroll
        for (int depth = 0; depth < TILE_DEPTH; depth += DEPTH) {
            unsigned a[ROWS / 16][4], b[COLS / 8][2];
            read_a(a, a_slice, depth);
            read_b(b, b_slice, depth);
#pragma unroll
            for (int j = 0; j < COLS / 8; ++j)
#pragma unroll
                for (int i = 0; i < ROWS / 16; ++i) {
#if PRECISION == TF32
                    mma_tf32(sum[i][j], a[i], b[j]);
#else
                    mma_bf16(sum[i][j], a[i], b[j]);
#endif
                }
        }
    }

    __device__ void read_a(unsigned (&a)[ROWS / 16][4], const element* slice, int depth) {
#pragma unroll
        for (int i = 0; i < ROWS / 16; ++i) {
            const int row = row0 + i * 16;
            if constexpr (A::ALONG_DEPTH) {
                load_matrix(a[i], A::at(slice, row0 + lane % 16, i * 16, depth + lane / 16 * VECTOR));
            } else if constexpr (PRECISION == BF16) {
                const int line = depth + lane / 16 * 8 + lane % 8;
                load_matrix_transposed(a[i], A::at(slice, line, 0, row + lane / 8 % 2 * 8));
            } else {
#pragma unroll
                for (int e = 0; e < 4; ++e) {
                    const int line = depth + lane % 4 + e / 2 * 4;
                    a[i][e] = __float_as_uint(to_float(*A::at(slice, line, 0, row + lane / 4 + e % 2 * 8)));
                }
            }
        }
        round_factors(a);
    }

    __device__ void read_b(unsigned (&b)[COLS / 8][2], const element* slice, int depth) {
#pragma unroll
        for (int j = 0; j < COLS / 8; j += 2) {                         // two instructions' columns at once
            const int col = col0 + j * 8;
            unsigned r[4];
            if constexpr (B::ALONG_DEPTH) {
                const int line = col + lane / 16 * 8 + lane % 8;
                load_matrix(r, B::at(slice, line, 0, depth + lane / 8 % 2 * VECTOR));
            } else if constexpr (PRECISION == BF16) {
                load_matrix_transposed(r, B::at(slice, depth + lane % 16, 0, col + lane / 16 * 8));
            } else {
#pragma unroll
                for (int e = 0; e < 4; ++e) {
                    const int line = depth + lane % 4 + e % 2 * 4;
                    r[e] = __float_as_uint(to_float(*B::at(slice, line, 0, col + lane / 4 + e / 2 * 8)));
                }
            }
            b[j][0] = r[0], b[j][1] = r[1], b[j + 1][0] = r[2], b[j + 1][1] = r[3];
        }
        round_factors(b);
    }

    template <int M, int N> __device__ static void round_factors(unsigned (&factors)[M][N]) {
#if PRECISION == TF32
#pragma unroll
        for (int i = 0; i < M; ++i)
#pragma unroll
            for (int j = 0; j < N; ++j) factors[i][j] = to_tf32(__uint_as_float(factors[i][j]));
#endif
    }

    // Writes the sums to a float32 tile with lines of `pitch`.
    __device__ void put(float* tile, int pitch) const {
#pragma unroll
        for (int i = 0; i < ROWS / 16; ++i)
#pragma unroll
            for (int j = 0; j < COLS / 8; ++j)
#pragma unroll
                for (int half = 0; half < 2; ++half) {
                    const int row = row0 + i * 16 + half * 8 + lane / 4, col = col0 + j * 8 + lane % 4 * 2;
                    const float pair[2] = {sum[i][j][half * 2], sum[i][j][half * 2 + 1]};
                    store(tile + row * pitch + col, pair);
                }
    }
};
