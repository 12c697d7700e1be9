// Counts bank conflicts. Shared memory has 32 banks, each 4 bytes wide, which take turns. Lanes that together
// touch 128 bytes are served at once, in one wavefront, if no bank is asked for two addresses; else in as
// many wavefronts as the bank that is asked for most has addresses.
#include "scheduler.h"

#include <algorithm>

namespace cuda_on_cpu {

struct Wavefronts { long long all, extra; };        // extra: more than the fewest that the bytes need
static Wavefronts wavefronts[2];                    // of a launch, by Access

// A warp's lanes start a cp.async together, but run here one after the other. So the n-th copies of each
// lane's group are kept until the last lane has come. Where lanes start different numbers, the last are not
// counted.
struct WarpCopy { long long block; int group, lanes; const void* to[WARP]; };
constexpr int WARPS = 1024 / WARP, GROUPS = 4;      // GROUPS: that lanes may be apart
static WarpCopy warp_copies[WARPS][GROUPS][MAX_COPIES];
static long long blocks;

void count_launch() { wavefronts[MATRIX_LOADS] = wavefronts[COPIES] = {}; }
void count_block() { ++blocks; }

void count_access(Access kind, const void* const* addresses, int lanes, int bytes) {
    const int at_once = 128 / bytes;
    for (int first = 0; first < lanes; first += at_once) {
        int asked[WARP] = {}, most = 0;             // different addresses, by their place among the banks
        for (int i = first; i < std::min(first + at_once, lanes); ++i)
            if (std::find(addresses + first, addresses + i, addresses[i]) == addresses + i)
                most = std::max(most, ++asked[(uintptr_t)addresses[i] / bytes % at_once]);
        wavefronts[kind].all += most;
        wavefronts[kind].extra += most - 1;
    }
}

void count_copy(const void* to, int bytes) {
    Thread& thread = self();
    const int warp = current() / WARP, threads = blockDim.x * blockDim.y * blockDim.z;
    const int lanes = std::min(WARP, threads - warp * WARP);
    WarpCopy& copy = warp_copies[warp][thread.group % GROUPS][thread.n_in_group++ % MAX_COPIES];
    if (copy.block != blocks || copy.group != thread.group)
        copy.block = blocks, copy.group = thread.group, copy.lanes = 0;
    copy.to[current() % WARP] = to;
    if (++copy.lanes == lanes) count_access(COPIES, copy.to, lanes, bytes);
}

}

extern "C" __attribute__((visibility("default")))
void simulator_wavefronts(int kind, long long* all_and_extra) {
    all_and_extra[0] = cuda_on_cpu::wavefronts[kind].all;
    all_and_extra[1] = cuda_on_cpu::wavefronts[kind].extra;
}
