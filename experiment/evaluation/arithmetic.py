"""Vector arithmetic on z of the prior (Radford, Metz & Chintala 2016, section 6.3.2): a - b + c.

Each of a, b and c is the mean z of three samples that show the same, as an attribute network reads them. The
paper's authors chose them by eye, and judged by eye.
"""
from typing import NamedTuple

import numpy as np

from experiment.exit import UsageError
from experiment.settings import generator

EXEMPLARS, REPEATS = 3, 200


class Expression(NamedTuple):
    """What samples of a, b and c show, {attribute: whether}, and what a - b + c is to show."""
    words: str
    terms: tuple
    wanted: dict


EXPRESSIONS = (
    Expression("smiling woman - woman + man",
               ({"Male": False, "Smiling": True}, {"Male": False, "Smiling": False},
                {"Male": True, "Smiling": False}), {"Male": True, "Smiling": True}),
    Expression("man with glasses - man + woman",
               ({"Male": True, "Eyeglasses": True}, {"Male": True, "Eyeglasses": False},
                {"Male": False, "Eyeglasses": False}), {"Male": False, "Eyeglasses": True}))


def shows(readings, names, concept):
    """(n,) bool: in which images a network's readings (n, A) find all of a concept."""
    return np.all([(readings[:, names.index(name)] > 0) == there for name, there in concept.items()], axis=0)


def evaluate(expression, z, readings, names, decode, read):
    """(results, images (REPEATS, 5, S, S, C)) of an expression on samples z (n, Z), readings (n, A).

    images: of a, b, c, of a - b + c on z, and on their pixels. results: shares of images that show what is
    wanted. decode(z) -> images, read(images) -> readings. Raises UsageError where too few show a term.
    """
    rng, terms = generator(0, expression.words), []
    for concept in expression.terms:
        rows = np.flatnonzero(shows(readings, names, concept))
        if len(rows) < EXEMPLARS:
            raise UsageError(f"only {len(rows)} of {len(z):,} samples show {_in_words(concept)}, at least "
                             f"{EXEMPLARS} must: train longer, or draw more (--count)")
        chosen = np.stack([rng.choice(rows, EXEMPLARS, replace=False) for _ in range(REPEATS)])
        terms.append(z[chosen].mean(axis=1))                                          # (REPEATS, Z)
    a, b, c = terms
    images = [decode(some) for some in (a, b, c, a - b + c)]
    images.append(np.clip(images[0] - images[1] + images[2], -1, 1))
    shares = [np.mean(shows(read(some), names, expression.wanted)) for some in images[2:]]
    return {"on_z": shares[1], "on_pixels": shares[2], "c_alone": shares[0],
            "of_samples": np.mean(shows(readings, names, expression.wanted))}, np.stack(images, axis=1)


def _in_words(concept):
    return ", ".join(name if there else f"not {name}" for name, there in concept.items())
