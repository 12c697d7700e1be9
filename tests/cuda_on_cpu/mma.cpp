// mma.sync, in the fragment layouts of the PTX manual. It reads and writes registers alone, so that it needs
// no sanitizer: it is compiled once, with the scheduler.
#include "scheduler.h"

#include <string.h>

namespace cuda_on_cpu {

static float as_float(unsigned bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// The tensor cores do not read the lower bits.
static float tf32_to_float(unsigned bits) { return as_float(bits & 0xffffe000u); }
static float bf16_half(unsigned pair, int high) { return as_float(high ? pair & 0xffff0000u : pair << 16); }

// Lane 4 g + q holds columns 2q, 2q + 1 of rows g and g + 8 of d. BF16: K = 16, a register holds a pair along
// k. tf32: K = 8.
template <bool BF16> static void multiply(void** operands, unsigned mask) {
    constexpr int K = BF16 ? 16 : 8;
    if (mask != ~0u) fail("mma in part of a warp");
    float a[16][K], b[K][8];
    for (int lane = 0; lane < WARP; ++lane) {
        const Fragments& f = *(Fragments*)operands[lane];
        int g = lane / 4, q = lane % 4;
        for (int i = 0; i < 4; ++i) {
            int row = g + i % 2 * 8;
            if (BF16) for (int h = 0; h < 2; ++h) a[row][q * 2 + h + i / 2 * 8] = bf16_half(f.a[i], h);
            else a[row][q + i / 2 * 4] = tf32_to_float(f.a[i]);
        }
        for (int i = 0; i < 2; ++i) {
            if (BF16) for (int h = 0; h < 2; ++h) b[q * 2 + h + i * 8][g] = bf16_half(f.b[i], h);
            else b[q + i * 4][g] = tf32_to_float(f.b[i]);
        }
    }
    float d[16][8] = {};
    for (int m = 0; m < 16; ++m)
        for (int k = 0; k < K; ++k)
            for (int n = 0; n < 8; ++n) d[m][n] += a[m][k] * b[k][n];
    for (int lane = 0; lane < WARP; ++lane) {
        float* mine = ((Fragments*)operands[lane])->d;
        for (int i = 0; i < 4; ++i) mine[i] += d[lane / 4 + i / 2 * 8][lane % 4 * 2 + i % 2];
    }
}

void multiply_tf32(void** operands, unsigned mask) { multiply<false>(operands, mask); }
void multiply_bf16(void** operands, unsigned mask) { multiply<true>(operands, mask); }

}
