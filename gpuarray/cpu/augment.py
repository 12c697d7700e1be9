"""uint8 images to float32 in [-1, 1], each moved by one cubic resampling and coloured (gamma, then HSV)."""
import numpy as np

_PIXELS = 1 << 12              # of the result that are made at a time: their arrays stay in a core's cache
_LEVELS = 2 * (np.arange(256, dtype=np.float32) * np.float32(1 / 255)) - 1         # what a byte becomes


def augment(images, parameters, size):
    out = np.empty((len(images), size, size, images.shape[3]), np.float32)
    count = max(1, _PIXELS // size**2)
    for start in range(0, len(images), count):
        some, p = images[start:start + count], parameters[start:start + count]
        make = _cut if _only_flips(some, p, size) else _moved
        out[start:start + count] = make(some, p, size)
    return out


def _only_flips(images, p, size):
    """Do all images keep their pixels as they are, in order or mirrored? Then nothing is computed."""
    beyond = [side - size for side in images.shape[1:3]]
    return (min(beyond) >= 0 and not any(length % 2 for length in beyond)
            and bool((np.abs(p[:, 0]) == 1).all() and (p[:, 1:] == (0, 0, 0, 1, 0, 1, 1, 0)).all()))


def _cut(images, p, size):
    top, left = ((side - size) // 2 for side in images.shape[1:3])
    images = images[:, top:top + size, left:left + size]
    return _LEVELS[np.where(p[:, 0, None, None, None] < 0, images[:, :, ::-1], images)]


def _moved(images, p, size):
    c = np.clip(_samples(images, p, size) * np.float32(1 / 255), 0, 1)             # (C, n, size^2)
    gamma, contrast, hue = p[:, 6:].T[..., None]
    c = c ** gamma
    c = _in_hsv(c, contrast, hue) if len(c) == 3 else c ** contrast
    return (2 * c - 1).transpose(1, 2, 0).reshape(-1, size, size, len(c))


def _samples(images, p, size):
    """Cubic samples (C, n, size^2) of images (n, H, W, C)."""
    n, height, width, channels = images.shape
    middle = np.arange(size, dtype=np.float32) - np.float32((size - 1) / 2)
    u, v = np.tile(middle, size), np.repeat(middle, size)
    p = p[:, :6, None]
    columns, across = _taps(np.float32((width - 1) / 2) + p[:, 0] * u + p[:, 1] * v + p[:, 2], width)
    rows, down = _taps(np.float32((height - 1) / 2) + p[:, 3] * u + p[:, 4] * v + p[:, 5], height)
    planes = np.ascontiguousarray(images.reshape(-1, channels).T)                  # (C, n H W)
    starts = np.arange(n)[:, None] * (height * width)
    total = 0
    for row, weight in zip(rows, down):
        start = starts + row * width
        total = total + weight * sum(planes.take(start + column, axis=1) * share
                                     for column, share in zip(columns, across))
    return total


def _taps(positions, length):
    """The four pixels around positions on an axis of `length` pixels, and their weights (Keys, a = -1/2)."""
    positions = np.clip(positions, -2, length + 1)         # beyond, all four are the pixel at the edge
    before = np.floor(positions)
    t = positions - before
    weights = (((1 - t / 2) * t - 0.5) * t, (1.5 * t - 2.5) * t * t + 1, ((2 - 1.5 * t) * t + 0.5) * t,
               (t / 2 - 0.5) * t * t)
    return [np.clip(before.astype(np.intp) + k, 0, length - 1) for k in (-1, 0, 1, 2)], weights


def _in_hsv(c, contrast, hue):
    """RGB (3, n, pixels) on [0, 1]: saturation and value to the power of `contrast`, hue moved by `hue`."""
    red, green, blue = c
    value = c.max(axis=0)
    chroma = value - c.min(axis=0)
    saturation = (chroma / np.where(value > 0, value, 1)) ** contrast
    chroma = np.where(chroma > 0, chroma, 1)
    sixths = np.where(value == red, (green - blue) / chroma,
                      np.where(value == green, (blue - red) / chroma + 2, (red - green) / chroma + 4))
    sixths = sixths + 6 * hue
    value = value ** contrast
    for channel, offset in enumerate((5, 3, 1)):
        k = sixths + offset
        k = k - 6 * np.floor(k / 6)
        c[channel] = value * (1 - saturation * np.clip(np.minimum(k, 4 - k), 0, 1))
    return c
