"""1/2 ||a - b||^2 with its gradient, in one pass: L_llike in the features of Dis (paper, eq. 7)."""
import numpy as np

from gpuarray.cpu.memory import empty
from gpuarray.cpu.threads import in_chunks

_CHUNK = 1 << 18      # elements


def feature_loss(a, b):
    d = empty(a.shape, a.dtype)
    a_flat, b_flat, d_flat = a.reshape(-1), b.reshape(-1), d.reshape(-1)

    def difference(chunk):
        out = d_flat[chunk]
        np.subtract(a_flat[chunk], b_flat[chunk], out=out)
        return float(out @ out)

    loss = 0.5 * sum(in_chunks(difference, a.size, _CHUNK))
    return np.array([loss], np.float64 if a.dtype == np.float64 else np.float32), d
