// What kernels and the scheduler share. One OS thread runs everything. Each CUDA thread of a block is a
// fiber, with a stack of its own. A fiber runs until it must wait for others, at a barrier or a warp
// operation.
#pragma once
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(default)    // the scheduler is a library of its own, which all kernels share

struct uint3 { unsigned x, y, z; };
struct dim3 {
    unsigned x, y, z;
    dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};
extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;

namespace cuda_on_cpu {

constexpr int WARP = 32;
constexpr int MAX_THREADS = 1024;   // of a block
constexpr int MAX_COPIES = 256;     // asynchronous copies a thread may have in flight
constexpr size_t STACK = 256 << 10, PAGE = 4096;
constexpr size_t MAX_SHARED = 228 << 10;            // whole pages; LIMITS in simulator.py is 227 KiB

constexpr unsigned POISON = ~0u;    // memory that was not written

struct AsyncCopy { unsigned* to; const unsigned* from; int words; bool valid; int group; };  // !valid: zeros

// The work of a warp operation, done once, by the last lane to arrive. operands[lane] is null outside the
// mask.
using WarpWork = void (*)(void** operands, unsigned mask);

enum State { READY, AT_BARRIER, IN_WARP_OPERATION, DONE };

struct Thread {
    void* stack_pointer;
    char* stack;
    void* tsan_fiber;
    uint3 index;
    State state;
    unsigned mask;                  // of the warp operation it waits in
    WarpWork work;
    void* operand;
    AsyncCopy* copies;              // issued and not yet waited for
    int n_copies, group, n_in_group;
};

int current();                      // number of the running thread in its block
Thread& self();
char* dynamic_shared_memory();
char* shared_window();              // where shared address 0 would be
void barrier();
unsigned barriers();                // that the block has passed
void warp_operation(unsigned mask, WarpWork work, void* operand);
void fail(const char* message);     // ends the launch; does not return

// d (16, 8) += a (16, K) b (K, 8): the operand of a lane, and the work (mma.cpp).
struct Fragments { float* d; const unsigned *a, *b; };
void multiply_tf32(void** operands, unsigned mask);
void multiply_bf16(void** operands, unsigned mask);

enum Access { MATRIX_LOADS, COPIES };
void count_launch();                // banks.cpp: begins to count anew
void count_block();
void count_access(Access kind, const void* const* addresses, int lanes, int bytes);
void count_copy(const void* to, int bytes);     // a cp.async of the running thread

// All __shared__ arrays of a kernel file lie between two addresses, which the linker names.
struct Kernel { void (*body)(void**); char *shared_begin, *shared_end; };

// Runs all blocks one after the other; 0, or 1 where fail() was called.
int run(const Kernel& kernel, dim3 grid, dim3 block, size_t shared, void** args);

}
#pragma GCC visibility pop
