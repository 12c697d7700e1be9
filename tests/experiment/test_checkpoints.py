import json
import struct
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from experiment import checkpoints
from experiment.checkpoints import Checkpoint
from experiment.exit import UsageError
from experiment.run_folder import RunFolder


@pytest.fixture
def folder(tmp_path):
    return RunFolder(tmp_path / "run")


def make(step=8):
    rng = np.random.default_rng(step)
    model = {"noise_counter": np.array([2**63 + 5], np.uint64),
             "encoder/parameters": rng.standard_normal(100).astype(np.float32),
             "odd": np.array([np.inf, -0.0, 1e-45], np.float32)}
    return Checkpoint(step, 12.5, model, {"key": 2**61 + 1, "consumed": step}, rng.standard_normal((3, 5)))


def test_everything_comes_back_bit_for_bit(folder):
    saved = make()
    loaded = checkpoints.load(checkpoints.save(folder, saved, epoch_size=4))
    assert (loaded.step, loaded.seconds, loaded.batches) == (8, 12.5, saved.batches)
    assert loaded.z.tobytes() == saved.z.tobytes()
    assert loaded.model.keys() == saved.model.keys()
    for name, array in saved.model.items():
        again = loaded.model[name]
        assert (again.dtype, again.tobytes()) == (array.dtype, array.tobytes()), name


def test_names_tell_the_epoch_and_the_last_three_are_kept(folder):
    for step in (4, 8, 9, 12, 40):
        path = checkpoints.save(folder, make(step), epoch_size=4)
    names = sorted(path.name for path in folder.checkpoints.iterdir())
    assert names == ["epoch_0002_plus_00001.npz", "epoch_0003.npz", "epoch_0010.npz"]
    assert checkpoints.latest(folder) == path == folder.checkpoints / "epoch_0010.npz"


def test_steps_beyond_an_epoch_are_newer_than_its_end(folder):
    for step in (18, 10, 8, 19, 9):
        checkpoints.save(folder, make(step), epoch_size=8)
    assert [path.name for path in sorted(folder.checkpoints.iterdir())] == [
        "epoch_0001_plus_00002.npz", "epoch_0002_plus_00002.npz", "epoch_0002_plus_00003.npz"]
    assert checkpoints.latest(folder).name == "epoch_0002_plus_00003.npz"


def test_every_kth_epoch_is_kept_for_good(folder):
    for step in (4, 8, 9, 12, 16, 20, 24):
        checkpoints.save(folder, make(step), epoch_size=4, keep_every=2)
    assert sorted(path.name for path in folder.checkpoints.iterdir()) == [
        "epoch_0002.npz", "epoch_0004.npz", "epoch_0005.npz", "epoch_0006.npz"]


def test_what_was_not_reported_yet_comes_back(folder):
    saved = replace(make(), unreported=3, totals={"kl": np.array([1.5], np.float32)})
    loaded = checkpoints.load(checkpoints.save(folder, saved, epoch_size=4))
    assert loaded.unreported == 3 and loaded.totals["kl"].tobytes() == saved.totals["kl"].tobytes()


def test_no_checkpoint_is_an_error(folder):
    with pytest.raises(UsageError, match="no checkpoint in this run: train it for longer"):
        checkpoints.latest(folder)


def test_objects_are_never_pickled(folder):
    checkpoint = make()
    checkpoint.model["bad"] = np.array([{}])
    with pytest.raises(TypeError, match="model/bad"):
        checkpoints.save(folder, checkpoint, epoch_size=4)
    assert not folder.checkpoints.exists()


def cut(path):
    path.write_bytes(path.read_bytes()[:-200])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def empty(path):
    path.write_bytes(b"")


def pickled(path):
    np.save(path.with_suffix(".npy"), np.array([{}]))
    path.with_suffix(".npy").rename(path)


def foreign(path):
    np.savez(path, weights=np.zeros(3))


def pickled_inside(path):
    np.savez(path, about=np.array([{}]))


def array(path):
    with open(path, "wb") as file:
        np.save(file, np.zeros(3))


Z, NO_BATCHES = np.zeros((3, 5)), {}


