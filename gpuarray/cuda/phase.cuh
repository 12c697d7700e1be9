// The phases of a gradient to the input. The taps i that contribute to a row h depend on h mod s alone. So
// the pixels of dx fall into s x s phases. Each phase is a convolution of stride 1 over dy with every s-th
// tap, in reverse. For 5x5 and stride 2, the four phases have 9, 6, 6 and 4 of the 25 taps.

// A phase along one axis: the pixels offset, offset + stride, ... of dx. The m-th of them reads `taps` pixels
// of dy from m + begin on, the first with tap `last_tap`, the next with last_tap - stride, and so on.
struct Phase {
    int offset, pixels, taps, first_tap, last_tap, begin;
    __device__ Phase(int offset, int size, int side, int stride) : offset(offset) {
        const int shifted = offset + (side - 1) / 2;
        first_tap = shifted % stride;
        pixels = divide_up(size - offset, stride);                      // 0 also where size < offset < stride
        taps = divide_up(side - first_tap, stride);
        last_tap = first_tap + (taps - 1) * stride;
        begin = shifted / stride - (taps - 1);
    }
};
