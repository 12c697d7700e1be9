"""Standard normal noise, and draws of -1 or 1, from a counter: Philox4x32-10 (Salmon et al., SC 2011) and
Box-Muller.

A counter-based generator has no state but its counter, so any element can be computed anywhere, in any order.
The CUDA backend gives the same integers, and the same numbers up to the rounding of log, sin and cos.
"""
import numpy as np

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)      # multipliers
_W0, _W1 = 0x9E3779B9, 0xBB67AE85                            # key increments (golden ratio, sqrt(3) - 1)
_LOW, _32 = np.uint64(0xFFFFFFFF), np.uint64(32)


def philox(counter, key):
    """Ten rounds of Philox4x32. counter: four uint64 arrays of 32-bit words, key: two ints -> four such
    arrays."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        product0, product1 = c0 * _M0, c2 * _M1
        c0, c1, c2, c3 = ((product1 >> _32) ^ c1 ^ np.uint64(k0), product1 & _LOW,
                          (product0 >> _32) ^ c3 ^ np.uint64(k1), product0 & _LOW)
        k0, k1 = (k0 + _W0) & 0xFFFFFFFF, (k1 + _W1) & 0xFFFFFFFF
    return c0, c1, c2, c3


def _uniform(size, seed, counter, stream, offset):
    """Four arrays u0 .. u3: of the numbers 4i .. 4i + 3 from offset // 4 * 4 to beyond offset + size.

    The upper 24 bits of a word as a float32 in (0, 1], never 0: the logarithm stays finite.
    """
    index = np.arange(offset // 4, -(-(offset + size) // 4), dtype=np.uint64)
    low, high = counter[0] & _LOW, counter[0] >> _32
    words = philox((index, np.full_like(index, stream), np.full_like(index, low), np.full_like(index, high)),
                   (seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF))
    return [(word >> np.uint64(8)).astype(np.float32) * np.float32(2.0**-24) + np.float32(2.0**-25)
            for word in words]


def normal(shape, seed, counter, stream, offset):
    size = int(np.prod(shape))
    u = _uniform(size, seed, counter, stream, offset)
    out = np.empty((len(u[0]), 4), np.float32)
    for pair in (0, 2):
        radius = np.sqrt(np.float32(-2) * np.log(u[pair]))
        angle = np.float32(2 * np.pi) * u[pair + 1]
        out[:, pair], out[:, pair + 1] = radius * np.cos(angle), radius * np.sin(angle)
    return out.reshape(-1)[offset % 4:offset % 4 + size].reshape(shape)


def binarise(x, seed, counter, stream, offset):
    u = np.stack(_uniform(x.size, seed, counter, stream, offset), axis=1)
    u = u.reshape(-1)[offset % 4:offset % 4 + x.size].reshape(x.shape)
    probability = x.astype(np.float32, copy=False) * np.float32(0.5) + np.float32(0.5)
    return np.where(u <= probability, 1, -1).astype(x.dtype)


def advance(counter):
    counter += np.uint64(1)
