// The scheduler: runs the blocks of a launch one after the other, and the threads of a block as fibers. It is
// compiled without sanitizers; where AddressSanitizer or ThreadSanitizer is loaded, it tells them what it
// does.
#include "scheduler.h"

#include "fibers.h"
#include "warpgroup.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#define EXPORT extern "C" __attribute__((visibility("default")))

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace cuda_on_cpu {

constexpr int NOBODY = -1;          // the caller of run(), not a thread of the block

enum Order { FORWARD, REVERSE, RANDOM };

static Thread threads[MAX_THREADS];
static AsyncCopy copies[MAX_THREADS][MAX_COPIES];
static int n_threads, running = NOBODY, n_at_barrier, n_done;
static std::vector<int> queue;      // threads that may run, in the order in which they will
static size_t queue_head, shared_bytes;
static unsigned waiting_lanes[MAX_THREADS / WARP];     // those in a warp operation, by warp
static void* caller_stack_pointer;
static void* caller_tsan_fiber;
static char* shared_end;            // dynamic shared memory ends here, at a page that nobody may touch
static Order order;
static uint64_t random_state;
static char error[512];
static void* fault_address;
static Kernel kernel;
static void** kernel_args;
// For ThreadSanitizer a barrier (a warp operation) is the release and acquire of a token. Two tokens take
// turns, so that threads at one barrier are not ordered by the next.
static char barrier_token[2], warp_token[MAX_THREADS / WARP][2], begin_token, end_token;
static unsigned barrier_count, warp_count[MAX_THREADS / WARP];

int current() { return running; }
Thread& self() { return threads[running]; }
char* dynamic_shared_memory() { return shared_end - shared_bytes; }
unsigned barriers() { return barrier_count; }
char* shared_window() { return shared_end - MAX_SHARED; }

static uint64_t random_number() {   // xorshift64
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void arrange(std::vector<int>& numbers) {
    if (order == REVERSE) std::reverse(numbers.begin(), numbers.end());
    if (order == RANDOM)
        for (size_t i = numbers.size(); i > 1; --i) std::swap(numbers[i - 1], numbers[random_number() % i]);
}

static void switch_to(int next) {
    int before = running;
    if (before == next) return;
    running = next;
    if (next != NOBODY) threadIdx = threads[next].index;
    if (__tsan_switch_to_fiber)     // 1: the switch itself orders nothing
        __tsan_switch_to_fiber(next == NOBODY ? caller_tsan_fiber : threads[next].tsan_fiber, 1);
    switch_stack(before == NOBODY ? &caller_stack_pointer : &threads[before].stack_pointer,
                 next == NOBODY ? caller_stack_pointer : threads[next].stack_pointer);
}

void fail(const char* message) {
    snprintf(error, sizeof error,
             "%s in block (%u, %u, %u), thread (%u, %u, %u); %d of %d threads wait at a barrier, %d are done",
             message, blockIdx.x, blockIdx.y, blockIdx.z, threadIdx.x, threadIdx.y, threadIdx.z, n_at_barrier,
             n_threads, n_done);
    switch_to(NOBODY);
    __builtin_unreachable();
}

static void run_next() {
    if (queue_head < queue.size()) {
        int next = queue[queue_head++];
        if (queue_head == queue.size()) queue.clear(), queue_head = 0;
        switch_to(next);
    } else if (n_done == n_threads) {
        switch_to(NOBODY);
    } else {
        fail("deadlock: a barrier or warp operation that not all threads reach,");
    }
}

static void wake(State state, int first, int last, unsigned mask) {
    static std::vector<int> woken;
    woken.clear();
    for (int i = first; i < last; ++i) {
        if (threads[i].state != state || !(mask >> (i % WARP) & 1)) continue;
        threads[i].state = READY;
        woken.push_back(i);
    }
    arrange(woken);
    const bool ahead = order == REVERSE;        // of the other warps, as far as this one can run
    queue.insert(ahead ? queue.begin() + queue_head : queue.end(), woken.begin(), woken.end());
}

// Stricter than a GPU: a thread that has returned never counts as having arrived.
void barrier() {
    char* token = &barrier_token[barrier_count & 1];
    release(token);
    self().state = AT_BARRIER;
    if (++n_at_barrier == n_threads) {
        n_at_barrier = 0;
        ++barrier_count;
        wake(AT_BARRIER, 0, n_threads, ~0u);
    }
    run_next();
    acquire(token);
}

void warp_operation(unsigned mask, WarpWork work, void* operand) {
    int warp = running / WARP, first = warp * WARP, lanes = std::min(WARP, n_threads - first);
    if (lanes < WARP) mask &= (1u << lanes) - 1;
    unsigned mine = 1u << (running - first);
    if (!(mask & mine)) fail("a lane that is not in its own mask");
    char* token = &warp_token[warp][warp_count[warp] & 1];
    release(token);
    self().state = IN_WARP_OPERATION, self().mask = mask, self().work = work, self().operand = operand;
    waiting_lanes[warp] |= mine;
    if ((waiting_lanes[warp] & mask) == mask) {        // the last to arrive does the work of all
        void* operands[WARP] = {};
        for (int lane = 0; lane < lanes; ++lane) {
            if (!(mask >> lane & 1)) continue;
            Thread& thread = threads[first + lane];
            if (thread.mask != mask) fail("lanes that give different masks");
            if (thread.work != work) fail("lanes in different warp operations");
            operands[lane] = thread.operand;
        }
        acquire(token);
        if (work) work(operands, mask);
        release(token);
        waiting_lanes[warp] &= ~mask;
        ++warp_count[warp];
        wake(IN_WARP_OPERATION, first, first + lanes, mask);
    }
    run_next();
    acquire(token);
}

static void thread_main() {
    for (;;) {                      // a fiber lives as long as the process and runs one thread of each block
        acquire(&begin_token);
        kernel.body(kernel_args);
        if (self().n_copies) fail("a cp.async that was not waited for: it may come over what lies there now");
        self().state = DONE;
        end_of_thread(++n_done == n_threads);
        release(&end_token);
        run_next();
    }
}

static void prepare(Thread& thread, int number) {
    if (!thread.stack) {
        thread.stack = map_memory(STACK);
        if (__tsan_create_fiber) thread.tsan_fiber = __tsan_create_fiber(0);
    }
    if (__asan_unpoison_memory_region) __asan_unpoison_memory_region(thread.stack, STACK);
    void** top = (void**)(thread.stack + STACK - number * 128 % PAGE);     // stacks in different cache sets
    *--top = nullptr;
    *--top = (void*)thread_main;
    for (int i = 0; i < SAVED_WORDS; ++i) *--top = nullptr;
    thread.stack_pointer = top;
    thread.state = READY;
    thread.copies = copies[number];
    thread.n_copies = thread.group = thread.n_in_group = 0;
    thread.index = {number % blockDim.x, number / blockDim.x % blockDim.y,
                    number / (blockDim.x * blockDim.y)};
}

// Not by memset: AddressSanitizer would complain of the space between arrays.
static void poison(char* begin, char* end) {
    for (volatile char* p = begin; p < end; ++p) *p = (char)0xFF;
}

static void on_fault(int, siginfo_t* info, void*) {
    fault_address = info->si_addr;
    fail(info->si_addr ? "memory outside of every array touched" : "a null or misaligned address");
}

static void allocate_shared() {
    shared_end = map_memory(MAX_SHARED + PAGE) + MAX_SHARED;
    mprotect(shared_end, PAGE, PROT_NONE);
}

static void run_block(unsigned block) {
    blockIdx = {block % gridDim.x, block / gridDim.x % gridDim.y, block / (gridDim.x * gridDim.y)};
    poison(shared_end - shared_bytes, shared_end);
    poison(kernel.shared_begin, kernel.shared_end);
    n_at_barrier = n_done = 0;
    queue.clear(), queue_head = 0;
    memset(waiting_lanes, 0, sizeof waiting_lanes);
    count_block();
    begin_shared_memory(), begin_warpgroups();
    for (int i = 0; i < n_threads; ++i) prepare(threads[i], i), queue.push_back(i);
    arrange(queue);
    release(&begin_token);
    run_next();
    acquire(&end_token);
}

int run(const Kernel& what, dim3 grid, dim3 block, size_t shared, void** args) {
    kernel = what, kernel_args = args;
    gridDim = grid, blockDim = block;
    n_threads = block.x * block.y * block.z;
    shared_bytes = (shared + 15) / 16 * 16;
    error[0] = 0, fault_address = nullptr, running = NOBODY;
    count_launch();
    if (!shared_end) allocate_shared();
    if (__tsan_get_current_fiber) caller_tsan_fiber = __tsan_get_current_fiber();
    bool sanitized = __tsan_get_current_fiber || __asan_poison_memory_region;     // they report faults too
    struct sigaction ours = {}, before;
    ours.sa_sigaction = on_fault;
    ours.sa_flags = SA_SIGINFO | SA_NODEFER;
    if (!sanitized) sigaction(SIGSEGV, &ours, &before);
    std::vector<int> blocks((size_t)grid.x * grid.y * grid.z);
    for (size_t i = 0; i < blocks.size(); ++i) blocks[i] = (int)i;
    arrange(blocks);
    for (int number : blocks) {
        run_block(number);
        if (error[0]) break;
    }
    if (!sanitized) sigaction(SIGSEGV, &before, nullptr);
    return error[0] != 0;
}

}

EXPORT const char* simulator_error() { return cuda_on_cpu::error; }
EXPORT void* simulator_fault_address() { return cuda_on_cpu::fault_address; }
EXPORT void simulator_set_order(int order, uint64_t seed) {
    cuda_on_cpu::order = (cuda_on_cpu::Order)order;
    cuda_on_cpu::random_state = 88172645463325252ull + seed * 7919;
}
