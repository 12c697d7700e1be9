"""What the painter draws on: small float images with coordinates, and soft-edged shapes over them.

Shapes are signed distances, negative inside. An edge is antialiased by the share of a pixel that lies inside,
so that one set of numbers gives the same picture at every size. Nothing here looks at a whole image (no mean,
no maximum): a pixel depends on its own coordinates alone, so a margin changes nothing of the crop.
"""
import numpy as np


class Canvas:
    """Colour planes of n images with the coordinates of every pixel in one frame of reference per image.

    planes         (n, 3, H, W) float32, colours in [0, 1]; the frames and windows of one canvas share them
    x, y           (n, H, W) float32, x to the right and y down; in the first frame the crop spans [-1, 1]
    px             (n, 1, 1), the side of a pixel in these coordinates
    angle          (n, 1, 1), how far the frame is turned, in radians
    rows, columns  where a window lies in the canvas it was cut from
    """

    def __init__(self, planes, x, y, px, angle, rows=slice(None), columns=slice(None)):
        self.planes, self.x, self.y, self.px, self.angle = planes, x, y, px, angle
        self.rows, self.columns = rows, columns

    @classmethod
    def blank(cls, count, size, margin):
        """Black images: a crop of size x size pixels and margin more pixels on each side."""
        centres = ((np.arange(-margin, size + margin) + 0.5) * (2 / size) - 1).astype(np.float32)
        shape = (count, len(centres), len(centres))
        x, y = np.broadcast_to(centres, shape), np.broadcast_to(centres[:, None], shape)
        planes, angle = np.zeros((count, 3, *shape[1:]), np.float32), np.zeros((count, 1, 1), np.float32)
        return cls(planes, x, y, angle + np.float32(2 / size), angle)

    def frame(self, x, y, angle, scale):
        """The same pixels in a frame turned by angle, scale times as large, with its origin at (x, y)."""
        cos, sin = np.cos(angle) / scale, np.sin(angle) / scale
        dx, dy = self.x - x, self.y - y
        x, y = cos * dx + sin * dy, cos * dy - sin * dx
        return Canvas(self.planes, x, y, self.px / scale, self.angle + angle)

    def of(self, rows):
        """A copy of some of the images; rows are their numbers."""
        return Canvas(self.planes[rows], self.x[rows], self.y[rows], self.px[rows], self.angle[rows])

    def window(self, x, y, rx, ry):
        """The pixels that hold, in every image, the box of half sides rx, ry around (x, y)."""
        cos, sin = np.cos(self.angle) / self.px, np.sin(self.angle) / self.px
        dx, dy = x - self.x[:, :1, :1], y - self.y[:, :1, :1]
        column, row = cos * dx - sin * dy, sin * dx + cos * dy
        edge = 2                                                        # pixels more, for soft edges
        rows = _span(row, abs(sin) * rx + cos * ry + edge)
        columns = _span(column, cos * rx + abs(sin) * ry + edge)
        return Canvas(self.planes[:, :, rows, columns], self.x[:, rows, columns], self.y[:, rows, columns],
                      self.px, self.angle, rows, columns)

    def inside(self, distance):
        """The share of each pixel, 0 to 1, that lies inside a shape."""
        return np.clip(0.5 - distance / self.px, 0, 1)

    def stroke(self, distance, width):
        """The share of each pixel covered by a line of this width along a shape's edge, however thin."""
        return self.inside(distance - width / 2) - self.inside(distance + width / 2)

    def soft(self, distance, width):
        """1 well inside, 0 well outside, a smooth ramp of this width between."""
        t = np.clip(0.5 - distance / np.maximum(width, self.px), 0, 1)
        return t * t * (3 - 2 * t)

    def paint(self, alpha, colour):
        """Lays a colour, (3,), (n, 3, 1, 1) or (n, 3, H, W), over the planes with this opacity, (n, H, W)."""
        layer = np.asarray(colour, np.float32)
        layer = (layer[:, None, None] if layer.ndim == 1 else layer) - self.planes
        layer *= alpha[:, None]
        self.planes += layer

    def darken(self, alpha):
        """Takes the share alpha, (n, H, W), of the light away."""
        self.planes *= (1 - alpha)[:, None]

    def paint_spot(self, x, y, rx, ry, alpha, colour):
        """Lays a soft spot of a colour over the planes."""
        w = self.window(x, y, rx, ry)
        w.paint(alpha * blob(w.x, w.y, x, y, rx, ry), colour)

    def darken_spot(self, x, y, rx, ry, alpha):
        """Lays a soft shadow over the planes."""
        w = self.window(x, y, rx, ry)
        w.darken(alpha * blob(w.x, w.y, x, y, rx, ry))


def _span(centre, reach):
    low, high = int((centre - reach).min()), int((centre + reach).max()) + 2
    return slice(max(low, 0), max(high, 0))


def ellipse(x, y, cx, cy, rx, ry):
    """Signed distance to an ellipse, exact to first order at its edge."""
    u, v = (x - cx) * (1 / rx), (y - cy) * (1 / ry)
    uu, vv = u * u, v * v
    return (uu + vv - 1) / (2 * np.sqrt(uu * (1 / rx**2) + vv * (1 / ry**2)) + 1e-3)


def box(x, y, cx, cy, rx, ry, corner):
    """Signed distance to a rectangle with half sides rx, ry and corners of this radius."""
    u, v = np.abs(x - cx) - (rx - corner), np.abs(y - cy) - (ry - corner)
    outside = np.sqrt(np.maximum(u, 0) ** 2 + np.maximum(v, 0) ** 2)
    return outside + np.minimum(np.maximum(u, v), 0) - corner


def segment(x, y, ax, ay, bx, by):
    """Distance to the line from (ax, ay) to (bx, by)."""
    ux, uy = bx - ax, by - ay
    t = np.clip(((x - ax) * ux + (y - ay) * uy) / (ux * ux + uy * uy), 0, 1)
    return np.sqrt((x - ax - t * ux) ** 2 + (y - ay - t * uy) ** 2)


def blob(x, y, cx, cy, rx, ry):
    """A soft round spot: 1 at (cx, cy), falling smoothly to 0 at the ellipse with radii rx, ry."""
    u, v = (x - cx) * (1 / rx), (y - cy) * (1 / ry)
    k = np.maximum(1 - u * u - v * v, 0)
    return k * k
