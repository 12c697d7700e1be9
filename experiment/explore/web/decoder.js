// The decoder in plain JavaScript, with running statistics. Its weights are packed by ../decoder.py.
// Arrays are (H, W, C) as there: the numbers of a pixel lie side by side.

class Decoder {
  constructor(about) {
    this.size = about.size;
    let offset = 0, before = [about.z_size];
    const weights = halves(about.decoder.weights);
    this.layers = about.decoder.layers.map(layer => {
      const count = layer.kernel ? layer.kernel ** 2 * before.at(-1) * layer.shape.at(-1)
        : product(before) * product(layer.shape);
      const own = weights.subarray(offset, offset += count);
      before = layer.shape;
      const statistics = ({scale, shift}) => ({scale: numbers(scale), shift: numbers(shift)});
      return {...layer, weights: own, posterior: statistics(layer.posterior), prior: statistics(layer.prior)};
    });
  }

  /** RGB bytes (S * S * 3) of a z. */
  async decode(z, from) {
    let [x, shape] = [z, null];
    for (const layer of this.layers) {
      const y = layer.kernel ? upConvolution(x, shape, layer) : dense(x, layer);
      finish(y, layer[from], layer.activation);
      [x, shape] = [y, layer.shape];
    }
    const bytes = Uint8ClampedArray.from(x, value => (value + 1) * 127.5);        // rounds, half to even
    return shape[2] === 3 ? bytes : Uint8ClampedArray.from({length: 3 * bytes.length}, (_, i) => bytes[i / 3 | 0]);
  }
}

const product = lengths => lengths.reduce((a, b) => a * b);

/** The numbers in base64 of little-endian float16. */
function halves(text) {
  const words = new Uint16Array(bytes(text).buffer);
  return Float32Array.from(words, word => {
    const sign = word >> 15 ? -1 : 1, exponent = word >> 10 & 31, fraction = word & 1023;
    return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction);
  });
}

/** (D) by weights (D, K) -> (K) */
function dense(x, {shape, weights}) {
  const y = new Float32Array(product(shape));
  for (let d = 0; d < x.length; d++) {
    const value = x[d], row = d * y.length;
    for (let k = 0; k < y.length; k++) y[k] += value * weights[row + k];
  }
  return y;
}

/** (H, W, C) by weights (k, k, K, C) -> (H * stride, W * stride, K). Pixel i meets pixels stride * i + tap -
 *  (k - 1) / 2 of the result. C is a multiple of four, as in nets/architectures.py. */
function upConvolution(x, [height, width, inputs], {shape, kernel, stride, weights}) {
  const [rows, columns, outputs] = shape, before = (kernel - 1) >> 1;
  const y = new Float32Array(rows * columns * outputs);
  for (let i = 0; i < height; i++) for (let u = 0; u < kernel; u++) {
    const row = i * stride + u - before;
    if (row < 0 || row >= rows) continue;
    for (let j = 0; j < width; j++) for (let v = 0; v < kernel; v++) {
      const column = j * stride + v - before;
      if (column < 0 || column >= columns) continue;
      const pixel = (i * width + j) * inputs, place = (row * columns + column) * outputs;
      let tap = (u * kernel + v) * outputs * inputs;
      for (let k = 0; k < outputs; k++) {
        let [p, q, r, s] = [0, 0, 0, 0];                     // four sums: none has to wait for another
        for (let c = pixel; c < pixel + inputs; c += 4, tap += 4) {
          p += x[c] * weights[tap];
          q += x[c + 1] * weights[tap + 1];
          r += x[c + 2] * weights[tap + 2];
          s += x[c + 3] * weights[tap + 3];
        }
        y[place + k] += p + q + r + s;
      }
    }
  }
  return y;
}

const ACTIVATIONS = {relu: a => Math.max(0, a), tanh: Math.tanh, linear: a => a};

/** Scale, shift and activation, in place. */
function finish(y, {scale, shift}, activation) {
  const channels = scale.length, activate = ACTIVATIONS[activation];
  for (let start = 0; start < y.length; start += channels) for (let c = 0; c < channels; c++) {
    y[start + c] = activate(y[start + c] * scale[c] + shift[c]);
  }
}

const openDecoder = about => new Decoder(about);
