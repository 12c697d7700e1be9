// Winograd's minimal filtering F(4x4, 3x3) of the 5x5 convolution of stride 2 (gpuarray/cpu/winograd.py): the
// matrices, and where the points of an image lie.
//
// Space to depth: pixel (2 I + a, 2 J + b) of x is phase (a, b) of block (I, J), which makes it a 3x3
// convolution of stride 1 over 4 C channels. A tile of 4x4 outputs needs 6x6 blocks. Blocks, taps and errors
// are taken to 6 x 6 points, products back from them (' transposed, * element by element, summed over
// channels):
//     y  = A' [(G w G') * (B' x B)] A        dx: the same of dy and w, tiles read and written backwards
//     dw = G' [(B' x B) * (A dy A')] G
// At the point infinity only the last of three taps counts. Phase 1 has but two of the kernel's five: its
// products there would be 0 and are left out.
//
// Layout: points (36, tiles, phases, channels), one after the other, each with the phases that it has: of x,
// w, dx and dw 4, at infinity 2, in its corner 1; of dy and y 1.
//
// What it saves and costs, for each tile of a layer with C and K channels:
//     multiplications          121 C K instead of 400 C K
//     numbers from and to      x 64 C, its points 2 x 121 C; y 16 K, its points 2 x 36 K: 306 C + 88 K
//     device memory            of all tiles together: w, its points 2 x 121 C K
// For 39 products of a step of the released networks, 64 images: 450 GMAC become 136, for 13 GB. At 22.5 T
// multiplications and 2.6 TB a second, which an H100 reaches, 20 ms become 11 (not measured).

constexpr int POINTS = 6;              // along an axis: 0, 3/4, -3/4, 3/2, -3/2, infinity

// B': a polynomial's coefficients from its values, transposed.
struct ToPoints {
    static constexpr int OUT = POINTS, IN = POINTS;
    static __device__ constexpr float at(int point, int i) {
        constexpr float matrix[POINTS][POINTS] = {
            {1.0f, 0.0f, -20.0f / 9, 0.0f, 64.0f / 81, 0.0f},
            {0.0f, 8.0f / 9, 32.0f / 27, -32.0f / 81, -128.0f / 243, 0.0f},
            {0.0f, -8.0f / 9, 32.0f / 27, 32.0f / 81, -128.0f / 243, 0.0f},
            {0.0f, -1.0f / 9, -2.0f / 27, 16.0f / 81, 32.0f / 243, 0.0f},
            {0.0f, 1.0f / 9, -2.0f / 27, -16.0f / 81, 32.0f / 243, 0.0f},
            {0.0f, 81.0f / 64, 0.0f, -45.0f / 16, 0.0f, 1.0f}};
        return matrix[point][i];
    }
};

// A (N = 4) and G (N = 3): the powers of each point; infinity has the last one alone.
template <int N> struct Powers {
    static constexpr int OUT = POINTS, IN = N;
    static __device__ constexpr float at(int point, int power) {
        if (point == POINTS - 1) return power == N - 1 ? 1.0f : 0.0f;
        const float size = point == 0 ? 0.0f : point < 3 ? 0.75f : 1.5f;
        float value = 1.0f;
        for (int i = 0; i < power; ++i) value *= point % 2 == 1 ? size : -size;
        return value;
    }
};

template <class M> struct Transposed {
    static constexpr int OUT = M::IN, IN = M::OUT;
    static __device__ constexpr float at(int i, int j) { return M::at(j, i); }
};

// to = M from M'
template <class M>
__device__ inline void transform(float (&to)[M::OUT][M::OUT], const float (&from)[M::IN][M::IN]) {
    float half[M::OUT][M::IN];
#pragma unroll
    for (int i = 0; i < M::OUT; ++i)
#pragma unroll
        for (int j = 0; j < M::IN; ++j) {
            half[i][j] = 0.0f;
#pragma unroll
            for (int k = 0; k < M::IN; ++k)
                if (M::at(i, k) != 0.0f) half[i][j] = fmaf(M::at(i, k), from[k][j], half[i][j]);
        }
#pragma unroll
    for (int i = 0; i < M::OUT; ++i)
#pragma unroll
        for (int j = 0; j < M::OUT; ++j) {
            to[i][j] = 0.0f;
#pragma unroll
            for (int k = 0; k < M::IN; ++k)
                if (M::at(j, k) != 0.0f) to[i][j] = fmaf(M::at(j, k), half[i][k], to[i][j]);
        }
}

// Blocks have SIDE x SIDE pixels, each of them a phase. How many phases a point has along an axis.
template <int SIDE> __device__ constexpr int phases_along(int i) { return i < POINTS - 1 ? SIDE : 1; }

// How many phases all points before (i, j) have; of (POINTS, 0), all that there are.
template <int SIDE> __device__ constexpr int phases_before(int i, int j) {
    const int line = (POINTS - 1) * SIDE + 1;
    return i < POINTS ? i * SIDE * line + phases_along<SIDE>(i) * SIDE * j : line * line;
}

// What a thread has: a channel of a phase of a tile. Its number counts channels fastest, then phases.
template <int SIDE> struct Unit {
    int tile, a, b, channel;

    __device__ Unit(int number, int channels) {
        channel = number % channels;
        number /= channels;
        b = number % SIDE;
        a = number / SIDE % SIDE;
        tile = number / (SIDE * SIDE);
    }

    // Has point (i, j) its phase? Where does that lie?
    __device__ bool exists(int i, int j) const {
        return a < phases_along<SIDE>(i) && b < phases_along<SIDE>(j);
    }
    __device__ int place(int i, int j, int tiles, int channels) const {
        const int across = phases_along<SIDE>(j), phases = phases_along<SIDE>(i) * across;
        const int phase = phases_before<SIDE>(i, j) * tiles + tile * phases + a * across + b;
        return phase * channels + channel;
    }

    __device__ void put(float* points, const float (&v)[POINTS][POINTS], int tiles, int channels) const {
#pragma unroll
        for (int i = 0; i < POINTS; ++i)
#pragma unroll
            for (int j = 0; j < POINTS; ++j)
                if (exists(i, j)) points[place(i, j, tiles, channels)] = v[i][j];
    }

    // Its points, added up over splits (splits, all points), always in the same order.
    __device__ void get(float (&v)[POINTS][POINTS], const float* points, int splits, int tiles,
                        int channels) const {
        const int size = phases_before<SIDE>(POINTS, 0) * tiles * channels;
#pragma unroll
        for (int i = 0; i < POINTS; ++i)
#pragma unroll
            for (int j = 0; j < POINTS; ++j) v[i][j] = 0.0f;
        for (int split = 0; split < splits; ++split)
#pragma unroll
            for (int i = 0; i < POINTS; ++i)
#pragma unroll
                for (int j = 0; j < POINTS; ++j)
                    if (exists(i, j)) v[i][j] += points[split * size + place(i, j, tiles, channels)];
    }
};
