"""Launchers of gan_cost.cu."""
import numpy as np

from gpuarray.cuda.layout import ELEMENT_TYPES, THREADS, flat_grid
from gpuarray.cuda.runtime import empty, launch


def gan_cost(logits, n_real, real_weight, fake_weight, eps, gate, group):
    report, dlogits = empty((6,), np.float32, logits), empty(logits.shape, logits.dtype, logits)
    equilibrium, margin = gate or (0.0, np.inf)            # within an infinite margin both step
    numbers = real_weight, fake_weight, eps, equilibrium - margin, equilibrium + margin
    launch(logits, "gan_cost.cu", "gan_cost", (1,), (THREADS,),
           (logits, dlogits, report, np.int32(len(logits)), np.int32(n_real), *map(np.float32, numbers)),
           defines=_defines(logits))
    if group.size > 1:
        report *= n_real / group.whole(n_real)               # the share of fakes is the same
        group.sum(report)
        launch(logits, "gan_cost.cu", "gates", (1,), (1,), (report, *map(np.float32, numbers[-2:])),
               defines=_defines(logits))
    return report, dlogits


def non_saturating_grad(logits, n_real, eps):
    dlogits = empty(logits.shape, logits.dtype, logits)
    launch(logits, "gan_cost.cu", "non_saturating_grad", *flat_grid(len(logits)),
           (logits, dlogits, np.int32(len(logits)), np.int32(n_real), np.float32(eps)),
           defines=_defines(logits))
    return dlogits


def _defines(logits):
    return (("ELEMENT", ELEMENT_TYPES[logits.dtype.name]),)
