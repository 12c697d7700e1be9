// The CUDA language as a kernel file sees it, for g++: `g++ -include device.h` compiles an unmodified .cu.
// What CUDA code can only say in PTX (the end of common.cuh) stands in ptx.h, under the same names.
#pragma once
#include <math.h>
#include <string.h>

#include <type_traits>
#include <utility>

#include "scheduler.h"

#define CUDA_ON_CPU 1
#define __CUDA_ARCH__ 900
#define __global__
#define __device__
#define __host__
#define __constant__ static
#define __shared__ static __attribute__((section("cuda_shared")))
#define __forceinline__ inline
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))

constexpr int warpSize = 32;

// ---- vector types
template <class T, int BYTES> struct alignas(BYTES) Two { T x, y; };
template <class T> struct Three { T x, y, z; };
template <class T, int BYTES> struct alignas(BYTES) Four { T x, y, z, w; };
using float2 = Two<float, 8>;
using float3 = Three<float>;
using float4 = Four<float, 16>;
using int2 = Two<int, 8>;
using int4 = Four<int, 16>;
using uint2 = Two<unsigned, 8>;
using uint4 = Four<unsigned, 16>;
using uchar4 = Four<unsigned char, 4>;
using double2 = Two<double, 16>;
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline int2 make_int2(int x, int y) { return {x, y}; }
inline int4 make_int4(int x, int y, int z, int w) { return {x, y, z, w}; }
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }

// ---- arithmetic
template <class A, class B> std::common_type_t<A, B> min(A a, B b) { return b < a ? b : a; }
template <class A, class B> std::common_type_t<A, B> max(A a, B b) { return a < b ? b : a; }
template <class To, class From> To reinterpret_bits(From value) {
    static_assert(sizeof(To) == sizeof(From), "as many bits");
    To bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}
inline float __uint_as_float(unsigned v) { return reinterpret_bits<float>(v); }
inline unsigned __float_as_uint(float v) { return reinterpret_bits<unsigned>(v); }
inline float __int_as_float(int v) { return reinterpret_bits<float>(v); }
inline int __float_as_int(float v) { return reinterpret_bits<int>(v); }
inline unsigned __umulhi(unsigned a, unsigned b) { return (uint64_t)a * b >> 32; }
inline int __popc(unsigned v) { return __builtin_popcount(v); }
inline int __clz(int v) { return v ? __builtin_clz(v) : 32; }
inline int __ffs(int v) { return __builtin_ffs(v); }
inline float rsqrtf(float v) { return 1.0f / sqrtf(v); }
inline float __expf(float v) { return expf(v); }
inline float __logf(float v) { return logf(v); }
inline float __sinf(float v) { return sinf(v); }
inline float __cosf(float v) { return cosf(v); }
inline float __fdividef(float a, float b) { return a / b; }
inline float __saturatef(float v) { return v > 0 ? (v < 1 ? v : 1.0f) : 0.0f; }
inline float sinpif(float v) { return (float)sin(M_PI * (double)v); }
inline float cospif(float v) { return (float)cos(M_PI * (double)v); }
inline void sincospif(float v, float* s, float* c) { *s = sinpif(v), *c = cospif(v); }
inline int __float2int_rn(float v) { return (int)lrintf(v); }
inline int __float2int_rd(float v) { return (int)floorf(v); }
template <class T> T __ldg(const T* p) { return *p; }
template <class T> T __ldcs(const T* p) { return *p; }
template <class T> void __stcs(T* p, T v) { *p = v; }

// ---- threads that wait for one another
inline void __syncthreads() { cuda_on_cpu::barrier(); }
inline void __syncwarp(unsigned mask = ~0u) { cuda_on_cpu::warp_operation(mask, nullptr, nullptr); }
inline void __threadfence() {}
inline void __threadfence_block() {}

// ---- warp operations: each lane offers an operand, the last lane to arrive does the work for all
namespace cuda_on_cpu {

template <class T> struct Shuffle { T value, result; int from; };

template <class T> void exchange(void** operands, unsigned mask) {
    for (int lane = 0; lane < WARP; ++lane) {
        if (!(mask >> lane & 1)) continue;
        auto& mine = *(Shuffle<T>*)operands[lane];
        bool takes_part = operands[mine.from] && mask >> mine.from & 1;
        if (!takes_part) fail("a shuffle from a lane that takes no part");
        mine.result = ((Shuffle<T>*)operands[mine.from])->value;
    }
}

template <class T> T shuffle(unsigned mask, T value, int from) {
    Shuffle<T> operand = {value, value, from};
    warp_operation(mask, exchange<T>, &operand);
    return operand.result;
}

struct Vote { bool mine; unsigned result; };

inline void count_votes(void** operands, unsigned mask) {
    unsigned result = 0;
    for (int lane = 0; lane < WARP; ++lane)
        if (mask >> lane & 1) result |= (unsigned)((Vote*)operands[lane])->mine << lane;
    for (int lane = 0; lane < WARP; ++lane)
        if (mask >> lane & 1) ((Vote*)operands[lane])->result = result;
}

inline int lane() { return current() % WARP; }

}

