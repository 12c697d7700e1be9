// What the lanes of a warp hold of two operands for one mma.sync (sm_80 and up), m16n8k8 for tf32 or m16n8k16
// for bfloat16, and how they read it from shared memory.
//
// An operand kept along the depth is read by ldmatrix, which hands each lane 16 bytes of a line: four tf32 or
// eight bfloat16. Of one kept across it, ldmatrix can transpose bfloat16 only; tf32 is read number by number.
// (Four neighbours at once would be fewer reads, but belong to different instructions, and the compiler then
// spends longer on moving registers.)
constexpr int MMA_DEPTH = 32 / sizeof(element);

__device__ inline void multiply(float (&sum)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
#if PRECISION == TF32
    mma_tf32(sum, a, b);
#else
    mma_bf16(sum, a, b);
#endif
}

// 16 rows of an operand kept across the depth. at(line, row): where the first MMA_DEPTH lines, of one depth
// each, hold those rows. FOUR_LINES, EIGHT_ROWS: how much further the fifth line lies, and the ninth row.
template <int FOUR_LINES, int EIGHT_ROWS, class At>
__device__ inline void read_rows(unsigned (&a)[4], int lane, At at) {
    if constexpr (PRECISION == BF16) {
        load_matrix_transposed(a, at(lane / 16 * 8 + lane % 8, lane / 8 % 2 * 8));
    } else {
        const element* from = at(lane % 4, lane / 4);
#pragma unroll
        for (int e = 0; e < 4; ++e)
            a[e] = __float_as_uint(to_float(from[e / 2 * FOUR_LINES + e % 2 * EIGHT_ROWS]));
    }
}

// COLS columns of B, from col0 on.
template <int COLS>
__device__ inline void read_columns(unsigned (&b)[COLS / 8][2], const element* slice, int depth, int col0,
                                    int lane) {
    static_assert(COLS % 16 == 0, "two instructions' columns are read at once");
#pragma unroll
    for (int j = 0; j < COLS / 8; j += 2) {
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
