"""What the painter draws on: a small float image with coordinates, and soft-edged shapes over them.

Shapes are signed distances, negative inside. An edge is antialiased by the share of a pixel that lies inside, so that
one set of numbers gives the same picture at every size. Nothing here looks at a whole image (no maximum, no mean): a
pixel depends on its own coordinates alone, which is why a margin changes nothing of the crop.
"""
import math

import numpy as np


class Canvas:
    """Colour planes with the coordinates of every pixel in one frame of reference.

    planes: (3, H, W) float32, colours in [0, 1]; the frames and windows of one canvas share them.
    x, y: (H, W) float32, x to the right and y down; in the first frame the crop spans [-1, 1].
    px: the side of a pixel in these coordinates. angle: how far this frame is turned (radians).
    rows, columns: where a window lies in the canvas it was cut from.
    """

    def __init__(self, planes, x, y, px, angle=0.0, rows=slice(None), columns=slice(None)):
        self.planes, self.x, self.y, self.px, self.angle = planes, x, y, px, angle
        self.rows, self.columns = rows, columns

    @classmethod
    def blank(cls, size, margin):
        """A black canvas: a crop of size x size pixels and margin more pixels on each side."""
        centres = ((np.arange(-margin, size + margin) + 0.5) * (2 / size) - 1).astype(np.float32)
        shape = (len(centres), len(centres))
        x, y = np.broadcast_to(centres, shape), np.broadcast_to(centres[:, None], shape)
        return cls(np.zeros((3, *shape), np.float32), x, y, 2 / size)

    def frame(self, x, y, angle, scale):
        """The same pixels in a frame turned by angle (radians), scale times as large, with its origin at (x, y)."""
        cos, sin = math.cos(angle) / scale, math.sin(angle) / scale
        dx, dy = self.x - x, self.y - y
        return Canvas(self.planes, cos * dx + sin * dy, cos * dy - sin * dx, self.px / scale, self.angle + angle)

    def window(self, x, y, rx, ry):
        """The pixels in the box of half sides rx, ry around (x, y); shares the planes. May be empty."""
        cos, sin = math.cos(self.angle) / self.px, math.sin(self.angle) / self.px
        dx, dy = x - float(self.x[0, 0]), y - float(self.y[0, 0])
        column, row = cos * dx - sin * dy, sin * dx + cos * dy
        wide, high = cos * rx + abs(sin) * ry + 1, abs(sin) * rx + cos * ry + 1     # one more pixel for soft edges
        rows = slice(max(math.floor(row - high), 0), max(math.ceil(row + high) + 1, 0))
        columns = slice(max(math.floor(column - wide), 0), max(math.ceil(column + wide) + 1, 0))
        return Canvas(self.planes[:, rows, columns], self.x[rows, columns], self.y[rows, columns], self.px,
                      self.angle, rows, columns)

    def inside(self, distance):
        """The share of each pixel, 0 to 1, that lies inside a shape."""
        return np.minimum(np.maximum(0.5 - distance * (1 / self.px), 0), 1)

    def stroke(self, distance, width):
        """The share of each pixel covered by a line of this width along a shape's edge; right for thin lines too."""
        return self.inside(distance - width / 2) - self.inside(distance + width / 2)

    def soft(self, distance, width):
        """1 well inside, 0 well outside, a smooth ramp of this width between."""
        t = np.minimum(np.maximum(0.5 - distance * (1 / max(width, self.px)), 0), 1)
        return t * t * (3 - 2 * t)

    def paint(self, alpha, colour):
        """Lays a colour, (3,) or (3, H, W), over the planes with this opacity, (H, W) or a number."""
        colour = np.asarray(colour, np.float32)
        layer = (colour[:, None, None] if colour.ndim == 1 else colour) - self.planes
        layer *= alpha
        self.planes += layer

    def darken(self, alpha):
        """Takes the share alpha, (H, W), of the light away."""
        self.planes *= 1 - alpha

    def paint_spot(self, x, y, rx, ry, alpha, colour):
        """Lays a soft spot of a colour over the planes."""
        w = self.window(x, y, rx, ry)
        w.paint(alpha * blob(w.x, w.y, x, y, rx, ry), colour)

    def darken_spot(self, x, y, rx, ry, alpha):
        """Lays a soft shadow over the planes."""
        w = self.window(x, y, rx, ry)
        w.darken(alpha * blob(w.x, w.y, x, y, rx, ry))


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
    t = np.minimum(np.maximum(((x - ax) * ux + (y - ay) * uy) * (1 / (ux * ux + uy * uy)), 0), 1)
    return np.sqrt((x - ax - t * ux) ** 2 + (y - ay - t * uy) ** 2)


def blob(x, y, cx, cy, rx, ry):
    """A soft round spot: 1 at (cx, cy), falling smoothly to 0 at the ellipse with radii rx, ry."""
    u, v = (x - cx) * (1 / rx), (y - cy) * (1 / ry)
    k = np.maximum(1 - u * u - v * v, 0)
    return k * k
