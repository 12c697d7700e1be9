"""Computing with a finished model: NumPy in, NumPy out, in batches, with a bar."""
import numpy as np
from tqdm import tqdm

import gpuarray as ga

BATCH = 96        # images computed at a time; whole rows of a grid


def in_batches(count, what):
    """Slices of at most BATCH of `count` images, with a bar on a terminal."""
    with tqdm(total=count, desc=what, unit="image", disable=None if count > BATCH else True) as bar:
        for start in range(0, count, BATCH):
            yield slice(start, min(start + BATCH, count))
            bar.update(min(BATCH, count - start))


def compute(function, arrays, device):
    """function of a NumPy array, or of a tuple of them, on `device`; what it gives, as NumPy arrays."""
    arrays = arrays if isinstance(arrays, tuple) else (arrays,)
    result = function(*(ga.to_device(np.ascontiguousarray(array), device) for array in arrays))
    return tuple(map(ga.to_host, result)) if isinstance(result, tuple) else ga.to_host(result)


def compute_all(function, batch, count, device, what):
    """`compute` of batch(rows), for slices of rows up to `count`; the parts are joined."""
    parts = [compute(function, batch(rows), device) for rows in in_batches(count, what)]
    if isinstance(parts[0], tuple):
        return tuple(map(np.concatenate, zip(*parts)))
    return np.concatenate(parts)
