"""Comparing images, (n, S, S, C) in [-1, 1], pixel by pixel."""
import numpy as np
from tqdm import tqdm

SIDE = 16        # nearest neighbours are looked for in images of this side, or a little less
AROUND = 50      # as many training images around an image tell how near one that is no copy would be
_CHUNK = 2000    # training images at a time


def psnr(a, b):
    """Peak signal-to-noise ratio of each pair in dB, (n,)."""
    squared = np.square(a - b, dtype=np.float64).mean(axis=(1, 2, 3))
    return 10 * np.log10(2 ** 2 / np.maximum(squared, 1e-12))


def ssim(a, b):
    """Structural similarity of each pair, (n,), with the window and constants of Wang et al. 2004."""
    from skimage.metrics import structural_similarity        # here: it takes a second

    pairs = tqdm(zip(a, b), total=len(a), desc="SSIM", unit="image", disable=None)
    return np.array([structural_similarity(x, y, channel_axis=-1, data_range=2, gaussian_weights=True,
                                           sigma=1.5, use_sample_covariance=False) for x, y in pairs])


def difference(images):
    """Mean absolute difference between one half of the images and the other: near 0, they are all alike."""
    half = len(images) // 2
    return float(np.abs(images[:half] - images[half:2 * half]).mean())


def nearest(images, split):
    """The training image nearest to each image, as it is or mirrored, in a dataset.Split.

    Returns its row (n,); its distance (n,), the root mean squared difference of both in SIDE x SIDE pixels;
    and how much nearer it is than others (n,): that distance over the mean of the AROUND nearest ones'.
    """
    wanted, mirrored = _small(images), _small(images[:, :, ::-1])                    # (n, D)
    best, row = np.empty((len(images), 0), np.float32), np.empty((len(images), 0), int)
    with tqdm(total=len(split), desc="nearest training images", unit="image", disable=None) as bar:
        for start in range(0, len(split), _CHUNK):
            some = _small(split.pictures(slice(start, start + _CHUNK)))
            found = np.minimum(_squared(wanted, some), _squared(mirrored, some))
            best = np.concatenate([best, found], axis=1)
            row = np.concatenate([row, np.broadcast_to(start + np.arange(len(some)), found.shape)], axis=1)
            if best.shape[1] > AROUND:
                kept = np.argpartition(best, AROUND, axis=1)[:, :AROUND]
                best, row = (np.take_along_axis(array, kept, axis=1) for array in (best, row))
            bar.update(len(some))
    first = best.argmin(1)[:, None]
    row, around = np.take_along_axis(row, first, axis=1)[:, 0], np.sqrt(best.mean(1))
    found = _small(split.pictures(row))
    distance = np.minimum(_rms(wanted, found), _rms(mirrored, found))                # without cancellation
    return row, distance, distance / np.maximum(around, 1e-6)


def _squared(a, b):
    """Mean squared differences (n, m) of (n, D) and (m, D)."""
    return np.maximum(np.square(a).sum(1)[:, None] + np.square(b).sum(1) - 2 * a @ b.T, 0) / a.shape[1]


def _small(images):
    """(n, D): means over squares of pixels, SIDE at most along an axis, of which whole ones alone count."""
    n, size, _, channels = images.shape
    step = -(-size // SIDE)
    side = size // step
    inside = images[:, :side * step, :side * step]
    squares = inside.reshape(n, side, step, side, step, channels)
    return squares.mean(axis=(2, 4)).reshape(n, -1)


def _rms(a, b):
    return np.sqrt(np.square(a - b).mean(1))
