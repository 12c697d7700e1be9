// The pixels that a tile's windows see, kept in shared memory while the kernel's taps walk over them: operand
// A of convolutions whose windows overlap.
//
// A tile is IMAGES x TILE_HEIGHT x TILE_WIDTH pixels of the result, one a row of the product. In each of
// them, a tap reads the pixel of A that lies so far down and across. So all taps of a tile together read no
// more than a patch of A, TAPS - 1 pixels higher and wider than the tile: for 16 x 16 pixels and 3 x 3 taps,
// 324 pixels instead of 2,304 (slices.cuh, gather.cuh). Where the stride is 2, a patch takes every second
// pixel of every second line: the taps 0, 2, 4 of a kernel see the even ones, the taps 1, 3 the odd ones.
// These are phases of the image and of the kernel; a phase is a convolution of stride 1.
//
// The depth is cut into steps of one tap and TILE_DEPTH channels (64 bytes). Taps are fastest, then phases,
// then channels, so that a patch serves as many steps as its phase has taps. STAGES slices of B and PATCHES
// patches of A lie in shared memory, as rings. Both are fetched AHEAD steps before their first tap.
//
// Layout: a patch is four planes, one for each 16 bytes of the channels. In a plane, the pixels lie side by
// side. So the eight pixels side by side that ldmatrix reads at a time are 128 bytes in a row, in different
// banks, whatever the tap. Pixels outside the image are zero.
//
// Defines, from PatchTile in patches.py: those of tile.cuh, TILE_HEIGHT, TILE_WIDTH, TAPS (of the phase that
// has most, along an axis), PATCHES; WGMMA, 1 where product_wgmma.cuh multiplies.
#include "tile.cuh"

struct Patch {
    static constexpr bool ALONG_DEPTH = true;
    static constexpr int IMAGES = TILE_ROWS / (TILE_HEIGHT * TILE_WIDTH);
    static constexpr int HEIGHT = TILE_HEIGHT + TAPS - 1, WIDTH = TILE_WIDTH + TAPS - 1;
    static constexpr int PIXELS = IMAGES * HEIGHT * WIDTH, PIECES = TILE_DEPTH / VECTOR;
    // In pixels, 4 mod 8: eight threads copy two pieces of four pixels, which then fall into different banks.
    static constexpr int PLANE = (PIXELS + 3) / 8 * 8 + 4, SIZE = PIECES * PLANE * VECTOR;
    static_assert(IMAGES * TILE_HEIGHT * TILE_WIDTH == TILE_ROWS && PIECES == 4 && THREADS % 16 == 0,
                  "pixels and threads share evenly");

    // A pixel of the patch in phase 0: where it lies, in elements, and whether that is in the image, a bit
    // for each phase.
    struct Pixel {
        int place;
        unsigned inside;
    };
    Pixel pixels[PIXELS];

    // Starts the copy of the pixels that lie `further` elements behind those of phase 0.
    __device__ void copy(element* patch, const element* images, int further, int phase) const {
        const int piece = threadIdx.x % 2 + threadIdx.x / 8 % 2 * 2;
        for (int i = threadIdx.x / 16 * 4 + threadIdx.x / 2 % 4; i < PIXELS; i += THREADS / PIECES) {
            const Pixel pixel = pixels[i];
            copy_async<16>(patch + (piece * PLANE + i) * VECTOR,
                           images + pixel.place + further + piece * VECTOR, pixel.inside >> phase & 1);
        }
    }

    // Where the first tap of a row of the tile reads the channels from `channel` on. The row is `row` +
    // `further`, a multiple of what the warp's lanes own side by side.
    static __device__ const element* at(const element* patch, int row, int further, int channel) {
        const int image = row / (TILE_HEIGHT * TILE_WIDTH), line = row / TILE_WIDTH % TILE_HEIGHT;
        const int pixel = (image * HEIGHT + line) * WIDTH + row % TILE_WIDTH;
        const int beyond = further / TILE_WIDTH * WIDTH + further % TILE_WIDTH;
        return patch + (pixel + beyond) * VECTOR + channel * PLANE;
    }
};
typedef Patch A;

