// Operand B's slice as wgmma reads it, by a descriptor (wgmma.cuh): lines in the order of its array in device
// memory, as in tile.cuh, but without padding. Their 16-byte pieces are swizzled instead, so that neither
// copies nor products meet bank conflicts.
//
// A line along the depth is one span of 64 bytes. A line of columns is cut into spans of 128 bytes; the first
// spans of all lines come before the second ones. Slices must begin at multiples of eight spans. Of GROUPS,
// each has its lines side by side.
#include "wgmma.cuh"

template <int extent, bool along_depth> struct Swizzled {
    static constexpr bool ALONG_DEPTH = along_depth;
    static constexpr int LINES = ALONG_DEPTH ? extent : TILE_DEPTH;
    static constexpr int LENGTH = ALONG_DEPTH ? TILE_DEPTH : extent, SIZE = LINES * LENGTH;
    static constexpr int SPAN = ALONG_DEPTH ? 64 : 128;                                 // bytes
    static constexpr int PIECES = LENGTH / VECTOR, LINES_EACH = LINES * PIECES / THREADS;
    static constexpr int OF_GROUP = LINES / GROUPS, APART = OF_GROUP / LINES_EACH;       // lines of a thread
    static_assert(LENGTH * sizeof(element) % SPAN == 0 && LINES_EACH * THREADS == LINES * PIECES,
                  "spans are full, threads share evenly");
    static_assert(GROUPS == 1 || (ALONG_DEPTH && OF_GROUP % 8 == 0 && APART * LINES_EACH == OF_GROUP),
                  "groups are whole eights of lines, a thread's lines are of one group");
    static_assert(SIZE * sizeof(element) % (8 * SPAN) == 0, "slices follow one another");

    static __device__ int place() { return threadIdx.x % PIECES * VECTOR; }
    static __device__ int line(int i) {
        const int first = threadIdx.x / PIECES;
        return (GROUPS == 1 ? first : first / APART * OF_GROUP + first % APART) + i * APART;
    }

    // The first place for a slice from `p` on.
    static __device__ element* aligned(element* p) {
        return p + -shared_address(p) % (8 * SPAN) / sizeof(element);
    }

    // Starts the copy of this thread's piece of its line i, all or none of whose elements exist.
    static __device__ void copy(element* slice, int i, const element* from, int count) {
        const int bytes = place() * sizeof(element);
        const int at = (bytes / SPAN * LINES + line(i)) * SPAN + bytes % SPAN;
        copy_async<16>(slice + (at ^ (at >> 3 & (SPAN - 16))) / sizeof(element), from, count > 0);
    }

    // Of the 32 bytes of the depth from `depth` on, for the columns of a group.
    static __device__ unsigned long long descriptor(const element* slice, int depth, int group) {
        const element* begin = slice + depth * (ALONG_DEPTH ? 1 : SPAN / sizeof(element)) +
                               group * OF_GROUP * SPAN / sizeof(element);
        return wgmma_descriptor<SPAN>(begin, LINES * SPAN, 8 * SPAN);
    }
};