def with_content(z=Z, batches=NO_BATCHES, step=8, **more):
    def spoil(path):
        about = {"format": checkpoints._FORMAT, "step": step, "seconds": 1.0, "batches": batches}
        np.savez(path, about=np.array(json.dumps(about)), z=z, **more)

    return spoil


def with_header(header):
    """Spoils a member: another header of its .npy, which Python's own parser reads."""
    def spoil(path):
        with_content()(path)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("model/x.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)

    return spoil


def deep_json(path):
    np.savez(path, about=np.array("[" * 100_000), z=Z)


def compressed(path):
    np.savez_compressed(path, about=np.array(json.dumps({"format": checkpoints._FORMAT})), z=Z)


DAMAGED_HEADERS = [b"{'descr': '<f4', 'shape': (2,", b"{'descr': '<f4'\x00", b"(" * 9000 + b")" * 9000,
                   b"{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999999,)}",
                   b"{'descr': '|O', 'fortran_order': False, 'shape': (0,)}", b"[" * 60_000]


def text(path):
    path.write_text("no checkpoint")


def text_inside(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("about.npy", "hello")


@pytest.mark.parametrize("spoil", [
    cut, flip, empty, pickled, array, text, foreign, pickled_inside, text_inside,
    with_content(z=np.float32(1)), with_content(batches=None), with_content(batches={"key": None}),
    with_content(step=float("inf")), with_content(**{"totals/kl": np.zeros(3)}), deep_json, compressed,
    *map(with_header, DAMAGED_HEADERS)])
def test_a_spoiled_checkpoint_is_an_error_that_names_the_one_before(folder, spoil):
    checkpoints.save(folder, make(4), epoch_size=4)
    path = checkpoints.save(folder, make(8), epoch_size=4)
    with_content()(path)
    checkpoints.load(path)                  # only what is spoiled makes the difference
    spoil(path)
    damaged = r"epoch_0002.npz: damaged, or no checkpoint of this program: "
    with pytest.raises(checkpoints.Damaged, match=damaged + "add --checkpoint epoch_0001") as caught:
        checkpoints.load(path)
    assert "\n" not in str(caught.value)


def test_the_only_checkpoint_spoiled(folder):
    path = checkpoints.save(folder, make(4), epoch_size=4)
    cut(path)
    with pytest.raises(UsageError, match="train the model again"):
        checkpoints.load(path)


def test_a_checkpoint_of_another_version_is_told_as_such(folder):
    path = checkpoints.save(folder, make(4), epoch_size=4)
    about = {"format": "autoencoding-beyond-pixels checkpoint 0"}
    np.savez(path, about=np.array(json.dumps(about)), z=np.zeros(1))
    for read in (lambda: checkpoints.load(path), lambda: checkpoints.newest_good(folder)):
        with pytest.raises(UsageError, match="written by another version .* checkpoint 0.: use that version"):
            read()


def spoil_with_nan(path):
    checkpoint = checkpoints.load(path)
    checkpoint.model["odd"] = np.array([np.nan])
    checkpoints.save(RunFolder(path.parent.parent), checkpoint, epoch_size=4)


@pytest.mark.parametrize("spoil", [cut, flip, empty, spoil_with_nan])
def test_the_newest_good_one_is_found(folder, spoil):
    assert checkpoints.newest_good(folder) == ((None, None), [])
    for step in (4, 8, 12):
        checkpoint = make(step)
        del checkpoint.model["odd"]
        last = checkpoints.save(folder, checkpoint, epoch_size=4)
    spoil(last)
    (path, saved), spoiled = checkpoints.newest_good(folder)
    assert (path.name, saved.step, spoiled) == ("epoch_0002.npz", 8, [last])
    for path in set(folder.checkpoints.iterdir()) - {last}:
        spoil(path)
    with pytest.raises(UsageError, match="every checkpoint is damaged, .* delete them all to begin"):
        checkpoints.newest_good(folder)


def test_a_lack_of_memory_is_no_damage(folder, monkeypatch):
    path = checkpoints.save(folder, make(), epoch_size=4)

    def lack(*arguments):
        raise MemoryError

    monkeypatch.setattr(np, "frombuffer", lack)
    with pytest.raises(MemoryError):
        checkpoints.load(path)
