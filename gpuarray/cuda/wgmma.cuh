// wgmma: a product by a warpgroup (four warps, the first a multiple of four) on the tensor cores of sm_90a.
// On the CPU, tests/cuda_on_cpu/warpgroup.h has functions of the same names.
//
//   d (64, n) += a (64, k) b (k, n)        k: 16 bfloat16 or 8 tf32
//
// Warp w of the group holds rows 16 w to 16 w + 15: of a like the a of mma_bf16 and mma_tf32 (common.cuh); of
// d, for every eight columns, like their d. b lies in shared memory, where a descriptor finds it.
//
// The product runs while the threads go on. In order: what threads copied into b is made visible by
// fence_async_proxy() and a barrier; wgmma_fence() after a or d were written; the products; wgmma_commit(),
// which makes them a group; wgmma_wait() before a or b are written, or d is touched; wgmma_finished(d).

// Names b, which begins at `begin` in shared memory, in spans of SPAN bytes of a line. SPAN: 16, or 32, 64 or
// 128, whose 16-byte pieces are swizzled: line l, counted from a multiple of 8 SPAN bytes, has piece p at
// p ^ (l % 8 * SPAN / 128). leading: bytes from a line's span to its next. stride: from eight lines to the
// next eight. (For spans of 16 bytes along n, the other way round.)
template <int SPAN>
__device__ inline unsigned long long wgmma_descriptor(const void* begin, unsigned leading, unsigned stride) {
    constexpr unsigned long long swizzle = SPAN == 128 ? 1 : SPAN == 64 ? 2 : SPAN == 32 ? 3 : 0;
    auto field = [](unsigned bytes) { return (unsigned long long)((bytes & 0x3ffff) >> 4); };
    return field(shared_address(begin)) | field(leading) << 16 | field(stride) << 32 | swizzle << 62;
}

#ifndef CUDA_ON_CPU

__device__ inline void fence_async_proxy() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }
__device__ inline void wgmma_fence() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
__device__ inline void wgmma_commit() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }

// Waits until at most GROUPS_LEFT of this warp's groups run.
template <int GROUPS_LEFT> __device__ inline void wgmma_wait() {
    asm volatile("wgmma.wait_group.sync.aligned %0;" :: "n"(GROUPS_LEFT) : "memory");
}

// Keeps the compiler, which does not know that d changes until the wait, from reading it earlier.
template <int N> __device__ inline void wgmma_finished(float (&d)[N]) {
#pragma unroll
    for (int i = 0; i < N; ++i) asm volatile("" : "+f"(d[i]) :: "memory");
}

#define WGMMA_D8(i)                                                                                         \
    "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3]), "+f"(d[i + 4]), "+f"(d[i + 5]),             \
        "+f"(d[i + 6]), "+f"(d[i + 7])
#define WGMMA_D16(i) WGMMA_D8(i), WGMMA_D8(i + 8)
#define WGMMA_D32(i) WGMMA_D16(i), WGMMA_D16(i + 16)
#define WGMMA_0_15 "%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15"
#define WGMMA_16_31 ",%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31"
#define WGMMA_32_63                                                                                         \
    ",%32,%33,%34,%35,%36,%37,%38,%39,%40,%41,%42,%43,%44,%45,%46,%47,%48,%49,%50,%51,%52,%53,%54,%55,%56," \
    "%57,%58,%59,%60,%61,%62,%63"
#define WGMMA_A "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3])

// d += a b, not negated. along_n: b lies along n, else along k.
template <bool along_n, int N>
__device__ inline void wgmma_bf16(float (&d)[N], const unsigned (&a)[4], unsigned long long b) {
    static_assert(N == 16 || N == 32 || N == 64, "32, 64 or 128 columns");
    if constexpr (N == 16)
        asm volatile("wgmma.mma_async.sync.aligned.m64n32k16.f32.bf16.bf16 {" WGMMA_0_15
                     "}, {%16,%17,%18,%19}, %20, 1, 1, 1, %21;"
                     : WGMMA_D16(0) : WGMMA_A, "l"(b), "n"(int(along_n)));
    else if constexpr (N == 32)
        asm volatile("wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 {" WGMMA_0_15 WGMMA_16_31
                     "}, {%32,%33,%34,%35}, %36, 1, 1, 1, %37;"
                     : WGMMA_D32(0) : WGMMA_A, "l"(b), "n"(int(along_n)));
    else
        asm volatile("wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {" WGMMA_0_15 WGMMA_16_31
                     WGMMA_32_63 "}, {%64,%65,%66,%67}, %68, 1, 1, 1, %69;"
                     : WGMMA_D32(0), WGMMA_D32(32) : WGMMA_A, "l"(b), "n"(int(along_n)));
}

// b along k; of its numbers the tensor cores read the 19 bits of a tf32.
template <int N>
__device__ inline void wgmma_tf32(float (&d)[N], const unsigned (&a)[4], unsigned long long b) {
    static_assert(N == 16 || N == 32 || N == 64, "32, 64 or 128 columns");
    if constexpr (N == 16)
        asm volatile("wgmma.mma_async.sync.aligned.m64n32k8.f32.tf32.tf32 {" WGMMA_0_15
                     "}, {%16,%17,%18,%19}, %20, 1, 1, 1;"
                     : WGMMA_D16(0) : WGMMA_A, "l"(b));
    else if constexpr (N == 32)
        asm volatile("wgmma.mma_async.sync.aligned.m64n64k8.f32.tf32.tf32 {" WGMMA_0_15 WGMMA_16_31
                     "}, {%32,%33,%34,%35}, %36, 1, 1, 1;"
                     : WGMMA_D32(0) : WGMMA_A, "l"(b));
    else
        asm volatile("wgmma.mma_async.sync.aligned.m64n128k8.f32.tf32.tf32 {" WGMMA_0_15 WGMMA_16_31
                     WGMMA_32_63 "}, {%64,%65,%66,%67}, %68, 1, 1, 1;"
                     : WGMMA_D32(0), WGMMA_D32(32) : WGMMA_A, "l"(b));
}
#endif
