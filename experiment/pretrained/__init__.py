"""Trained models that come with the package, so that commands work without training first.

NAME.safetensors is what `python -m experiment export RUN --share` wrote; NAME.md, beside it, is its card. The
.npz file is the network that reads the attributes of toyfaces, as evaluation.attribute_network trained it.
"""
from pathlib import Path

FOLDER = Path(__file__).parent
DEFAULT = "toyfaces"          # what commands use where no RUN is named


def names():
    """The names of the models."""
    return sorted(path.stem for path in FOLDER.glob("*.safetensors"))


def has(run):
    """Whether a RUN is the name of one of them: a path of that name comes first."""
    return str(run) in names() and not Path(run).exists()


def find(run=DEFAULT):
    """The Path of a RUN: of the file of the model of that name; else `run` itself, whatever lies there."""
    return FOLDER / f"{run}.safetensors" if has(run) else Path(run)
