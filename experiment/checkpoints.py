"""Checkpoints: all that a run needs to go on bit for bit, as an .npz of plain arrays."""
import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiment.exit import UsageError
from experiment.run_folder import START_ANEW

KEPT = 3
_PROGRAM = "autoencoding-beyond-pixels checkpoint"
_FORMAT = f"{_PROGRAM} 1"
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
    with folder.new_file(path) as file:
        np.savez(file, **arrays)
    for old in _in_order(folder.checkpoints)[:-KEPT]:
        old.unlink()
    return path


def latest(folder, advice=START_ANEW):
    """Path of the newest checkpoint of a run. Raises UsageError where there is none."""
    paths = _in_order(folder.checkpoints)
    if not paths:
        raise UsageError(f"{folder.path}: no checkpoint in this run: {advice}")
    return paths[-1]


def named(folder, name):
    """Path of the checkpoint of a run that `name` stands for: a name like epoch_0012, or a path."""
    name = str(name).removesuffix(".npz")
    for path in (folder.checkpoints / f"{name}.npz", Path(f"{name}.npz")):
        if path.is_file():
            return path
    there = ", ".join(path.stem for path in _in_order(folder.checkpoints)) or "none"
    raise UsageError(f"--checkpoint {name}: no such file, and {folder.checkpoints} has {there}")


def load(path, resuming=False):
    """The Checkpoint in a file. Raises UsageError where it is damaged or something else.

    resuming: whether training is to go on from it, which decides what the error advises.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}      # checks each array's CRC-32
        about = json.loads(str(arrays.pop("about")))
        if about["format"] != _FORMAT and about["format"].startswith(_PROGRAM):
            raise UsageError(f"{path}: written by another version of this program ({about['format']}): use "
                             "that version, or another checkpoint")
        if about["format"] != _FORMAT:
            raise ValueError(f"format {about['format']!r}")
        if arrays["z"].ndim != 2:
            raise ValueError(f"z has shape {arrays['z'].shape}")
        batches = {name: int(number) for name, number in about["batches"].items()}
        step, seconds = int(about["step"]), float(about["seconds"])
        return Checkpoint(step, seconds, _under("model/", arrays), batches, arrays["z"])
    except UsageError:
        raise
    except PermissionError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}): check its permissions") from error
    except _UNREADABLE as error:             # their own messages are about NumPy's pickles and the like
        older = [other for other in _in_order(path.parent) if other != path]
        if resuming:
            advice = f"delete it to go on from {older[-1].name}" if older else START_ANEW
        else:
            advice = f"add --checkpoint {older[-1].stem}" if older else "train the model again"
        raise UsageError(f"{path}: damaged, or no checkpoint of this program: {advice}") from error


def _under(prefix, arrays):
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _key(path):
    """(epoch, steps beyond it) in a checkpoint's name, or None."""
    found = re.fullmatch(r"epoch_(\d+)(?:_plus_(\d+))?\.npz", path.name)
    return found and (int(found[1]), int(found[2] or 0))


def _in_order(checkpoints):
    """Paths of the checkpoints in a folder, oldest first."""
    return sorted(filter(_key, checkpoints.glob("*.npz")), key=_key)
