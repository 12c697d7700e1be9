// What the kernel files share. It is joined as text in front of each of them (source.py), so that caches see
// every change.
// No CUDA headers are needed: NVRTC knows the built-in types, and bfloat16 is 16 bits with two conversions.

// ---- bfloat16
struct bfloat16 { unsigned short bits; };

__device__ inline float to_float(float v) { return v; }
__device__ inline float to_float(bfloat16 v) { return __uint_as_float((unsigned)v.bits << 16); }

// Round to nearest, ties to even; NaN becomes 0x7fff.
__device__ inline bfloat16 to_bfloat16(float v) {
#if __CUDA_ARCH__ >= 800 && !defined(CUDA_ON_CPU)
    unsigned short rounded;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(rounded) : "f"(v));
    return {rounded};
#else
    unsigned bits = __float_as_uint(v);
    bool is_nan = (bits & 0x7fffffffu) > 0x7f800000u;
    return {(unsigned short)(is_nan ? 0x7fffu : (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16)};
#endif
}

template <class T> __device__ T from_float(float v);
template <> __device__ inline float from_float<float>(float v) { return v; }
template <> __device__ inline bfloat16 from_float<bfloat16>(float v) { return to_bfloat16(v); }

// ---- a kernel's arrays, of which no two overlap
template <class T> using In = const T* __restrict__;
template <class T> using Out = T* __restrict__;

// ---- N elements that are read and written together, by aligned accesses of up to 16 bytes
template <class T, int N> struct alignas(sizeof(T) * N < 16 ? sizeof(T) * N : 16) Vector { T v[N]; };

template <int N, class T> __device__ inline Vector<T, N> vector_at(const T* from) {
    return *reinterpret_cast<const Vector<T, N>*>(from);
}

template <int N, class T> __device__ inline void unpack(float (&to)[N], const Vector<T, N>& from) {
#pragma unroll
    for (int i = 0; i < N; ++i) to[i] = to_float(from.v[i]);
}

template <int N, class T> __device__ inline void load(float (&to)[N], const T* from) {
    unpack(to, vector_at<N>(from));
}

template <int N, class T> __device__ inline void store(T* to, const float (&from)[N]) {
    Vector<T, N> vector;
#pragma unroll
    for (int i = 0; i < N; ++i) vector.v[i] = from_float<T>(from[i]);
    *reinterpret_cast<Vector<T, N>*>(to) = vector;
}

// ---- activations; kernels that take one at compile time have the define ACTIVATION = LINEAR, RELU or TANH
enum Activation { LINEAR, RELU, TANH };

// relu is written so that NaN passes through it, as in NumPy.
template <int A> __device__ inline float activate(float v) {
    return A == RELU ? (v < 0.0f ? 0.0f : v) : A == TANH ? tanhf(v) : v;
}

// The derivative, from the activation's value y alone.
template <int A> __device__ inline float activation_slope(float y) {
    return A == RELU ? (y > 0.0f ? 1.0f : 0.0f) : A == TANH ? 1.0f - y * y : 1.0f;
}

// ---- sums in a fixed order: every thread of the warp, of the block, receives the sum
__device__ inline float warp_sum(float v) {
#pragma unroll
    for (int offset = 16; offset > 0; offset /= 2) v += __shfl_xor_sync(0xffffffffu, v, offset);
    return v;
}

// For blocks of up to 1,024 threads, a multiple of 32; every thread must call it.
__device__ inline float block_sum(float v) {
    __shared__ float partial[32];
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    v = warp_sum(v);
    __syncthreads();                                       // a sum before this one may still be read
    if (lane == 0) partial[warp] = v;
    __syncthreads();
    return warp_sum(lane < blockDim.x / 32 ? partial[lane] : 0.0f);
}

// ---- what only PTX can say; on the CPU (CUDA_ON_CPU), tests/cuda_on_cpu/ptx.h has functions of the same
// names
#ifndef CUDA_ON_CPU

