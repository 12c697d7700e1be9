// uint8 images to float32 in [-1, 1], each moved and coloured by its own parameters p0 to p8.
//
// Output pixel (i, j), with u = j - (size-1)/2 and v = i - (size-1)/2, is sampled by cubic convolution (Keys,
// a = -1/2), edges repeated,
//     at x = (W-1)/2 + p0 u + p1 v + p2,    y = (H-1)/2 + p3 u + p4 v + p5
// Its colours c, clipped to [0, 1], then become, one after the other:
//     c^p6 (gamma),  S^p7 and V^p7 (contrast) and hue + p8 turns in HSV (c^p7 if not C = 3),  2c - 1
// Tiling: a thread for each output pixel, all its channels.
// Layout: images (N, H, W, C), parameters (N, 9), out (N, size, size, C). Precision: float32.
// Test: python -m pytest tests/gpuarray/cuda/test_augment.py

// The four pixels around a position on an axis, as offsets into the image, and their weights.
struct Taps { int at[4]; float weight[4]; };

__device__ inline Taps taps_at(float position, int length, int stride) {
    position = fminf(fmaxf(position, -2.0f), length + 1.0f);   // beyond, all four are the pixel at the edge
    float before = floorf(position), t = position - before;
    Taps taps = {{}, {((1.0f - 0.5f * t) * t - 0.5f) * t, (1.5f * t - 2.5f) * t * t + 1.0f,
                      ((2.0f - 1.5f * t) * t + 0.5f) * t, (0.5f * t - 0.5f) * t * t}};
    for (int k = 0; k < 4; ++k) taps.at[k] = min(max((int)before - 1 + k, 0), length - 1) * stride;
    return taps;
}

// One channel in [0, 1], sampled.
__device__ inline float sample(const unsigned char* channel, const Taps& down, const Taps& across) {
    float sum = 0.0f;
    for (int i = 0; i < 4; ++i) {
        float row = 0.0f;
        for (int j = 0; j < 4; ++j) row += channel[down.at[i] + across.at[j]] * across.weight[j];
        sum += down.weight[i] * row;
    }
    return __saturatef(sum * (1.0f / 255.0f));
}

// RGB in [0, 1]: saturation and value to the power of `contrast`, hue moved by `hue` turns.
__device__ inline void in_hsv(float (&c)[3], float contrast, float hue) {
    const float tiny = 1e-30f;                                 // greys have no hue, black no saturation
    float value = fmaxf(fmaxf(c[0], c[1]), c[2]), chroma = value - fminf(fminf(c[0], c[1]), c[2]);
    float saturation = powf(chroma / fmaxf(value, tiny), contrast), divisor = fmaxf(chroma, tiny);
    float sixths = 6.0f * hue + (value == c[0] ? (c[1] - c[2]) / divisor
                                 : value == c[1] ? (c[2] - c[0]) / divisor + 2.0f
                                 : (c[0] - c[1]) / divisor + 4.0f);
    value = powf(value, contrast);
    for (int channel = 0; channel < 3; ++channel) {
        float k = sixths + (5 - 2 * channel);
        k -= 6.0f * floorf(k / 6.0f);
        c[channel] = value * (1.0f - saturation * __saturatef(fminf(k, 4.0f - k)));
    }
}

extern "C" __global__ void augment(In<unsigned char> images, In<float> parameters, Out<float> out, int count,
                                   int height, int width, int channels, int size) {
    int i = blockIdx.x * blockDim.x + threadIdx.x, image = i / (size * size), pixel = i % (size * size);
    if (image >= count) return;
    const float* p = parameters + image * 9;
    float u = pixel % size - 0.5f * (size - 1), v = pixel / size - 0.5f * (size - 1);
    Taps across = taps_at(0.5f * (width - 1) + p[0] * u + p[1] * v + p[2], width, channels);
    Taps down = taps_at(0.5f * (height - 1) + p[3] * u + p[4] * v + p[5], height, width * channels);
    const unsigned char* from = images + (size_t)image * height * width * channels;
    float* to = out + (size_t)i * channels;
    if (channels == 3) {
        float c[3];
        for (int channel = 0; channel < 3; ++channel)
            c[channel] = powf(sample(from + channel, down, across), p[6]);
        in_hsv(c, p[7], p[8]);
        for (int channel = 0; channel < 3; ++channel) to[channel] = 2.0f * c[channel] - 1.0f;
    } else {
        for (int channel = 0; channel < channels; ++channel)
            to[channel] = 2.0f * powf(powf(sample(from + channel, down, across), p[6]), p[7]) - 1.0f;
    }
}
