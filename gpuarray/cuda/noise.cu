// Standard normal noise, and draws of -1 or 1, from a counter: Philox4x32-10 (Salmon et al., SC 2011) and
// Box-Muller.
//
// Numbers n0 .. n3 at 4i .. 4i + 3, from x = Philox(counter (i, stream, low word, high word), key = seed):
//     u = (x >> 8) 2^-24 + 2^-25 in (0, 1]
//     n0, n1 = sqrt(-2 log u0) (cos, sin)(2 pi u1),  n2, n3 in the same way from u2, u3
// Tiling: a thread makes the four numbers of one counter and writes them with one 16-byte store.
// Precision: integers are exact, u is rounded exactly as in NumPy, the rest is float32.
// Test: python -m pytest tests/gpuarray/cuda/test_noise.py

typedef unsigned long long Wide;
struct Words { unsigned v[4]; };

__device__ inline Words philox(Words counter, unsigned key0, unsigned key1) {
    Words c = counter;
#pragma unroll
    for (int round = 0; round < 10; ++round) {
        unsigned high0 = __umulhi(c.v[0], 0xD2511F53u), low0 = c.v[0] * 0xD2511F53u;
        unsigned high1 = __umulhi(c.v[2], 0xCD9E8D57u), low1 = c.v[2] * 0xCD9E8D57u;
        c = {{high1 ^ c.v[1] ^ key0, low1, high0 ^ c.v[3] ^ key1, low0}};
        key0 += 0x9E3779B9u;                               // golden ratio
        key1 += 0xBB67AE85u;                               // sqrt(3) - 1
    }
    return c;
}

__device__ inline Words philox_at(unsigned i, unsigned stream, const Wide* counter, Wide seed) {
    Wide step = *counter;
    Words words = {{i, stream, (unsigned)step, (unsigned)(step >> 32)}};
    return philox(words, (unsigned)seed, (unsigned)(seed >> 32));
}

__device__ inline float uniform(unsigned word) { return fmaf((float)(word >> 8), 0x1p-24f, 0x1p-25f); }

__device__ inline void box_muller(unsigned radius_word, unsigned angle_word, float* to) {
    float radius = sqrtf(-2.0f * logf(uniform(radius_word))), sine, cosine;
    sincospif(2.0f * uniform(angle_word), &sine, &cosine);
    to[0] = radius * cosine;
    to[1] = radius * sine;
}

// out (size,), which begins with number `offset`
extern "C" __global__ void
normal(Out<float> out, int size, unsigned offset, unsigned stream, In<Wide> counter, Wide seed) {
    unsigned i = offset / 4 + blockIdx.x * blockDim.x + threadIdx.x;
    int first = (int)(4 * i - offset);                     // below 0 where out begins within four numbers
    Words words = philox_at(i, stream, counter, seed);
    float numbers[4];
    box_muller(words.v[0], words.v[1], numbers);
    box_muller(words.v[2], words.v[3], numbers + 2);
    if (offset % 4 == 0 && first + 4 <= size) {
        store(out + first, numbers);
    } else {
        for (int j = max(0, -first); j < 4 && first + j < size; ++j) out[first + j] = numbers[j];
    }
}

// out (size,): 1 with the probability (x + 1) / 2, or -1; its first number is `offset` of those drawn
// together
extern "C" __global__ void
binarise(In<float> x, Out<float> out, int size, unsigned offset, unsigned stream, In<Wide> counter,
         Wide seed) {
    unsigned i = offset / 4 + blockIdx.x * blockDim.x + threadIdx.x;
    int first = (int)(4 * i - offset);                     // as above
    Words words = philox_at(i, stream, counter, seed);
    for (int j = max(0, -first); j < 4 && first + j < size; ++j)
        out[first + j] = uniform(words.v[j]) <= fmaf(x[first + j], 0.5f, 0.5f) ? 1.0f : -1.0f;
}

// The integers alone, four for each i: what the NumPy backend must give bit for bit.  out (4 * count,)
extern "C" __global__ void
philox_words(Out<unsigned> out, int count, unsigned stream, In<Wide> counter, Wide seed) {
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= count) return;
    Words words = philox_at(i, stream, counter, seed);
    for (int j = 0; j < 4; ++j) out[4 * i + j] = words.v[j];
}

// Runs after every kernel of a step that reads the counter.
extern "C" __global__ void advance(Out<Wide> counter) { *counter += 1; }