// The block's dynamic shared memory, 16-byte aligned.
template <class T> __device__ inline T* dynamic_shared() {
    extern __shared__ __align__(16) unsigned char dynamic_shared_bytes[];
    return reinterpret_cast<T*>(dynamic_shared_bytes);
}

#if __CUDA_ARCH__ >= 800
// Rounds to the nearest tf32 (error 3.0e-4 in a product, against 7.7e-4 when truncated). sm_90 rounds ties to
// even, in one instruction. Older cards can only round ties away from zero, in three.
__device__ inline unsigned to_tf32(float v) {
    unsigned bits;
#if __CUDA_ARCH__ >= 900
    asm("cvt.rn.tf32.f32 %0, %1;" : "=r"(bits) : "f"(v));
#else
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(v));
#endif
    return bits;
}

// d (16, 8) += a (16, 8) b (8, 8). Lane 4 g + q holds d: (g, 2q), (g, 2q + 1), (g + 8, 2q), (g + 8, 2q + 1);
// a: (g, q), (g + 8, q), (g, q + 4), (g + 8, q + 4); b: (q, g), (q + 4, g).
__device__ inline void mma_tf32(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
                 "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// d (16, 8) += a (16, 16) b (16, 8). A register holds two bfloat16 along k, the lower k in its lower 16 bits.
// Lane 4 g + q holds a: (g, 2q..), (g + 8, 2q..), (g, 2q + 8..), (g + 8, 2q + 8..); b: (2q.., g), (2q + 8..,
// g); d as above.
__device__ inline void mma_bf16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
                 "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

__device__ inline unsigned shared_address(const void* p) { return (unsigned)__cvta_generic_to_shared(p); }

// Four 8x8 matrices of 16-bit elements from shared memory: lane 8 i + r points to row r (16 bytes) of matrix
// i; lane 4 g + q receives (g, 2q), (g, 2q + 1) of each; transposed: (2q, g), (2q + 1, g).
__device__ inline void load_matrix(unsigned (&r)[4], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared_address(row)) : "memory");
}
__device__ inline void load_matrix_transposed(unsigned (&r)[4], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared_address(row)) : "memory");
}

// Starts a copy of 4, 8 or 16 bytes from global to shared memory and does not wait. Where not valid, zeros
// are written and nothing is read, but `global` must still be an aligned address.
template <int BYTES> __device__ inline void copy_async(void* shared, const void* global, bool valid = true) {
    static_assert(BYTES == 4 || BYTES == 8 || BYTES == 16, "cp.async copies 4, 8 or 16 bytes");
    int source_bytes = valid ? BYTES : 0;
    if constexpr (BYTES == 16)                             // past L1: each tile is read once by a block
        asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
                     :: "r"(shared_address(shared)), "l"(global), "r"(source_bytes) : "memory");
    else
        asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;"
                     :: "r"(shared_address(shared)), "l"(global), "n"(BYTES), "r"(source_bytes) : "memory");
}
__device__ inline void copy_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Waits until at most GROUPS_LEFT of this thread's groups are in flight. A barrier must follow before other
// threads read what came.
template <int GROUPS_LEFT> __device__ inline void copy_async_wait() {
    asm volatile("cp.async.wait_group %0;" :: "n"(GROUPS_LEFT) : "memory");
}
#else                                                      // sm_75 has no cp.async: the copy is made at once
template <int BYTES> __device__ inline void copy_async(void* shared, const void* global, bool valid = true) {
    Vector<unsigned, BYTES / 4> copied = {};
    if (valid) copied = *static_cast<const Vector<unsigned, BYTES / 4>*>(global);
    *static_cast<Vector<unsigned, BYTES / 4>*>(shared) = copied;
}
__device__ inline void copy_async_commit() {}
template <int GROUPS_LEFT> __device__ inline void copy_async_wait() {}
#endif
#endif
