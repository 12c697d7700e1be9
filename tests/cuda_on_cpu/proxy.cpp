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

void read_shared(unsigned* addresses, int count, bool check) {
    const char* window = shared_window();
    const unsigned first = (dynamic_shared_memory() - window) / 4, end = first + size(), now = barriers();
    for (int i = 0; i < count; ++i) {
        const unsigned word = addresses[i] / 4;
        if (word < first || word >= end) fail("a wgmma that reads outside of dynamic shared memory");
        const Word& known = words[word - first];
        const unsigned value = addresses[i] = ((const unsigned*)window)[word];
        if (!check) continue;
        if (known.state == FLYING) fail("a wgmma that reads what a cp.async is still to bring");
        if (known.state == LANDED) fail("a wgmma that reads a copy without fence.proxy.async");
        if (known.state == FENCED && now < known.barrier)
            fail("a wgmma that reads a copy without a barrier after its fence.proxy.async");
        if (known.state == STORED || known.value != value)
            fail("a wgmma that reads what no cp.async has brought");
    }
}

}
