// uint8 images to float32 in [-1, 1], each moved and coloured by its own parameters p0 to p8.
//
// Output pixel (i, j), with u = j - (size-1)/2 and v = i - (size-1)/2, is sampled bilinearly, edges clamped,
//     at x = (W-1)/2 + p0 u + p1 v + p2,    y = (H-1)/2 + p3 u + p4 v + p5
// Its colours c in [0, 1] then become, one after the other:
//     c^p6 (gamma),  clip(1/2 + p7 (c - 1/2)) (contrast),
//     rotated by p8 radians in the IQ plane of YIQ and clipped (hue, only if C = 3),  2c - 1
// Tiling: a thread for each output pixel, all its channels.
// Layout: images (N, H, W, C), parameters (N, 9), out (N, size, size, C). Precision: float32.
// Test: python -m pytest tests/gpuarray/cuda/test_augment.py

__device__ inline float between(float v, float low, float high) { return fminf(fmaxf(v, low), high); }

// The four pixels around a position.
struct Corners {
    const unsigned char *top_left, *top_right, *bottom_left, *bottom_right;
    float right, down;                     // weights of the right ones and of the lower ones
};

__device__ inline Corners corners_at(const unsigned char* image, float x, float y, int height, int width,
                                     int channels) {
    x = between(x, 0.0f, width - 1.0f);
    y = between(y, 0.0f, height - 1.0f);
    int x0 = (int)x, y0 = (int)y, x1 = min(x0 + 1, width - 1), y1 = min(y0 + 1, height - 1);
    auto at = [&](int y, int x) { return image + ((size_t)y * width + x) * channels; };
    return {at(y0, x0), at(y0, x1), at(y1, x0), at(y1, x1), x - x0, y - y0};
}

// One channel in [0, 1]: sampled, then gamma and contrast.
__device__ inline float sample(const Corners& at, int channel, float gamma, float contrast) {
    float top = at.top_left[channel] * (1.0f - at.right) + at.top_right[channel] * at.right;
    float bottom = at.bottom_left[channel] * (1.0f - at.right) + at.bottom_right[channel] * at.right;
    float c = (top * (1.0f - at.down) + bottom * at.down) * (1.0f / 255.0f);
    if (gamma != 1.0f) c = powf(c, gamma);
    return between(0.5f + contrast * (c - 0.5f), 0.0f, 1.0f);
}

// RGB in [0, 1], rotated by an angle in the IQ plane of YIQ.
__device__ inline void turn_hue(float (&c)[3], float angle) {
    float luma = 0.299f * c[0] + 0.587f * c[1] + 0.114f * c[2];
    float in_phase = 0.595716f * c[0] - 0.274453f * c[1] - 0.321263f * c[2];
    float quadrature = 0.211456f * c[0] - 0.522591f * c[1] + 0.311135f * c[2];
    float cosine = cosf(angle), sine = sinf(angle);
    float i = cosine * in_phase - sine * quadrature, q = sine * in_phase + cosine * quadrature;
    // the inverse of the three rows above
    c[0] = between(luma + 0.95629572f * i + 0.62102442f * q, 0.0f, 1.0f);
    c[1] = between(luma - 0.27212210f * i - 0.64738060f * q, 0.0f, 1.0f);
    c[2] = between(luma - 1.10698902f * i + 1.70461500f * q, 0.0f, 1.0f);
}

extern "C" __global__ void augment(In<unsigned char> images, In<float> parameters, Out<float> out, int count,
                                   int height, int width, int channels, int size) {
    int i = blockIdx.x * blockDim.x + threadIdx.x, image = i / (size * size), pixel = i % (size * size);
    if (image >= count) return;
    const float* p = parameters + image * 9;
    float u = pixel % size - 0.5f * (size - 1), v = pixel / size - 0.5f * (size - 1);
    float x = 0.5f * (width - 1) + p[0] * u + p[1] * v + p[2];
    float y = 0.5f * (height - 1) + p[3] * u + p[4] * v + p[5];
    const unsigned char* from = images + (size_t)image * height * width * channels;
    Corners at = corners_at(from, x, y, height, width, channels);
    float* to = out + (size_t)i * channels;
    if (channels == 3) {
        float c[3];
        for (int channel = 0; channel < 3; ++channel) c[channel] = sample(at, channel, p[6], p[7]);
        if (p[8] != 0.0f) turn_hue(c, p[8]);
        for (int channel = 0; channel < 3; ++channel) to[channel] = 2.0f * c[channel] - 1.0f;
    } else {
        for (int channel = 0; channel < channels; ++channel)
            to[channel] = 2.0f * sample(at, channel, p[6], p[7]) - 1.0f;
    }
}
