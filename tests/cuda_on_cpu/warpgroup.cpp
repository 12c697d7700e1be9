// wgmma, as the PTX manual has it (asynchronous warpgroup-level matrix instructions). Each warp does its 16
// of the 64 rows on its own, as on a GPU: that all four start the same product is checked, but none waits
// for another.
//
// Registers are memory here, on the stacks of the threads, of which fence_registers keeps a copy: what a
// product takes must be as it was then, or as a product left it.
// In flight: the accumulators are poison from the start on and receive the sums at the wait. A and B are read
// at both; if they differ, a GPU might have taken either.
#include "warpgroup.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

namespace cuda_on_cpu {

constexpr int WARPS = MAX_THREADS / WARP, WARPS_OF_GROUP = 4;

// ---- B: where element (k, n) lies
struct Descriptor {
    unsigned start, leading, stride, log2_chunks;   // bytes; chunks: of 16 bytes, that the swizzle permutes
    Descriptor(uint64_t bits) {
        auto decode = [](uint64_t field) { return (unsigned)(field & 0x3fff) << 4; };
        constexpr unsigned LOG2_CHUNKS[] = {0, 3, 2, 1};
        start = decode(bits), leading = decode(bits >> 16), stride = decode(bits >> 32);
        log2_chunks = LOG2_CHUNKS[bits >> 62];
        if (bits >> 49 & 7) fail("a descriptor with a base offset, which is not simulated,");
        if (bits & 0x3ff1c000c000c000) fail("a descriptor with bits that mean nothing");
    }
    template <int SIZE> unsigned at(unsigned k, unsigned n, bool along_n) const {
        constexpr unsigned IN_CHUNK = 16 / SIZE;
        const unsigned along = along_n ? n : k, other = along_n ? k : n, chunks = 1 << log2_chunks;
        const unsigned chunk = along / IN_CHUNK, line = chunks * 16;
        // From one run of chunks to the next, from eight lines to the next eight.
        const bool exchanged = along_n && chunks == 1;
        const unsigned run = exchanged ? stride : leading, eight = exchanged ? leading : stride;
        const unsigned address = start + other / 8 * eight + other % 8 * line + (chunk >> log2_chunks) * run +
                                 (chunk & (chunks - 1)) * 16 + along % IN_CHUNK * SIZE;
        return address ^ (address >> 3 & (line - 16));
    }
};

// ---- products
struct Pending {
    Multiplication lanes[WARP];
    unsigned a[WARP][4];
    std::vector<unsigned> b;                        // the elements as they were at the start
    int group;
};
struct Sums { std::vector<float> values; int products; };       // of accumulators in flight: (lane, register)
struct Warp {
    std::vector<Pending> pending;
    std::map<float*, Sums> sums;                    // by the accumulators of lane 0
    int group, started;
};
struct Snapshot { const char* low; std::vector<unsigned> words; };
using Issued = std::tuple<uint64_t, int, bool, bool>;          // of a Multiplication: what warps must share

static Warp warps[WARPS];
static std::vector<Issued> issued[WARPS / WARPS_OF_GROUP];
static Snapshot snapshots[MAX_THREADS];

static void copy_words(unsigned* to, const unsigned* from, size_t count) {
    for (size_t i = 0; i < count; ++i) ((volatile unsigned*)to)[i] = from[i];       // ASan watches memcpy
}

void fence_registers() {
    Snapshot& snapshot = snapshots[current()];
    snapshot.low = (const char*)((uintptr_t)__builtin_frame_address(0) & ~(uintptr_t)3);
    snapshot.words.resize((self().stack + STACK - snapshot.low) / 4);
    copy_words(snapshot.words.data(), (const unsigned*)snapshot.low, snapshot.words.size());
    warp_operation(~0u, nullptr, nullptr);
}

// What the copy of a thread's stack holds of the registers; null where they lie elsewhere (ASan moves them).
static unsigned* snapshot_of(int thread, const void* registers) {
    Snapshot& snapshot = snapshots[thread];
    if (snapshot.words.empty()) fail("a wgmma before the first wgmma.fence");
    const ptrdiff_t place = ((const char*)registers - snapshot.low) / 4;
    return place < 0 || place >= (ptrdiff_t)snapshot.words.size() ? nullptr : &snapshot.words[place];
}

static void check_fenced(int thread, const void* registers, int count) {
    const unsigned* then = snapshot_of(thread, registers);
    if (then && !std::equal(then, then + count, (const unsigned*)registers))
        fail("a wgmma with registers that were written after the last wgmma.fence");
}

// Writes accumulators, as a product does: no fence is needed after it.
static void put(int thread, float* registers, const unsigned* values, int count) {
    copy_words((unsigned*)registers, values, count);
    if (unsigned* then = snapshot_of(thread, registers)) copy_words(then, values, count);
}

// The elements of B, (k, n). check: may a product read them now?
template <int SIZE> static std::vector<unsigned> read_elements(const Multiplication& what, bool check) {
    constexpr int DEPTH = 32 / SIZE;
    const Descriptor descriptor(what.b);
    std::vector<unsigned> addresses(DEPTH * what.n);
    for (int i = 0; i < (int)addresses.size(); ++i)
        addresses[i] = descriptor.at<SIZE>(i / what.n, i % what.n, what.along_n);
    std::vector<unsigned> elements = addresses;
    read_shared(elements.data(), (int)elements.size(), check);
    for (size_t i = 0; SIZE == 2 && i < elements.size(); ++i)
        elements[i] = elements[i] >> addresses[i] % 4 * 8 & 0xffff;
    return elements;
}
static std::vector<unsigned> read_b(const Multiplication& what, bool check) {
    return what.bf16 ? read_elements<2>(what, check) : read_elements<4>(what, check);
}

static float in_float(unsigned bits, bool bf16) {
    bits = bf16 ? bits << 16 : bits & 0xffffe000u;          // the tensor cores do not read tf32's lower bits
    float value;
    __builtin_memcpy(&value, &bits, 4);
    return value;
}

static void start(void** operands, unsigned mask) {
    const int warp = current() / WARP, first = warp * WARP;
    if (mask != ~0u || blockDim.x * blockDim.y * blockDim.z % (WARP * WARPS_OF_GROUP))
        fail("wgmma in part of a warpgroup");
    Warp& mine = warps[warp];
    Pending pending;
    for (int lane = 0; lane < WARP; ++lane) {
        const Multiplication& what = pending.lanes[lane] = *(Multiplication*)operands[lane];
        if (what.b != pending.lanes[0].b) fail("lanes with different descriptors");
        check_fenced(first + lane, what.a, 4);
        check_fenced(first + lane, what.d, what.n / 2);
        copy_words(pending.a[lane], what.a, 4);
    }
    const Multiplication& what = pending.lanes[0];
    auto& together = issued[warp / WARPS_OF_GROUP];
    if (mine.started == (int)together.size()) together.emplace_back(what.b, what.n, what.bf16, what.along_n);
    if (!(together[mine.started++] == Issued{what.b, what.n, what.bf16, what.along_n}))
        fail("warps of a warpgroup in different wgmma");
    pending.b = read_b(what, true);
    pending.group = mine.group;
    Sums& sums = mine.sums[what.d];
    if (sums.products++ == 0) {
        const std::vector<unsigned> poison(what.n / 2, POISON);
        for (int lane = 0; lane < WARP; ++lane) {
            float* d = pending.lanes[lane].d;
            sums.values.insert(sums.values.end(), d, d + what.n / 2);
            put(first + lane, d, poison.data(), what.n / 2);
        }
    }
    mine.pending.push_back(std::move(pending));
}

// Lane 4 g + q of a warp holds columns 2q, 2q + 1 of each eight, of rows g and g + 8; A as for mma.sync.
static void finish(Warp& mine, int first, const Pending& pending) {
    const Multiplication& what = pending.lanes[0];
    const int depth = what.bf16 ? 16 : 8;
    if (pending.b != read_b(what, false)) fail("shared memory was written while a wgmma read it");
    float a[16][16];
    for (int lane = 0; lane < WARP; ++lane) {
        const Multiplication& its = pending.lanes[lane];
        if (!std::equal(its.a, its.a + 4, pending.a[lane])) fail("A was written before the wgmma.wait");
        for (int i = 0; i < its.n / 2; ++i)
            if (((const unsigned*)its.d)[i] != POISON) fail("sums were written before the wgmma.wait");
        const int q = lane % 4;
        for (int i = 0; i < 4; ++i) {
            float* row = a[lane / 4 + i % 2 * 8];
            const unsigned bits = pending.a[lane][i];
            if (what.bf16) {
                row[q * 2 + i / 2 * 8] = in_float(bits & 0xffff, true);
                row[q * 2 + i / 2 * 8 + 1] = in_float(bits >> 16, true);
            } else {
                row[q + i / 2 * 4] = in_float(bits, false);
            }
        }
    }
    std::vector<float> b(pending.b.size()), d(16 * what.n);
    for (size_t i = 0; i < b.size(); ++i) b[i] = in_float(pending.b[i], what.bf16);
    for (int m = 0; m < 16; ++m)
        for (int k = 0; k < depth; ++k)
            for (int n = 0; n < what.n; ++n) d[m * what.n + n] += a[m][k] * b[k * what.n + n];
    Sums& sums = mine.sums[what.d];
    const int own = what.n / 2;
    for (int lane = 0; lane < WARP; ++lane)
        for (int i = 0; i < own; ++i) {
            const int row = lane / 4 + i / 2 % 2 * 8, column = i / 4 * 8 + lane % 4 * 2 + i % 2;
            sums.values[lane * own + i] += d[row * what.n + column];
        }
    if (--sums.products > 0) return;
    for (int lane = 0; lane < WARP; ++lane)
        put(first + lane, pending.lanes[lane].d, (const unsigned*)&sums.values[lane * own], own);
    mine.sums.erase(what.d);
}

static void wait(void** operands, unsigned mask) {
    const int warp = current() / WARP, groups_left = *(int*)operands[current() % WARP];
    Warp& mine = warps[warp];
    auto is_done = [&](const Pending& pending) { return pending.group < mine.group - groups_left; };
    while (!mine.pending.empty() && is_done(mine.pending.front())) {
        finish(mine, warp * WARP, mine.pending.front());
        mine.pending.erase(mine.pending.begin());
    }
}

void start_multiplication(Multiplication what) { warp_operation(~0u, start, &what); }
void commit_multiplications() {
    warp_operation(~0u, [](void**, unsigned) { ++warps[current() / WARP].group; }, nullptr);
}
void finish_multiplications(int groups_left) { warp_operation(~0u, wait, &groups_left); }

void begin_warpgroups() {
    for (auto& snapshot : snapshots) snapshot.words.clear();
    for (auto& list : issued) list.clear();
    for (auto& warp : warps) warp = {};
}

void end_of_thread(bool last_of_block) {
    if (!warps[current() / WARP].pending.empty()) fail("a wgmma that was not waited for");
    if (!last_of_block) return;
    for (int warp = 0; warp < WARPS; ++warp)
        if (warps[warp].started != warps[warp / WARPS_OF_GROUP * WARPS_OF_GROUP].started)
            fail("a wgmma that not all warps of a warpgroup started");
}

}
