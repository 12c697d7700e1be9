// Shared memory as wgmma reads it: through the async proxy, which does not see what threads wrote until they
// fence it. What a cp.async brought, the thread that started it must fence, and then a barrier must come.
// Plain stores cannot be followed here, so that to read them is an error, which it would not be on a GPU.
#include "warpgroup.h"

#include <vector>

namespace cuda_on_cpu {

// What cp.async last did with a word; STORED: nothing.
enum WordState : unsigned char { STORED, FLYING, LANDED, FENCED };
struct Word { unsigned value, barrier; short writer; WordState state; };        // barrier: after its fence
struct Run { int first, count; };

static Word words[MAX_SHARED / 4];                  // of dynamic shared memory
static std::vector<Run> unfenced[MAX_THREADS];      // what a thread's copies brought since its last fence

static int size() { return (shared_window() + MAX_SHARED - dynamic_shared_memory()) / 4; }

static Run run_at(const unsigned* to, int count) {
    const ptrdiff_t first = to - (unsigned*)dynamic_shared_memory();
    return first < 0 || first + count > size() ? Run{0, 0} : Run{(int)first, count};    // 0: a static array
}

void copy_started(const unsigned* to, int count) {
    const Run run = run_at(to, count);
    for (int i = 0; i < run.count; ++i) words[run.first + i].state = FLYING;
}

void copy_landed(const unsigned* to, int count) {
    const Run run = run_at(to, count);
    for (int i = 0; i < run.count; ++i) words[run.first + i] = {to[i], 0, (short)current(), LANDED};
    unfenced[current()].push_back(run);
}

void fence_async_proxy() {
    for (const Run& run : unfenced[current()])
        for (int i = run.first; i < run.first + run.count; ++i)
            if (words[i].state == LANDED && words[i].writer == current())
                words[i].state = FENCED, words[i].barrier = barriers() + 1;
    unfenced[current()].clear();
}

void begin_shared_memory() {
    for (int i = 0; i < size(); ++i) words[i].state = STORED;
    for (auto& runs : unfenced) runs.clear();
}

unsigned shared_address(const void* p) {
    const char* end = shared_window() + MAX_SHARED;
    if (p < dynamic_shared_memory() || p >= end) fail("an address outside of dynamic shared memory");
    return (const char*)p - shared_window();
}

unsigned read_shared(unsigned address, bool check) {
    const unsigned* from = (const unsigned*)(shared_window() + address);
    const Run run = run_at(from, 1);
    if (run.count == 0) fail("a wgmma that reads outside of dynamic shared memory");
    const Word& known = words[run.first];
    if (check && known.state == FLYING) fail("a wgmma that reads what a cp.async is still to bring");
    if (check && known.state == LANDED) fail("a wgmma that reads a copy without fence.proxy.async");
    if (check && known.state == FENCED && barriers() < known.barrier)
        fail("a wgmma that reads a copy without a barrier after its fence.proxy.async");
    if (check && (known.state == STORED || known.value != *from))
        fail("a wgmma that reads what no cp.async has brought");
    return *from;
}

}