inline unsigned __ballot_sync(unsigned mask, int predicate) {
    cuda_on_cpu::Vote vote = {predicate != 0, 0};
    cuda_on_cpu::warp_operation(mask, cuda_on_cpu::count_votes, &vote);
    return vote.result;
}
inline int __any_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
inline int __all_sync(unsigned mask, int predicate) { return __ballot_sync(mask, !predicate) == 0; }

template <class T> T __shfl_sync(unsigned mask, T value, int from, int width = 32) {
    int lane = cuda_on_cpu::lane();
    return cuda_on_cpu::shuffle(mask, value, lane / width * width + from % width);
}
template <class T> T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32) {
    int lane = cuda_on_cpu::lane(), from = lane ^ bits;
    return cuda_on_cpu::shuffle(mask, value, from / width == lane / width ? from : lane);
}
template <class T> T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32) {
    int lane = cuda_on_cpu::lane();
    return cuda_on_cpu::shuffle(mask, value, lane % width + (int)delta < width ? lane + (int)delta : lane);
}
template <class T> T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32) {
    int lane = cuda_on_cpu::lane();
    return cuda_on_cpu::shuffle(mask, value, lane % width >= (int)delta ? lane - (int)delta : lane);
}

// ---- atomics on integers (floating-point sums would depend on the order of threads)
template <class T> T atomicAdd(T* p, std::common_type_t<T> v) {
    static_assert(std::is_integral<T>::value, "float atomics make runs irreproducible");
    return __atomic_fetch_add(p, v, __ATOMIC_RELAXED);
}
template <class T> T atomicExch(T* p, std::common_type_t<T> v) {
    return __atomic_exchange_n(p, v, __ATOMIC_RELAXED);
}

// All __shared__ arrays of the file lie in one section; the linker names its ends.
extern "C" __attribute__((weak, visibility("hidden"))) char __start_cuda_shared[], __stop_cuda_shared[];

#include "ptx.h"

// ---- what Python calls: launch_NAME, and signature_NAME, one word per parameter
namespace cuda_on_cpu {

template <class T> const char* type_name() {
    using U = std::remove_const_t<T>;
    if (std::is_same<U, float>::value) return "float32 ";
    if (std::is_same<U, double>::value) return "float64 ";
    if (std::is_same<U, bool>::value) return "bool ";
    if (std::is_integral<U>::value) {
        constexpr const char *with_sign[] = {"int8 ", "int16 ", "int32 ", "int64 "};
        constexpr const char *without[] = {"uint8 ", "uint16 ", "uint32 ", "uint64 "};
        return (std::is_signed<U>::value ? with_sign : without)[__builtin_ctz(sizeof(U))];
    }
    return sizeof(U) == 2 ? "bfloat16 " : "unknown ";
}

template <class T> struct Describe {
    static void add(char* text) { strcat(text, type_name<T>()); }
};
template <class T> struct Describe<T*> {
    static void add(char* text) { strcat(text, "*"), strcat(text, type_name<T>()); }
};

template <class... A> const char* signature(void (*)(A...)) {
    static char text[1024];
    text[0] = 0;
    (Describe<A>::add(text), ...);
    return text;
}

template <class... A, size_t... I> void call(void (*kernel)(A...), void** args, std::index_sequence<I...>) {
    kernel(*(std::remove_reference_t<A>*)args[I]...);
}
template <class... A> void call(void (*kernel)(A...), void** args) {
    call(kernel, args, std::index_sequence_for<A...>{});
}

}

#define CUDA_ON_CPU_EXPORT(kernel)                                                                          \
    extern "C" __attribute__((visibility("default"))) const char* signature_##kernel() {                    \
        return cuda_on_cpu::signature(kernel);                                                              \
    }                                                                                                       \
    extern "C" __attribute__((visibility("default")))                                                       \
    int launch_##kernel(const unsigned* grid, const unsigned* block, size_t shared, void** args) {          \
        auto body = [](void** args) { cuda_on_cpu::call(kernel, args); };                                   \
        cuda_on_cpu::Kernel what = {body, __start_cuda_shared, __stop_cuda_shared};                         \
        return cuda_on_cpu::run(what, dim3(grid[0], grid[1], grid[2]), dim3(block[0], block[1], block[2]),  \
                                shared, args);                                                              \
    }
