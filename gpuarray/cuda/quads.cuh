// Quads (four neighbouring channels), and the activation of a sum.

// n: how many of the four exist (or more). vectorised: all four exist and begin at an aligned address,
// because lines are a multiple of four long; then one access takes them.
template <class T> __device__ inline void load_quad(float (&v)[4], const T* from, int n, bool vectorised) {
    if (vectorised) return load(v, from);
#pragma unroll
    for (int e = 0; e < 4; ++e) v[e] = e < n ? to_float(from[e]) : 0.0f;
}

template <class T> __device__ inline void store_quad(T* to, const float (&v)[4], int n, bool vectorised) {
    if (vectorised) return store(to, v);
#pragma unroll
    for (int e = 0; e < 4; ++e)
        if (e < n) to[e] = from_float<T>(v[e]);
}

__device__ inline float activate(float v, int activation) {
    return activation == RELU ? activate<RELU>(v) : activation == TANH ? activate<TANH>(v) : v;
}