#if WGMMA
#include "product_wgmma.cuh"
#else
#if PRECISION == FP32
#include "product_fma.cuh"
#else
#include "product_mma.cuh"
#endif
// These products are done when add() returns, and read shared memory as every thread does.
constexpr int BEHIND = 0;
__device__ inline element* first_slice(element* p) { return p; }
__device__ inline void make_visible() {}
__device__ inline void finish(Product&) {}
#endif
static_assert(TILE_HEIGHT * TILE_WIDTH % Product::ROWS == 0, "a warp's rows lie in one image");
static_assert(TILE_WIDTH == 8 || TILE_WIDTH == 16, "at() counts on in whole lines, or eight in a line");

constexpr int AHEAD = STAGES - 1 - BEHIND;

// The first pixel of this block's tile. Tiles of a plane of so many pixels follow one another line by line.
struct Corner {
    int image, top, left;
    __device__ Corner(int tile, int height, int width) {
        const int down = divide_up(height, TILE_HEIGHT), across = divide_up(width, TILE_WIDTH);
        image = tile / (down * across) * Patch::IMAGES;
        top = tile / across % down * TILE_HEIGHT;
        left = tile % across * TILE_WIDTH;
    }
};

// Fills a table of `height` x `width` pixels for each of the tile's images: table[...] = value(image, line,
// column).
template <int height, int width, class T, class F>
__device__ inline void fill(T* table, const Corner& corner, F value) {
    for (int i = threadIdx.x; i < Patch::IMAGES * height * width; i += THREADS)
        table[i] = value(corner.image + i / (height * width), corner.top + i / width % height,
                         corner.left + i % width);
}

// A step of the depth: tap (i, j) of phase (a, b) of the kernel, and the channels from `channel` on. There
// are `phases` phases along each axis, from (first_a, first_b) on; phase a has the taps a, a + stride, ...
struct Walk {
    int side, stride, first_a, first_b, phases;
    int channel, a, b, down, across, i = 0, j = 0;                     // down x across: taps of the phase
    int patch = 0;                                                     // its place in the ring
    bool opens;                                                        // is it the first tap of its patch?

    __device__ Walk(int side, int stride, int first_a, int first_b, int phases, int steps_each, int step)
        : side(side), stride(stride), first_a(first_a), first_b(first_b), phases(phases) {
        channel = step / steps_each * TILE_DEPTH;
        set_phase(first_a, first_b);
        for (int rest = step % steps_each; rest > 0; --rest) next();
        patch = 0;
        opens = true;
    }

    __device__ void set_phase(int to_a, int to_b) {
        a = to_a, b = to_b;
        down = divide_up(side - a, stride);
        across = divide_up(side - b, stride);
    }

    __device__ void next() {
        opens = false;
        if (++j < across) return;
        j = 0;
        if (++i < down) return;
        i = 0;
        opens = true;
        patch = patch + 1 == PATCHES ? 0 : patch + 1;
        if (b + 1 < first_b + phases) return set_phase(a, b + 1);
        if (a + 1 < first_a + phases) return set_phase(a + 1, first_b);
        set_phase(first_a, first_b);
        channel += TILE_DEPTH;
    }

    __device__ int shift() const { return (i * Patch::WIDTH + j) * VECTOR; }
};

// product += A B over `steps` steps from `here` on. operands.copy_patch(to, walk) and
// operands.copy_weights(to, walk) start the copies for a step; operands.groups(walk) take part in it.
// Afterwards the shared memory is free.
template <class Operands>
__device__ inline void accumulate(Product& product, const Operands& operands, Walk here, int steps) {
    auto patch = [](const Walk& walk) { return dynamic_shared<element>() + walk.patch * Patch::SIZE; };
    element* slices = first_slice(dynamic_shared<element>() + PATCHES * Patch::SIZE);
    auto weights = [&](int step) { return slices + step % STAGES * B::SIZE; };
    Walk ahead = here;
    auto load = [&](int step) {
        if (step < steps) {
            if (ahead.opens) operands.copy_patch(patch(ahead), ahead);
            operands.copy_weights(weights(step), ahead);
            ahead.next();
        }
        copy_async_commit();                                            // one group a step, even an empty one
    };
    for (int step = 0; step < AHEAD; ++step) load(step);
    for (int step = 0; step < steps; ++step) {
        copy_async_wait<AHEAD - 1>();
        make_visible();
        __syncthreads();               // this step's patch and slice are here, nobody reads those to replace
        load(step + AHEAD);
        product.add(patch(here) + here.shift(), weights(step), operands.groups(here));
        here.next();
    }
    finish(product);
    __syncthreads();
}
