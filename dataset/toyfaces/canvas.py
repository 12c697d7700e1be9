"""What the painter draws on: a small float image with coordinates, and soft-edged shapes over them.

Shapes are signed distances in head units (negative inside). An edge is antialiased by the share of a pixel that lies
inside, so that one set of numbers gives the same picture at every size. Nothing here looks at a whole image (no
maximum, no mean): a pixel depends on its own coordinates alone, which is why a margin changes nothing of the crop.
"""
import numpy as np


class Canvas:
    """Colour planes with the coordinates of every pixel in one frame of reference.

    planes: (3, H, W) float32, colours in [0, 1]; frames and windows of one canvas share them.
    x, y: coordinates that broadcast to (H, W); the crop spans [-1, 1], x to the right and y down.
    px: the side of a pixel in these coordinates.
    """

    def __init__(self, planes, x, y, px, rows=slice(None), columns=slice(None)):
        self.planes, self.x, self.y, self.px = planes, x, y, px
        self.rows, self.columns = rows, columns                             # where a window lies in its canvas

    @classmethod
    def blank(cls, size, margin):
        """A canvas whose crop of size x size pixels spans [-1, 1] and which has margin more pixels on each side."""
        centres = (np.arange(-margin, size + margin) + 0.5) * (2 / size) - 1
        centres = centres.astype(np.float32)
        side = len(centres)
        return cls(np.zeros((3, side, side), np.float32), centres[None, :], centres[:, None], np.float32(2 / size))

    def frame(self, x, y, angle, scale):
        """The same pixels in a frame that is turned by angle (radians), scaled, and has its origin at (x, y)."""
        cos, sin = np.float32(np.cos(angle) / scale), np.float32(np.sin(angle) / scale)
        dx, dy = self.x - np.float32(x), self.y - np.float32(y)
        return Canvas(self.planes, cos * dx + sin * dy, cos * dy - sin * dx, self.px / np.float32(scale))

    def window(self, left, right, top, bottom):
        """The part of the canvas that holds the box left..right, top..bottom of this frame."""
        # A frame is affine, so two differences of its coordinates invert it.
        x, y = self.x, self.y
        x0, y0 = x[0, 0], y[0, 0]
        cos, sin = (x[0, 1] - x0) / self.px, (x[1, 0] - x0) / self.px
        u = np.array([left, right, left, right]) - x0
        v = np.array([top, top, bottom, bottom]) - y0
        columns, rows = (cos * u - sin * v) / self.px, (sin * u + cos * v) / self.px
        height, width = x.shape
        rows = slice(max(int(rows.min()) - 1, 0), min(max(int(rows.max()) + 3, 0), height))
        columns = slice(max(int(columns.min()) - 1, 0), min(max(int(columns.max()) + 3, 0), width))
        return Canvas(self.planes[:, rows, columns], x[rows, columns], y[rows, columns], self.px, rows, columns)

    def inside(self, distance):
        """The share of each pixel, 0 to 1, that lies inside a shape."""
        return np.clip(0.5 - distance / self.px, 0, 1)

    def stroke(self, distance, width):
        """The share of each pixel covered by a line of this width along a shape's edge; right for thin lines too."""
        return self.inside(distance - width / 2) - self.inside(distance + width / 2)

    def soft(self, distance, width):
        """1 well inside, 0 well outside, a smooth ramp of this width between."""
        t = np.clip(0.5 - distance / max(width, self.px), 0, 1)
        return t * t * (3 - 2 * t)

    def paint(self, alpha, colour):
        """Lays a colour, (3,) or (3, H, W), over the planes with this opacity, (H, W) or a number."""
        if np.ndim(colour) == 1:
            colour = np.asarray(colour, np.float32)[:, None, None]
        colour = colour - self.planes
        colour *= alpha
        self.planes += colour

    def shade(self, alpha, factor):
        """Multiplies the planes by factor, (3,) or a number, where alpha is 1."""
        factor = np.broadcast_to(np.asarray(factor, np.float32) - 1, 3)
        self.planes *= 1 + alpha * factor[:, None, None]


def ellipse(x, y, cx, cy, rx, ry):
    """Signed distance to an ellipse, exact to first order at its edge."""
    u, v = (x - cx) / rx, (y - cy) / ry
    slope = np.sqrt((u / rx) ** 2 + (v / ry) ** 2) + 1e-4
    return (u * u + v * v - 1) / (2 * slope)


def box(x, y, cx, cy, rx, ry, corner):
    """Signed distance to a rectangle with rounded corners."""
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
    u, v = (x - cx) / rx, (y - cy) / ry
    k = np.maximum(1 - u * u - v * v, 0)
    return k * k
