"""A picture of test images, the attributes that stand out in each, and faces that models made from them."""
import io

import numpy as np

from experiment.pictures import grid

_CELL, _DPI = 0.62, 110        # inches an image; dots an inch


def query_page(originals, words, samples):
    """The bytes of a PNG: a row for each test image.

    originals (n, S, S, 3). words: a line of text for each. samples: {name of a model: (n, K, S, S, 3)}.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg   # here: it takes half a second
    from matplotlib.figure import Figure

    blocks = {"test image": originals[:, None], **samples}
    columns = [images.shape[1] for images in blocks.values()]
    grids = [grid(images.reshape(-1, *images.shape[2:]), images.shape[1]) for images in blocks.values()]
    figure = Figure(figsize=(_CELL * (sum(columns) + 0.5 * len(columns)) + 2.6, _CELL * len(originals) + 0.5),
                    layout="constrained")
    FigureCanvasAgg(figure)
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
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_DPI)
    return file.getvalue()
