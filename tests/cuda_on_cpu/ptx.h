// The instructions that common.cuh writes in PTX, under the same names, for the CPU (included by device.h).
#pragma once
#include "warpgroup.h"

template <class T> T* dynamic_shared() { return (T*)cuda_on_cpu::dynamic_shared_memory(); }

// cvt.rn.tf32.f32: to 10 bits of mantissa, nearest, halves to even.
inline unsigned to_tf32(float v) {
    unsigned bits = __float_as_uint(v);
    if ((bits & 0x7f800000u) == 0x7f800000u) return bits;      // infinities and NaN stay
    return (bits + 0xfffu + (bits >> 13 & 1u)) & 0xffffe000u;
}

namespace cuda_on_cpu {

struct MatrixLoad { unsigned* to; const unsigned* row; };

// ldmatrix.x4: four 8x8 matrices of 16-bit elements. Lane 8 i + r gives the address of row r of matrix i (16
// bytes).
// Lane 4 g + q receives the elements (g, 2q), (g, 2q + 1) of each matrix; transposed: (2q, g), (2q + 1, g).
template <bool TRANSPOSED> void load_matrices(void** operands, unsigned mask) {
    if (mask != ~0u) fail("ldmatrix in part of a warp");
    const void* rows[WARP];
    for (int lane = 0; lane < WARP; ++lane) rows[lane] = ((MatrixLoad*)operands[lane])->row;
    count_access(MATRIX_LOADS, rows, WARP, 16);
    auto element = [&](int matrix, int row, int column) -> unsigned {
        const unsigned* words = ((MatrixLoad*)operands[matrix * 8 + row])->row;
        if ((uintptr_t)words % 16) fail("ldmatrix from a row that is not 16-byte aligned");
        return words[column / 2] >> (column % 2 * 16) & 0xffff;
    };
    for (int lane = 0; lane < WARP; ++lane)
        for (int matrix = 0; matrix < 4; ++matrix) {
            int g = lane / 4, q = lane % 4 * 2;
            unsigned low = TRANSPOSED ? element(matrix, q, g) : element(matrix, g, q);
            unsigned high = TRANSPOSED ? element(matrix, q + 1, g) : element(matrix, g, q + 1);
            ((MatrixLoad*)operands[lane])->to[matrix] = low | high << 16;
        }
}

// On a GPU a copy lands at any time between its start and its wait. So here the place that it goes to is
// poison from the start on and gets its data at the wait: whoever still reads what lay there, or reads too
// early what is to come, reads poison. Whoever writes there meanwhile is found at the wait.
inline void copy_async(void* shared, const void* global, int bytes, bool valid) {
    Thread& thread = self();
    if ((uintptr_t)shared % bytes || (uintptr_t)global % bytes) fail("a misaligned cp.async");
    if (thread.n_copies == MAX_COPIES) fail("too many cp.async in flight");
    AsyncCopy copy = {(unsigned*)shared, (const unsigned*)global, bytes / 4, valid, thread.group};
    for (int i = 0; i < copy.words; ++i) copy.to[i] = POISON;
    copy_started(copy.to, copy.words);
    count_copy(shared, bytes);
    thread.copies[thread.n_copies++] = copy;
}

inline void finish_copies(int groups_left) {
    Thread& thread = self();
    int kept = 0;
    for (int i = 0; i < thread.n_copies; ++i) {
        AsyncCopy copy = thread.copies[i];
        if (copy.group >= thread.group - groups_left) {
            thread.copies[kept++] = copy;
            continue;
        }
        for (int i = 0; i < copy.words; ++i) {
            if (copy.to[i] != POISON) fail("a write to where a cp.async was in flight");
            copy.to[i] = copy.valid ? copy.from[i] : 0;
        }
        copy_landed(copy.to, copy.words);
    }
    thread.n_copies = kept;
}

}

inline void mma_tf32(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    cuda_on_cpu::Fragments operand = {d, a, b};
    cuda_on_cpu::warp_operation(~0u, cuda_on_cpu::multiply_tf32, &operand);
}
inline void mma_bf16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    cuda_on_cpu::Fragments operand = {d, a, b};
    cuda_on_cpu::warp_operation(~0u, cuda_on_cpu::multiply_bf16, &operand);
}
inline void load_matrix(unsigned (&r)[4], const void* row) {
    cuda_on_cpu::MatrixLoad operand = {r, (const unsigned*)row};
    cuda_on_cpu::warp_operation(~0u, cuda_on_cpu::load_matrices<false>, &operand);
}
inline void load_matrix_transposed(unsigned (&r)[4], const void* row) {
    cuda_on_cpu::MatrixLoad operand = {r, (const unsigned*)row};
    cuda_on_cpu::warp_operation(~0u, cuda_on_cpu::load_matrices<true>, &operand);
}
template <int BYTES> void copy_async(void* shared, const void* global, bool valid = true) {
    static_assert(BYTES == 4 || BYTES == 8 || BYTES == 16, "cp.async copies 4, 8 or 16 bytes");
    cuda_on_cpu::copy_async(shared, global, BYTES, valid);
}
inline void copy_async_commit() { ++cuda_on_cpu::self().group, cuda_on_cpu::self().n_in_group = 0; }
template <int GROUPS_LEFT> void copy_async_wait() { cuda_on_cpu::finish_copies(GROUPS_LEFT); }
