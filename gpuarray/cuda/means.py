"""Launcher of means.cu."""
import numpy as np

from gpuarray.cuda.layout import flat_grid
from gpuarray.cuda.runtime import launch

_AT_ONCE = 4                 # arrays that the kernel takes


def add_means(totals, *means):
    start = 0
    for at in range(0, len(means), _AT_ONCE):
        some = [*means[at:at + _AT_ONCE], *[(None, 1)] * (_AT_ONCE - len(means[at:at + _AT_ONCE]))]
        sums, counts = zip(*some)
        ends = np.cumsum([0 if values is None else values.size for values in sums], dtype=np.int32)
        launch(totals, "means.cu", "add_means", *flat_grid(int(ends[-1])),
               (totals[start:], *sums, *ends, *map(np.float32, counts)))
        start += int(ends[-1])
