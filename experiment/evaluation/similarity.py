"""The attribute similarity of section 4.3: images are made from attributes, a regressor reads them back."""
import numpy as np

from experiment.compute import compute_all
from experiment.settings import generator

SAMPLES, REPETITIONS = 10, 3         # samples of an image's attributes; times that all is drawn anew [ours]


def scores(read, queries):
    """How near the attributes `read` (n, K, A) of K images each are to their `queries` (n, A): {name: mean}.

    cosine_best, cosine   cosine similarity, of the best of the K images and of all
    error_best, error     squared error summed over the attributes, likewise
    signs                 share of attributes that are read with the sign of the query, of all images
    """
    queries = queries[:, None].astype(np.float64)                                    # (n, 1, A)
    lengths = np.linalg.norm(read, axis=-1) * np.linalg.norm(queries, axis=-1)
    cosine = (read * queries).sum(-1) / np.maximum(lengths, 1e-12)                   # (n, K)
    error = ((read - queries) ** 2).sum(-1)
    found = {"cosine_best": cosine.max(1), "cosine": cosine, "error_best": error.min(1), "error": error,
             "signs": (read > 0) == (queries > 0)}
    return {name: float(values.mean()) for name, values in found.items()}


def of_images(regressor, split, count, device):
    """(attributes that are read of a split's first images (count, A), their scores)."""
    read = compute_all(regressor.predict, split.pictures, count, device, "test images")
    return read, scores(read[:, None], split.attributes[:count])


def of_others(read, queries, seed):
    """Scores, a dict a repetition, of SAMPLES other test images in place of each: what chance gives."""
    found = []
    for rng in _generators(seed, "other images"):
        shifts = rng.permuted(np.tile(np.arange(1, len(read)), (len(read), 1)), axis=1)[:, :SAMPLES]
        found.append(scores(read[(np.arange(len(read))[:, None] + shifts) % len(read)], queries))
    return found


def of_samples(model, regressor, queries, device, seed, what):
    """Scores, a dict a repetition, of a conditional model's SAMPLES images for each of `queries` (n, A).

    z comes from the prior. Neither the model nor the regressor changes.
    """
    told, found = np.repeat(queries, SAMPLES, axis=0), []                            # (n K, A)
    for repetition, rng in enumerate(_generators(seed, "similarity"), 1):
        z = rng.standard_normal((len(told), model.z_size), np.float32)
        read = compute_all(lambda z, attributes: regressor.predict(model.sample(z, attributes)),
                           lambda rows: (z[rows], told[rows]), len(told), device,
                           f"{what}, {repetition} of {REPETITIONS}")
        found.append(scores(read.reshape(len(queries), SAMPLES, -1), queries))
    return found


def mean_and_spread(repetitions):
    """{name: (mean, standard deviation)} of the scores of repetitions."""
    return {name: (float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else 0.0)
            for name in repetitions[0] for values in [[scores[name] for scores in repetitions]]}


def standing_out(attributes, mean, std, names, count=4):
    """The names of the attributes (A,) of an image that lie highest above the mean of training images."""
    above = (attributes - mean) / np.maximum(std, 1e-6)
    return [names[i] for i in np.argsort(-above)[:count] if above[i] > 0]


def _generators(seed, purpose):
    return [generator(seed, f"{purpose} {repetition}") for repetition in range(REPETITIONS)]
