// The pixels under a kernel: operand A of a convolution and of the gradient to its input.
//
// Each row of the product is one pixel to compute. The depth runs over the kernel's taps and, fastest, over
// the channels. So a row of A is what im2col would store: a window of taps_down x taps_across pixels. It
// is never stored: each piece of it is copied from the image when its step comes. Pixels outside the image
// are zero.

// For each row of the tile, computed once: its image, where its window begins, where its result goes.
struct Rows {
    int image[TILE_ROWS], top[TILE_ROWS], left[TILE_ROWS], destination[TILE_ROWS];

    // A row of padding: its window lies above the image.
    __device__ void set_none(int row, int taps_down) {
        image[row] = left[row] = 0;
        top[row] = -taps_down;
        destination[row] = -1;
    }
};

struct Gather {
    const element* images;
    int height, width, channels, taps_down, taps_across;
    int begin[A::LINES_EACH], top[A::LINES_EACH], left[A::LINES_EACH];   // windows of this thread's rows
    int i, j, c;                                                         // tap and channel of its next piece

    __device__ Gather(const element* images, int height, int width, int channels, int taps_down,
                      int taps_across, const Rows& rows, int first_step)
        : images(images), height(height), width(width), channels(channels), taps_down(taps_down),
          taps_across(taps_across) {
#pragma unroll
        for (int r = 0; r < A::LINES_EACH; ++r) {
            const int row = A::line(r);
            top[r] = rows.top[row];
            left[r] = rows.left[row];
            begin[r] = ((rows.image[row] * height + top[r]) * width + left[r]) * channels;
        }
        const int depth = first_step * TILE_DEPTH + A::place(), tap = depth / padded<A>(channels);
        c = depth - tap * padded<A>(channels);
        i = tap / max(taps_across, 1);                                   // a phase may have no taps
        j = tap - i * taps_across;
    }

    __device__ bool in_kernel() const { return i < taps_down; }          // the last step may reach past it

    __device__ void load(element* slice) {
        const int offset = (i * width + j) * channels + c;
#pragma unroll
        for (int r = 0; r < A::LINES_EACH; ++r) {
            const bool inside = in_kernel() && (unsigned)(top[r] + i) < (unsigned)height &&
                                (unsigned)(left[r] + j) < (unsigned)width;
            A::copy(slice, r, images + begin[r] + offset, inside ? channels - c : 0);
        }
    }

    __device__ void next_step() {
        c += TILE_DEPTH;
        while (c >= padded<A>(channels)) {
            c -= padded<A>(channels);
            if (++j == taps_across) j = 0, ++i;
        }
    }
};
