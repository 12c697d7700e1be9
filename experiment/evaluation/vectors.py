"""Attribute vectors (paper, section 4.2): what is added to z to give a face an attribute."""
import difflib
import json
from pathlib import Path

import numpy as np

from experiment.exit import UsageError
from experiment.reading import reading

FEWEST = 10      # an attribute needs as many images with it, and as many without
KINDS = "plain", "regressed"

# of the paper's Figure 5
PAPER = (
    "Bald", "Bangs", "Black_Hair", "Blond_Hair", "Bushy_Eyebrows", "Eyeglasses", "Gray_Hair", "Heavy_Makeup",
    "High_Cheekbones", "Male", "Mustache", "Pale_Skin", "Rosy_Cheeks", "Smiling", "Straight_Hair",
    "Wavy_Hair", "Wearing_Lipstick", "Young")


def plain(z, has):
    """(A, Z): mean z of images with an attribute minus mean z of those without. z (n, Z), has (n, A) bool."""
    return np.stack([z[with_it].mean(0) - z[~with_it].mean(0) for with_it in has.T])


def regressed_out(z, has):
    """(A, Z): how z changes with an attribute while the others stay, by least squares of z on all of them.

    The plain difference of an attribute contains what usually comes with it: Heavy_Makeup makes a face
    female. Others that determine an attribute cannot stay, such as toyfaces' colours of hair, of which the
    Bald have none: those are left free.
    """
    varied = has - has.mean(0)                                                       # (n, A)
    return np.stack([_coefficient(varied, column, z) for column in range(has.shape[1])]).astype(z.dtype)


def _coefficient(varied, column, z):
    """The coefficient (Z,) of one column: by the theorem of Frisch and Waugh, that of z on what the others
    leave unexplained of the column."""
    own, others = varied[:, column], np.delete(varied, column, axis=1)
    weights, left = _fit(others, own)
    if left @ left < 1e-6 * (own @ own):
        _, left = _fit(others[:, np.abs(weights) < 1e-6], own)
    return left @ z / (left @ left)


def _fit(others, own):
    """(weights, what is left) of least squares of `own` (n,) on `others` (n, k)."""
    weights = np.linalg.lstsq(others, own, rcond=None)[0]
    return weights, own - others @ weights


def known(opened, run):
    """{"names": (A,), "plain": (A, Z), "regressed": (A, Z)} of an OpenedRun, or None: those in an exported
    file, or those that the command attributes made of this checkpoint in the folder `run`.

    nan: of an attribute that too few images had. Raises UsageError where what lies there is damaged.
    """
    folder = Path(run) / "attributes"
    if opened.vectors is not None or not (folder / "vectors.npz").is_file():
        return opened.vectors
    with reading(folder, "damaged: make it anew with `attributes --overwrite`"):
        if json.loads((folder / "attributes.json").read_text())["step"] != opened.step:
            return None
        with np.load(folder / "vectors.npz") as file:
            return {"names": tuple(file["names"].tolist())} | {kind: file[kind] for kind in KINDS}


def enough(has):
    """Which attributes (A,) have FEWEST images with them and without."""
    count = has.sum(0)
    return (count >= FEWEST) & (len(has) - count >= FEWEST)


def chosen(wanted, names, has, data):
    """The columns of the attributes to show: those `wanted`, else the paper's that the data has, else all.

    wanted: names, or None. names: of the columns of `has` (n, A). data: its name, for messages. Spelling is
    free in upper and lower case, blanks and underscores. Raises UsageError for an attribute that the data
    does not have, or has too few images of.
    """
    place, can = {_plain_name(name): column for column, name in enumerate(names)}, enough(has)
    if wanted is None:
        columns = [place[key] for key in map(_plain_name, PAPER) if key in place] or range(len(names))
        columns = [column for column in columns if can[column]]
        if not columns:
            raise UsageError(f"{data}: no attribute has {FEWEST} training images with it and {FEWEST} "
                             "without: use more data")
        return columns
    for name in wanted:
        if _plain_name(name) not in place:
            near = difflib.get_close_matches(_plain_name(name), place, n=3, cutoff=0.5)
            advice = f"did you mean {' or '.join(names[place[key]] for key in near)}?" if near else \
                f"it has {', '.join(names)}"
            raise UsageError(f"--attributes {name}: {data} has no such attribute: {advice}")
        column = place[_plain_name(name)]
        if not can[column]:
            count = int(has[:, column].sum())
            raise UsageError(f"--attributes {name}: {count} training images of {data} have it and "
                             f"{len(has) - count} have not, at least {FEWEST} of each are needed: "
                             "leave it out, or use more data")
    return [place[_plain_name(name)] for name in wanted]


def _plain_name(name):
    return name.lower().replace("_", " ").strip()
