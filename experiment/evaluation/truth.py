"""What toyfaces know and photographs do not: how the same face looks with one attribute more.

The vectors of attributes are held to it: the face painted again with the attribute shows what adding the
vector to z should change, and what not.
"""
import numpy as np

from dataset.toyfaces.reader import held_out_with
from experiment.compute import compute_all
from experiment.evaluation.edits import FACES


def compare(subject, pictures, z, has, column, name, vectors):
    """{"faces": n, "reachable": {"cosine", "share"}, kind: {"cosine", "share", "cosine_z"}, ...} of an
    attribute; None where no held-out face could get it.

    pictures(rows), z (n, Z), has (n, A) bool: of held-out toyfaces. vectors: {kind: (A, Z)}.
    cosine, share: of the change of an edited image and of the true one, in pixels, the mean over faces: the
    cosine between them, and how much of the true change is made: its projection on it, 1 for all.
    cosine_z: between the vector and the mean change of z when the faces are painted again.
    reachable: the face painted again, encoded and decoded: what the best z of the model gives.
    """
    rows, again = held_out_with(name, subject.settings.image_size, has, FACES)
    if not len(rows):
        return None
    again = again.astype(np.float32) / np.float32(127.5) - np.float32(1)
    true = again - pictures(rows)                                                    # (n, S, S, C)
    z_again = compute_all(subject.model.encode, lambda some: again[some], len(rows), subject.device, "again")
    before = subject.decode(z[rows], "decoded")

    def held_to_truth(z_edited):
        change = subject.decode(z_edited, "decoded") - before
        products, lengths = _products(change, true), _products(change, change) * _products(true, true)
        return {"cosine": np.mean(products / np.sqrt(np.maximum(lengths, 1e-12))),
                "share": np.mean(products / _products(true, true))}

    moved = (z_again - z[rows]).mean(0)
    found = {"faces": len(rows), "reachable": held_to_truth(z_again)}
    for kind, vector in vectors.items():
        found[kind] = held_to_truth(z[rows] + vector[column]) | {
            "cosine_z": moved @ vector[column] / np.linalg.norm(moved) / np.linalg.norm(vector[column])}
    return found


def _products(one, other):
    """(n,): the scalar products of images."""
    return np.einsum("nijk,nijk->n", one, other, dtype=np.float64)
