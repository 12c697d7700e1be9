"""RMSProp and Adam over a network's one flat buffer, in place, a cache-sized chunk at a time on all cores."""
import numpy as np

from gpuarray.cpu.memory import empty
from gpuarray.cpu.threads import in_chunks

_CHUNK = 1 << 17      # elements


def _decayed(p, g, weight_decay, boundary, chunk):
    """g + weight_decay * p, for the elements of `chunk` in front of the boundary."""
    end = min(chunk.stop, boundary)
    if weight_decay and chunk.start < end:
        g[chunk.start:end] += p.dtype.type(weight_decay) * p[chunk.start:end]
    return g[chunk]


def _round(p, rounded, chunk):
    if rounded is not None:
        rounded[chunk] = p[chunk]


def rmsprop_step(p, g, ms, lr, gate, decay, eps, weight_decay, n_decayed, rounded):
    if gate is not None and gate[0] == 0:
        g[:] = 0
        return
    number = p.dtype.type
    rate = number(lr[0])

    def step(chunk):
        gradient = _decayed(p, g, weight_decay, n_decayed, chunk)
        scratch = empty(gradient.shape, gradient.dtype)
        np.multiply(gradient, gradient, out=scratch)
        scratch *= number(1 - decay)
        ms[chunk] *= number(decay)
        ms[chunk] += scratch
        np.sqrt(ms[chunk], out=scratch)
        scratch += number(eps)
        np.divide(gradient, scratch, out=scratch)
        scratch *= rate
        p[chunk] -= scratch
        gradient[:] = 0
        _round(p, rounded, chunk)

    in_chunks(step, p.size, _CHUNK)


def adam_step(p, g, m, v, t, lr, gate, beta1, beta2, eps, weight_decay, n_decayed, rounded):
    if gate is not None and gate[0] == 0:
        g[:] = 0
        return
    t += 1
    number = p.dtype.type
    rate = number(float(lr[0]) / (1 - beta1 ** float(t[0])))
    correction = number(1 / np.sqrt(1 - beta2 ** float(t[0])))

    def step(chunk):
        gradient = _decayed(p, g, weight_decay, n_decayed, chunk)
        m[chunk] += number(1 - beta1) * (gradient - m[chunk])
        v[chunk] += number(1 - beta2) * (gradient * gradient - v[chunk])
        p[chunk] -= rate * m[chunk] / (np.sqrt(v[chunk]) * correction + number(eps))
        gradient[:] = 0
        _round(p, rounded, chunk)

    in_chunks(step, p.size, _CHUNK)
