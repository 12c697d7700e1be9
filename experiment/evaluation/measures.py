"""The measures of a finished run, each of which says how far its images or its z are from where they should
be.

Images are (n, S, S, C) in [-1, 1]. All but `readable` compare with images that the run has not trained on.
"""
import numpy as np

from experiment.evaluation import distances, pixels
from experiment.evaluation.vectors import enough

RIDGE, FITTED, UNSEEN = 100.0, 2000, 1000       # of the classifiers in `readable`


def reconstruction(originals, reconstructions):
    """How near reconstructions are to their originals, pixel by pixel: means over the images."""
    return {"psnr": pixels.psnr(originals, reconstructions).mean(),
            "ssim": pixels.ssim(originals, reconstructions).mean()}


def set_distances(real, others):
    """{name: Fréchet and kernel distance, precision, recall} of sets of features, {name: (m, D)}, to those of
    real images (n, D)."""
    rows = {}
    for name, features in others.items():
        precision, recall = distances.precision_recall(real, features)
        rows[name] = {"frechet": distances.frechet(real, features),
                      "kernel": distances.kernel_distance(real, features), "precision": precision,
                      "recall": recall}
    return rows


def feature_distance(originals, reconstructions):
    """Mean distance between the features (n, D) of an image and of its reconstruction; and between those of
    two different images."""
    def apart(a, b):
        return np.linalg.norm(a - b, axis=1).mean()

    return {"feature_distance": apart(originals, reconstructions),
            "feature_distance_of_two_faces": apart(originals, np.roll(originals, 1, axis=0))}


def agreement(read, read_again, names):
    """How far what a network reads of images (n, A) and of their reconstructions goes together.

    agreement: the share of images of which it says the same, `by_chance` if reconstructions belonged to
    others. correlation: of the readings. Means over the attributes, and for each.
    """
    says, says_again = read > 0, read_again > 0
    same = (says == says_again).mean(0)
    chance = says.mean(0) * says_again.mean(0) + (~says).mean(0) * (~says_again).mean(0)
    spread = read.std(0) * read_again.std(0)
    together = ((read - read.mean(0)) * (read_again - read_again.mean(0))).mean(0)
    correlation = np.where(spread > 1e-9, together / np.maximum(spread, 1e-9), 0)
    return {"agreement": same.mean(), "by_chance": chance.mean(), "correlation": correlation.mean(),
            "attributes": {name: {"agreement": a, "by_chance": c, "correlation": r}
                           for name, a, c, r in zip(names, same, chance, correlation)}}


def readable(z_train, has_train, z_unseen, has_unseen, names):
    """How well a linear classifier finds attributes in z: {name: area under the ROC curve on unseen images}.

    A ridge regression from standardised z to each attribute. has: (n, A) bool. Attributes of which there are
    too few images are left out.
    """
    mean, std = z_train.mean(0), z_train.std(0) + 1e-6
    z_train, z_unseen = (z_train - mean) / std, (z_unseen - mean) / std
    weights = np.linalg.solve(z_train.T @ z_train + RIDGE * np.eye(z_train.shape[1]),
                              z_train.T @ (has_train - has_train.mean(0)))
    scores = z_unseen @ weights                                                      # (n, A)
    return {names[column]: distances.above(scores[has_unseen[:, column], column],
                                           scores[~has_unseen[:, column], column])
            for column in np.flatnonzero(enough(has_train) & enough(has_unseen))}


def neighbours(samples, held_out, split):
    """Whether samples repeat training images: (measures, their nearest rows of `split`).

    A copy is near one training image and far from the others. copies: the share of samples of which that
    holds as it does of one held-out face in a hundred: .01 where samples are as new as those. (Distances
    themselves are no sign: what is blurred is near to everything.)
    """
    rows, apart, alone = pixels.nearest(samples, split)
    _, apart_unseen, alone_unseen = pixels.nearest(held_out, split)
    return {"copies": (alone < np.quantile(alone_unseen, 0.01)).mean(),
            "distance_of_samples": np.median(apart), "distance_of_held_out": np.median(apart_unseen),
            "held_out_in_training": int((apart_unseen < 1e-6).sum())}, rows
