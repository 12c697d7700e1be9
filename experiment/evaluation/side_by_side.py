"""Several models of the same data next to each other: samples, reconstructions, a table of measures."""
from dataclasses import dataclass

import numpy as np

from experiment.evaluation import charts

SHOWN, SAMPLED_ROWS = 12, 2        # images a row, and rows of samples of each model

TITLES = {"gan": "GAN", "vae": "VAE", "vae_dis_l": "VAE_Dis_l", "vaegan": "VAE/GAN"}
_REAL = "real training images"
# head of a column: where the measure is, how it is written
_COLUMNS = {
    "Frechet": (("distances", "samples", "frechet"), "{:.2f}"),
    "kernel": (("distances", "samples", "kernel"), "{:.3f}"),
    "precision": (("distances", "samples", "precision"), "{:.2f}"),
    "recall": (("distances", "samples", "recall"), "{:.2f}"),
    "copies": (("nearest", "copies"), "{:.1%}"),
    "PSNR, dB": (("reconstruction", "psnr"), "{:.2f}"),
    "SSIM": (("reconstruction", "ssim"), "{:.3f}"),
    "feature distance": (("reconstruction", "feature_distance"), "{:.2f}"),
    "attributes agree": (("attributes", "correlation"), "{:.2f}"),
    "attributes in z": (("z", "mean_area"), "{:.3f}"),
}


@dataclass
class Model:
    """What is shown of a model; pictures are (n, S, S, C) in [-1, 1].

    originals, reconstructions: of the same test images; the latter None without an encoder. results: as
    measuring.measure gives them.
    """
    originals: object
    samples: object
    reconstructions: object
    results: dict


def of_subject(subject, results):
    """The Model of an evaluation.subject.Subject."""
    test = subject.images().test
    count = min(SHOWN, len(test))
    sampled = np.resize(np.arange(len(test)), SHOWN * SAMPLED_ROWS)
    told = [array[sampled] for array in subject.told(test, len(test))]
    reconstructions = None
    if subject.model.has_encoder:
        z = subject.encode(test, count, "shown images encoded")
        reconstructions = subject.decode(z, "shown reconstructions", subject.told(test, count))
    return Model(test.pictures(slice(count)), subject.samples(
        subject.prior(len(sampled), "samples side by side"), "shown samples", told), reconstructions, results)


def samples(models):
    """The bytes of a PNG: samples of the same z from each of {name: Model}."""
    labels = [line for name in models for line in (TITLES[name], *[""] * (SAMPLED_ROWS - 1))]
    return charts.labelled_grid(np.concatenate([model.samples for model in models.values()]), [""] * SHOWN,
                                labels, "Samples: the same z in every model")


def reconstructions(models):
    """The bytes of a PNG: test images, and below what each Model with an encoder makes of them."""
    shown = {TITLES[name]: model.reconstructions for name, model in models.items()
             if model.reconstructions is not None}
    originals = next(iter(models.values())).originals
    return charts.labelled_grid(np.concatenate([originals, *shown.values()]), [""] * len(originals),
                                ["test image", *shown], "Test images, and their reconstructions")


def table(models):
    """Markdown: a row for each of {name: Model}, and one for real training images."""
    rows = {TITLES[name]: _row(model.results["measures"]) for name, model in models.items()}
    first = next(iter(models.values())).results["measures"]
    if "distances" in first:
        rows[_REAL] = _row({"distances": {"samples": first["distances"][_REAL]}})
    lines = [["", *_COLUMNS], ["---"] * (1 + len(_COLUMNS)), *([name, *row] for name, row in rows.items())]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def notes(models, images_seen):
    """[a line] that tells how the table was made. images_seen: {name: in training}."""
    results = next(iter(models.values())).results
    protocol, seen = results["protocol"], sorted(set(images_seen.values()))
    budget = f"{seen[0]:,} images each" if len(seen) == 1 else "not the same number of images: " + ", ".join(
        f"{TITLES[name]} {number:,}" for name, number in images_seen.items())
    return [f"trained on {budget}; {results['image_size']}x{results['image_size']}",
            f"samples: {protocol['samples']}; reconstructions {protocol['reconstructions']}",
            f"Frechet, kernel, precision, recall: {protocol['distances']}",
            "attributes agree: correlation of what the attribute network reads of an image and of its "
            "reconstruction; attributes in z: mean area under the ROC curve",
            f"copies: {protocol['nearest']}"]


def _row(measures):
    """The cells of measures.json's "measures"; '-' where there is no such number."""
    row = []
    for place, form in _COLUMNS.values():
        found = measures
        for key in place:
            found = found.get(key) if isinstance(found, dict) else None
        row.append("-" if found is None else form.format(found))
    return row
