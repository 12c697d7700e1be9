"""Labelled pictures as the bytes of PNG files."""
import io

import numpy as np

from experiment.pictures import grid

_CELL, _DPI = 0.62, 110        # inches an image; dots an inch


def labelled_grid(images, column_labels, row_labels=None, title="", blocks=1, block_titles=()):
    """A grid of images (rows * columns, S, S, C) in [-1, 1] with words above its columns and left of its
    rows.

    blocks: side by side, each with the same column labels; images (blocks * rows * columns, ...) then.
    """
    rows = len(images) // (blocks * len(column_labels))
    turned = max(map(len, column_labels)) > 5
    width, height = blocks * (_CELL * len(column_labels) + 0.3) + 1.3, _CELL * rows + (1.4 if turned else 0.8)
    figure = _figure((width, height))
    for block, some in enumerate(np.split(images, blocks)):
        axes = figure.add_subplot(1, blocks, block + 1)
        axes.imshow(grid(some, len(column_labels)))
        middle, step = images.shape[2] / 2 - 0.5, images.shape[2] + 2                  # grid's gap is 2
        axes.set_xticks(middle + step * np.arange(len(column_labels)), column_labels, fontsize=8,
                        **dict(rotation=45, ha="left", rotation_mode="anchor") if turned else {})
        axes.xaxis.tick_top()
        axes.set_yticks(middle + step * np.arange(rows), row_labels or [""] * rows, fontsize=8)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        if block_titles:
            axes.set_xlabel(block_titles[block], fontsize=10)
        if block:
            axes.set_yticklabels([])
    figure.suptitle(title, fontsize=10)
    return _png(figure)


def changes(matrices, titles, added, read):
    """What adding each attribute (rows) changes in what is read (columns): matrices of these, blue down, red
    up."""
    figure = _figure((len(matrices) * (0.24 * len(read) + 1.0) + 2.2, 0.24 * len(added) + 2.2))
    for i, (matrix, title) in enumerate(zip(matrices, titles), 1):
        axes = figure.add_subplot(1, len(matrices), i)
        shown = axes.imshow(matrix, cmap="RdBu_r", vmin=-1, vmax=1)
        axes.set_xticks(range(len(read)), read, rotation=60, ha="right", rotation_mode="anchor", fontsize=7)
        axes.set_yticks(range(len(added)), added if i == 1 else [""] * len(added), fontsize=7)
        axes.set_title(title, fontsize=9)
        axes.set_xlabel("attribute read", fontsize=8)
        if i == 1:
            axes.set_ylabel("attribute added to z", fontsize=8)
    bar = figure.colorbar(shown, ax=figure.axes, shrink=0.7)
    bar.set_label("change; 1: from real faces without to real faces with it", fontsize=7)
    bar.ax.tick_params(labelsize=7)
    return _png(figure)


def queries(originals, words, samples):
    """A row for each test image: what stands out in it, the image, and faces made from its attributes.

    originals (n, S, S, C). words: a line of text for each. samples: {name of a model: (n, K, S, S, C)}.
    """
    blocks = {"test image": originals[:, None], **samples}
    columns = [images.shape[1] for images in blocks.values()]
    grids = [grid(images.reshape(-1, *images.shape[2:]), images.shape[1]) for images in blocks.values()]
    figure = _figure((_CELL * (sum(columns) + 0.5 * len(columns)) + 2.6, _CELL * len(originals) + 0.5))
    places = figure.subplots(1, len(blocks), squeeze=False,
                             width_ratios=[picture.shape[1] for picture in grids])[0]
    for axes, title, picture in zip(places, blocks, grids):
        axes.imshow(picture)
        axes.set_title(title, fontsize=8)
        axes.set_xticks([]), axes.set_yticks([])
        axes.spines[:].set_visible(False)
    middle, step = originals.shape[1] / 2 - 0.5, originals.shape[1] + 2               # grid's gap is 2
    places[0].set_yticks(middle + step * np.arange(len(words)), words, fontsize=7)
    places[0].tick_params(length=0)
    return _png(figure)


def _figure(size):
    from matplotlib.backends.backend_agg import FigureCanvasAgg   # here: it takes half a second
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _png(figure):
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_DPI)
    return file.getvalue()
