"""uint8 images to float32 in [-1, 1], each moved (affine, bilinear) and coloured (gamma, contrast, hue)."""
import numpy as np

_TO_YIQ = np.array([[0.299, 0.587, 0.114], [0.595716, -0.274453, -0.321263], [0.211456, -0.522591, 0.311135]])
_FROM_YIQ = np.linalg.inv(_TO_YIQ)


def augment(images, parameters, size):
    out = np.empty((len(images), size, size, images.shape[3]), np.float32)
    for image, p, result in zip(images, parameters, out):
        _move(image, p, size, result)
        _colour(result, p)
    return out


def _move(image, p, size, result):
    """Bilinear samples of `image`, scaled to [0, 1]."""
    height, width = image.shape[:2]
    u = np.arange(size, dtype=np.float32) - np.float32((size - 1) / 2)
    x = np.float32((width - 1) / 2) + p[0] * u[None, :] + p[1] * u[:, None] + p[2]
    y = np.float32((height - 1) / 2) + p[4] * u[:, None] + p[3] * u[None, :] + p[5]
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    x0, y0 = x.astype(np.intp), y.astype(np.intp)
    x1, y1 = np.minimum(x0 + 1, width - 1), np.minimum(y0 + 1, height - 1)
    fx, fy = (x - x0)[..., None], (y - y0)[..., None]
    top = image[y0, x0] * (1 - fx) + image[y0, x1] * fx
    bottom = image[y1, x0] * (1 - fx) + image[y1, x1] * fx
    np.multiply(top * (1 - fy) + bottom * fy, np.float32(1 / 255), out=result)


def _colour(c, p):
    """Gamma, contrast and hue in place on [0, 1], then to [-1, 1]."""
    gamma, contrast, hue = p[6], p[7], p[8]
    if gamma != 1:
        np.power(c, gamma, out=c)
    if contrast != 1:
        np.clip(np.float32(0.5) + contrast * (c - np.float32(0.5)), 0, 1, out=c)
    if hue != 0 and c.shape[-1] == 3:
        cos, sin = np.cos(hue), np.sin(hue)
        turn = _FROM_YIQ @ np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]]) @ _TO_YIQ
        np.clip(c @ turn.T.astype(np.float32), 0, 1, out=c)
    c *= 2
    c -= 1
