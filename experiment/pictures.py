"""Pictures as PNG files: grids of images, and the curves of a run."""
import contextlib
import io
import os

import numpy as np
from PIL import Image

COLUMNS, GAP = 8, 2        # images a row; pixels of white between them

# of curves.png: (title, [(metric, label)], log axis)
PANELS = (
    ("Lower bound on log p(x), nats an image", [("bound", "in training"), ("test_bound", "of test images")],
     False),
    ("L_prior: KL divergence, an image", [("kl", "KL")], True),
    ("L_llike: half squared error, an image", [("feature_loss", "features"), ("pixel_loss", "pixels")], True),
    ("L_GAN: mean cost of Dis", [("cost_real", "on real"), ("cost_fake", "on fakes")], False),
    ("Half squared error of the attributes, an image",
     [("attribute_loss", "in training"), ("test_attribute_loss", "of test images")], True),
    ("Mean output of Dis", [("d_real", "D(real)"), ("d_fake", "D(fakes)")], False),
    ("Share of steps taken (gate)", [("gate_dis", "Dis"), ("gate_dec", "Dec")], False),
    ("Images a second", [("images_per_s", "images/s")], False),
)


def grid(images, columns=COLUMNS):
    """Images (n, H, W, C) in [-1, 1] -> a picture (rows, columns, 3) uint8, 2 px apart on white."""
    count, height, width, _ = images.shape
    columns = min(columns, count)
    rows = -(-count // columns)
    picture = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3), 255, np.uint8)
    for i, image in enumerate(to_bytes(images)):
        top, left = i // columns * (height + GAP), i % columns * (width + GAP)
        picture[top:top + height, left:left + width] = image
    return picture


def tiles(picture, size):
    """The images (n, S, S, 3) uint8 in a picture that `grid` made, without the white places of a last row.

    Raises ValueError where it has other sizes.
    """
    step = size + GAP
    if any((side + GAP) % step for side in picture.shape[:2]):
        raise ValueError(f"no grid of images of {size} x {size}")
    images = [picture[top:top + size, left:left + size]
              for top in range(0, picture.shape[0], step) for left in range(0, picture.shape[1], step)]
    while len(images) > 1 and (images[-1] == 255).all():
        images.pop()
    return np.stack(images)


def to_bytes(images):
    """Images (..., C) in [-1, 1] -> (..., 3) uint8, rounded and clipped; grey ones as grey in RGB."""
    pixels = np.clip(np.rint((images.astype(np.float32) + 1) * np.float32(127.5)), 0, 255).astype(np.uint8)
    return np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 else pixels


def png(picture):
    """A picture (H, W, 3) uint8 as the bytes of a PNG file."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


def curves(reports):
    """The bytes of a PNG with one panel for each of PANELS that the reports (dicts with 'step') have."""
    with _own_backend():
        from matplotlib import style                   # here: it takes half a second

    with style.context("default"):                     # not the user's own: text.usetex needs LaTeX
        return _drawn(reports)


@contextlib.contextmanager
def _own_backend():
    """Without MPLBACKEND, which notebooks set to one that Matplotlib cannot import outside of them."""
    backend = os.environ.pop("MPLBACKEND", None)
    try:
        yield
    finally:
        if backend is not None:
            os.environ["MPLBACKEND"] = backend


def _drawn(reports):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels = [panel for panel in PANELS if any(name in reports[-1] for name, _ in panel[1])]
    rows = -(-len(panels) // 2)
    height = 2.8 * rows                      # inches: 0.35 of them above a panel's axes, 0.5 below
    figure = Figure(figsize=(11, height))    # layout="constrained" would draw everything twice
    figure.subplots_adjust(0.08, 0.5 / height, 0.98, 1 - 0.35 / height, wspace=0.2, hspace=0.85 / 1.95)
    FigureCanvasAgg(figure)
    for i, (title, lines, logarithmic) in enumerate(panels, 1):
        axes = figure.add_subplot(rows, 2, i)
        for name, label in lines:
            points = [(report["step"], report[name]) for report in reports if name in report]
            if points:
                axes.plot(*zip(*points), label=label, linewidth=1.2)
        if logarithmic and all(report.get(name, 1) > 0 for report in reports for name, _ in lines):
            axes.set_yscale("log")
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("step", fontsize=8)
        axes.tick_params(which="both", labelsize=8)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=90)
    return file.getvalue()
