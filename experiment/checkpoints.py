"""Checkpoints: all that a run needs to go on bit for bit, as an .npz of plain arrays."""
import json
import re
import zipfile
from dataclasses import dataclass

import numpy as np

from experiment.errors import UsageError
from experiment.run_folder import START_ANEW

KEPT = 3
_FORMAT = "autoencoding-beyond-pixels checkpoint 1"
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile,
               NotImplementedError)


@dataclass
class Checkpoint:
    """step: training steps done. seconds: spent on them. model, batches: the state() of these, {name: array}
    and {name: whole number}. z: (n, Z) of the pictures of samples."""
    step: int
    seconds: float
    model: dict
    batches: dict
    z: np.ndarray


def save(folder, checkpoint, epoch_size):
    """Write checkpoints/epoch_0003.npz (or epoch_0003_plus_00017.npz, 17 steps into epoch 4).

    Keeps the last three. Returns its path. Raises UsageError, and leaves nothing, where it cannot be written.
    """
    epoch, extra = divmod(checkpoint.step, epoch_size)
    path = folder.checkpoints / f"epoch_{epoch:04d}{f'_plus_{extra:05d}' if extra else ''}.npz"
    about = {"format": _FORMAT, "step": checkpoint.step, "seconds": checkpoint.seconds,
             "batches": checkpoint.batches}
    arrays = {"about": np.array(json.dumps(about)), "z": checkpoint.z,
              **{f"model/{name}": array for name, array in checkpoint.model.items()}}
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise TypeError(f"checkpoint array {name} has objects in it, which only pickle could save")
    with folder.written_whole(path) as file:
        np.savez(file, **arrays)
    for old in _in_order(folder.checkpoints)[:-KEPT]:
        old.unlink()
    return path


def latest(folder):
    """Path of the newest checkpoint of a run. Raises UsageError where there is none."""
    paths = _in_order(folder.checkpoints)
    if not paths:
        raise UsageError(f"{folder.path}: no checkpoint in this run: {START_ANEW}")
    return paths[-1]


def load(path):
    """The Checkpoint in a file. Raises UsageError where it is damaged or something else."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}      # checks each array's CRC-32
        about = json.loads(str(arrays.pop("about")))
        if about["format"] != _FORMAT:
            raise ValueError(f"format {about['format']!r}")
        if arrays["z"].ndim != 2:
            raise ValueError(f"z has shape {arrays['z'].shape}")
        batches = {name: int(number) for name, number in about["batches"].items()}
        return Checkpoint(int(about["step"]), float(about["seconds"]), _under("model/", arrays), batches, arrays["z"])
    except PermissionError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}): check its permissions") from error
    except _UNREADABLE as error:             # whose own words are about NumPy's pickles and the like
        raise UsageError(f"{path}: damaged, or no checkpoint of this program: {_instead(path)}") from error


def _under(prefix, arrays):
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _instead(path):
    """What to do about a checkpoint that cannot be used."""
    older = [other for other in _in_order(path.parent) if other != path]
    return f"delete it to go on from {older[-1].name}" if older else START_ANEW


def _key(path):
    """(epoch, steps beyond it) in a checkpoint's name, or None."""
    found = re.fullmatch(r"epoch_(\d+)(?:_plus_(\d+))?\.npz", path.name)
    return found and (int(found[1]), int(found[2] or 0))


def _in_order(checkpoints):
    """Paths of the checkpoints in a folder, oldest first."""
    return sorted(filter(_key, checkpoints.glob("*.npz")), key=_key)
