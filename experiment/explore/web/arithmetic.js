// Arithmetic in z. A z is a Float32Array; a face is {z, from}, from: "posterior" of an image, or "prior".

/** The numbers in base64 of little-endian float32. */
function numbers(text) {
  return new Float32Array(bytes(text).buffer);
}

function bytes(text) {
  return Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
}

/** A Float32Array as base64, of letters that an address can hold. */
function textOf(array) {
  const letters = Array.from(new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
                             byte => String.fromCharCode(byte));
  return btoa(letters.join("")).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The z of `size` numbers in such a text; null where it holds anything else. */
function zOf(text, size) {
  try {
    const z = numbers(text.replaceAll("-", "+").replaceAll("_", "/"));
    return z.length === size && z.every(number => Math.abs(number) <= 1000) ? z : null;
  } catch {
    return null;
  }
}

/** A z drawn from N(0, I), by Box and Muller. */
function drawn(size) {
  return Float32Array.from({length: size}, () =>
    Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random()));
}

/** Spherical linear interpolation: a at t = 0, b at 1. As in experiment/commands/interpolate.py. */
function slerp(a, b, t) {
  const dot = (x, y) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  const cosine = dot(a, b) / (Math.sqrt(dot(a, a) * dot(b, b)) + 1e-12);
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine))), sine = Math.sin(angle);
  const [p, q] = sine < 1e-6 ? [1 - t, t] : [Math.sin((1 - t) * angle) / sine, Math.sin(t * angle) / sine];
  return a.map((value, i) => p * value + q * b[i]);
}

/** The rows of a matrix of `width` columns. */
function rows(matrix, width) {
  return Array.from({length: matrix.length / width}, (_, i) => matrix.subarray(i * width, (i + 1) * width));
}

/** The z that a state of the page shows. vectors: {plain, regressed, directions}, rows each. */
function zShown(state, vectors) {
  const z = Float32Array.from(state.other ? slerp(state.face.z, state.other.z, state.mix) : state.face.z);
  const add = (strengths, directions) => strengths.forEach((strength, row) => {
    if (strength) for (let i = 0; i < z.length; i++) z[i] += strength * directions[row][i];
  });
  add(state.attributes, vectors[state.kind]);
  add(state.directions, vectors.directions);
  return z;
}
