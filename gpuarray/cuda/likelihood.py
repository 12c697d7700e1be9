"""Launchers of likelihood.cu."""
import numpy as np

from gpuarray.cuda.layout import THREADS
from gpuarray.cuda.runtime import empty, launch


def bernoulli_loss(logits, x):
    losses, dlogits = empty((len(x),), np.float32, x), empty(x.shape, np.float32, x)
    launch(x, "likelihood.cu", "bernoulli_loss", (len(x),), (THREADS,),
           (logits, x, losses, dlogits, np.int32(x.size // len(x))))
    return losses, dlogits


def gaussian_loss(h, x, bound):
    losses, dh = empty((len(x),), np.float32, x), empty(h.shape, np.float32, x)
    launch(x, "likelihood.cu", "gaussian_loss", (len(x),), (THREADS,),
           (h, x, losses, dh, np.int32(x.size // len(x)), np.int32(x.shape[-1]), np.float32(bound or 0)))
    return losses, dh
