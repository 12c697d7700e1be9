// y (64, COLUMNS) = A (64, K) B (K, COLUMNS) by wgmma, right or with a fault planted by the define BUG
// (planted.cu).
//
// Defines: BF16 (else tf32), COLUMNS, ALONG_N: B is kept along n, else along k; CHUNKS: of 16 bytes, that the
// swizzle permutes, 1, 2, 4 or 8. B is copied in pieces of 16 bytes: `piece` of line `line` (n or k).
#include "wgmma.cuh"

enum Bug { NONE, FENCE, FENCE_AGAIN, COMMIT, READ_EARLY, NOT_LANDED, PROXY, PROXY_LATE, PLAIN_STORE, CHANGE_A,
           CHANGE_SUM, CHANGE_B, SWIZZLE, LANES, WARPS, ONE_WARP, BASE_OFFSET, MEANINGLESS, OUTSIDE };

#if BF16
typedef bfloat16 element;
#else
typedef float element;
#endif
constexpr int SIZE = sizeof(element), IN_PIECE = 16 / SIZE, DEPTH = 32 / SIZE;

extern "C" __global__ void __launch_bounds__(128)
product(const element* A, const element* B, float* y, int K) {
    const int t = threadIdx.x, row = t / 32 * 16 + t % 32 / 4, q = t % 4;
    char* shared = dynamic_shared<char>();
    shared += (1024 - shared_address(shared) % 1024) % 1024;

    // Runs of CHUNKS pieces follow one another, each with all lines. As the manual's figures show it, the
    // pieces of a line change places, in another way in each of eight lines.
    const int lines = ALONG_N ? K : COLUMNS, pieces = (ALONG_N ? COLUMNS : K) / IN_PIECE;
    const int run = lines * CHUNKS * 16;
    for (int i = t; i < lines * pieces; i += 128) {
        const int line = i / pieces, piece = i % pieces;
        const int turn = CHUNKS == 8 ? line % 8 : CHUNKS == 4 ? line / 2 % 4 : CHUNKS == 2 ? line / 4 % 2 : 0;
        char* to = shared + piece / CHUNKS * run + line * CHUNKS * 16 + (piece % CHUNKS ^ turn) * 16;
        if (BUG == PLAIN_STORE && i == 5) *(uint4*)to = ((const uint4*)B)[i];
        else copy_async<16>(to, B + i * IN_PIECE);
    }
    copy_async_commit();
    copy_async_wait<BUG == NOT_LANDED>();
    if (BUG != PROXY && BUG != PROXY_LATE) fence_async_proxy();
    __syncthreads();
    if (BUG == PROXY_LATE) fence_async_proxy();

    float sum[COLUMNS / 2] = {};
    unsigned a[2][4];
    auto read = [&](int k) {
        for (int i = 0; i < 4; ++i) {
            const int column = k * DEPTH + (BF16 ? q * 2 : q) + i / 2 * DEPTH / 2;
            a[k % 2][i] = *(const unsigned*)(A + (row + i % 2 * 8) * K + column);
        }
    };
    auto start = [&](int k) {
        const int begin = ALONG_N ? k * DEPTH * CHUNKS * 16 : k * 2 / CHUNKS * run + k * 2 % CHUNKS * 16;
        const int eight = CHUNKS * 128;
        const bool exchanged = ALONG_N && CHUNKS == 1;
        unsigned long long b = wgmma_descriptor<CHUNKS * 16>(shared + begin, exchanged ? eight : run,
                                                             exchanged ? run : eight);
        if ((BUG == LANES && t == 1) || (BUG == WARPS && t / 32 == 1)) b += 2;
        if (BUG == SWIZZLE) b ^= 3ull << 62;
        if (BUG == BASE_OFFSET) b |= 1ull << 49;
        if (BUG == MEANINGLESS) b |= 1ull << 46;
        if (BUG == OUTSIDE) b &= ~0x3fffull;
        if (BUG == ONE_WARP && t / 32 == 2 && (k + 1) * DEPTH == K) return;
#if BF16
        wgmma_bf16<ALONG_N>(sum, a[k % 2], b);
#else
        wgmma_tf32(sum, a[k % 2], b);
#endif
    };
    // One product is in flight while the next A is read.
    for (int k = 0; k < K / DEPTH; ++k) {
        read(k);
        if (BUG != FENCE && (BUG != FENCE_AGAIN || k == 0)) wgmma_fence();
        start(k);
        if (BUG != COMMIT || k + 1 < K / DEPTH) wgmma_commit();
        if (BUG == CHANGE_A) a[k % 2][0] = 0;
        if (BUG == CHANGE_SUM) sum[0] = 0.0f;
        if (BUG == CHANGE_B && k == 0) copy_async<16>(shared, B), copy_async_wait<0>();
        wgmma_wait<1>();
    }
    if (BUG != READ_EARLY) wgmma_wait<0>();
    wgmma_finished(sum);
    for (int i = 0; i < COLUMNS / 2; ++i)
        y[(row + i / 2 % 2 * 8) * COLUMNS + i / 4 * 8 + q * 2 + i % 2] = sum[i];
    if (BUG == READ_EARLY) wgmma_wait<0>();
}
