// wgmma: products by a warpgroup of four warps, whose operand B a descriptor names in shared memory, and
// which are done some time between their start and their wait (included by ptx.h).
#pragma once
#include "scheduler.h"

#pragma GCC visibility push(default)
namespace cuda_on_cpu {

// d (64, n) += a (64, k) b (k, n), a lane's part of it. b: descriptor. along_n: does b lie along n, or k?
struct Multiplication {
    float* d;
    const unsigned* a;
    uint64_t b;
    int n;
    bool bf16, along_n;
};

void fence_registers();
void start_multiplication(Multiplication what);
void commit_multiplications();
void finish_multiplications(int groups_left);

// proxy.cpp
unsigned shared_address(const void* p);
// Replaces the addresses of words by the words. check: may a product read them now?
void read_shared(unsigned* addresses, int count, bool check);
void fence_async_proxy();

// What cp.async and the scheduler tell.
void copy_started(const unsigned* to, int words);
void copy_landed(const unsigned* to, int words);
void begin_shared_memory();                                 // of a block
void begin_warpgroups();
void end_of_thread(bool last_of_block);

}
#pragma GCC visibility pop

inline unsigned shared_address(const void* p) { return cuda_on_cpu::shared_address(p); }
inline void fence_async_proxy() { cuda_on_cpu::fence_async_proxy(); }
inline void wgmma_fence() { cuda_on_cpu::fence_registers(); }
inline void wgmma_commit() { cuda_on_cpu::commit_multiplications(); }
template <int GROUPS_LEFT> void wgmma_wait() { cuda_on_cpu::finish_multiplications(GROUPS_LEFT); }
template <int N> void wgmma_finished(float (&)[N]) {}
template <bool along_n, int N> void wgmma_bf16(float (&d)[N], const unsigned (&a)[4], uint64_t b) {
    cuda_on_cpu::start_multiplication({d, a, b, N * 2, true, along_n});
}
template <int N> void wgmma_tf32(float (&d)[N], const unsigned (&a)[4], uint64_t b) {
    cuda_on_cpu::start_multiplication({d, a, b, N * 2, false, false});
}
