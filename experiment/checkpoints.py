"""Checkpoints: all that a run needs to go on bit for bit, as an .npz of plain arrays."""
import contextlib
import json
import math
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from experiment.exit import UsageError
from experiment.reading import reading

KEPT = 3
_PROGRAM = "autoencoding-beyond-pixels checkpoint"
_FORMAT = f"{_PROGRAM} 1"


class Damaged(UsageError):
    """A checkpoint that is not whole, or none."""


@dataclass
class Checkpoint:
    """step: training steps done. seconds: spent on them. model, batches: the state() of these, {name: array}
    and {name: whole number}. z: (n, Z) of the pictures of samples. unreported: steps since the last report;
    totals: sums of their metrics, {name: (1,)}."""
    step: int
    seconds: float
    model: dict
    batches: dict
    z: np.ndarray
    unreported: int = 0
    totals: dict = field(default_factory=dict)


def save(folder, checkpoint, epoch_size, keep_every=None):
    """Write checkpoints/epoch_0003.npz (or epoch_0003_plus_00017.npz, 17 steps into epoch 4).

    Of the older ones the last two are kept, and those of every `keep_every`-th epoch. Returns its path.
    Raises UsageError, and leaves nothing, where it cannot be written.
    """
    epoch, extra = divmod(checkpoint.step, epoch_size)
    path = folder.checkpoints / f"epoch_{epoch:04d}{f'_plus_{extra:05d}' if extra else ''}.npz"
    about = {"format": _FORMAT, "step": checkpoint.step, "seconds": checkpoint.seconds,
             "batches": checkpoint.batches, "unreported": checkpoint.unreported}
    arrays = {"about": np.array(json.dumps(about)), "z": checkpoint.z,
              **{f"model/{name}": array for name, array in checkpoint.model.items()},
              **{f"totals/{name}": array for name, array in checkpoint.totals.items()}}
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise TypeError(f"checkpoint array {name} has objects in it, which only pickle could save")
    with folder.new_file(path) as file:
        np.savez(file, **arrays)
    for old in _in_order(folder.checkpoints)[:-KEPT]:
        (epoch, extra) = _key(old)
        if extra or not keep_every or epoch % keep_every:
            with contextlib.suppress(OSError):          # a file that cannot be deleted is no reason to stop
                old.unlink()
    return path


def latest(folder):
    """Path of the newest checkpoint of a run. Raises UsageError where there is none."""
    paths = _in_order(folder.checkpoints)
    if not paths:
        raise UsageError(f"{folder.path}: no checkpoint in this run: train it for longer")
    return paths[-1]


def named(folder, name):
    """Path of the checkpoint of a run that `name` stands for: a name like epoch_0012, or a path."""
    name = str(name).removesuffix(".npz")
    for path in (folder.checkpoints / f"{name}.npz", Path(f"{name}.npz")):
        if path.is_file():
            return path
    there = ", ".join(path.stem for path in _in_order(folder.checkpoints)) or "none"
    raise UsageError(f"--checkpoint {name}: no such file, and {folder.checkpoints} has {there}")


def newest_good(folder):
    """(path, Checkpoint) of the newest checkpoint that is whole and finite, and the paths of newer ones.

    ((None, None), []) before the first checkpoint. Raises UsageError where none of them is good.
    """
    spoiled = []
    for path in reversed(_in_order(folder.checkpoints)):
        try:
            checkpoint = load(path)
        except Damaged:
            spoiled.append(path)
            continue
        if all_finite(checkpoint.model) and all_finite(checkpoint.totals):
            return (path, checkpoint), spoiled
        spoiled.append(path)
    if spoiled:
        raise UsageError(f"{folder.checkpoints}: every checkpoint is damaged, or holds numbers that are not "
                         "finite: delete them all to begin at step 0, or start anew with another --out")
    return (None, None), []


def all_finite(arrays):
    """Whether all numbers in a {name: array} are finite."""
    return all(np.isfinite(array).all() for array in arrays.values())


def load(path):
    """The Checkpoint in a file. Raises Damaged; UsageError where it cannot be read or is too old."""
    older = [other for other in _in_order(Path(path).parent) if other != Path(path)]
    advice = f"add --checkpoint {older[-1].stem}" if older else "train the model again"
    with reading(path, f"damaged, or no checkpoint of this program: {advice}", Damaged):
        arrays = _arrays(path)
        about = json.loads(str(arrays.pop("about")))
        if about["format"] != _FORMAT and about["format"].startswith(_PROGRAM):
            raise UsageError(f"{path}: written by another version of this program ({about['format']:.80}): "
                             "use that version, or another checkpoint")
        if about["format"] != _FORMAT:
            raise ValueError(f"format {about['format']!r}")
        if arrays["z"].ndim != 2:
            raise ValueError(f"z has shape {arrays['z'].shape}")
        totals = _under("totals/", arrays)
        if any(total.shape != (1,) or total.dtype.kind != "f" for total in totals.values()):
            raise ValueError("totals are not numbers")
        batches = {name: int(number) for name, number in about["batches"].items()}
        return Checkpoint(int(about["step"]), float(about["seconds"]), _under("model/", arrays), batches,
                          arrays["z"], int(about.get("unreported", 0)), totals)


def _arrays(path):
    """{name: array} of an .npz, of which each member must be as large as its header says."""
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            with archive.open(member) as file:
                shape, fortran, dtype = _header(file)
                if (member.compress_type != zipfile.ZIP_STORED or fortran or dtype.hasobject
                        or file.tell() + math.prod(shape) * dtype.itemsize != member.file_size):
                    raise ValueError(f"{member.filename}: not {shape} of {dtype}")
                content = file.read()                          # checks its CRC-32
            arrays[member.filename.removesuffix(".npy")] = np.frombuffer(content, dtype).reshape(shape)
    return arrays


def _header(file):
    """(shape, whether in Fortran's order, dtype) from the beginning of an .npy."""
    try:
        np.lib.format.read_magic(file)
        return np.lib.format.read_array_header_1_0(file)
    except MemoryError as error:             # of Python's parser, about nonsense: no lack of memory
        raise ValueError("no header") from error


def _under(prefix, arrays):
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _key(path):
    """(epoch, steps beyond it) in a checkpoint's name, or None."""
    found = re.fullmatch(r"epoch_(\d+)(?:_plus_(\d+))?\.npz", path.name)
    return found and (int(found[1]), int(found[2] or 0))


def _in_order(checkpoints):
    """Paths of the checkpoints in a folder, oldest first."""
    return sorted(filter(_key, checkpoints.glob("*.npz")), key=_key)
