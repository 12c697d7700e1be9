import json
import zipfile

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


def test_no_checkpoint_is_an_error(folder):
    with pytest.raises(UsageError, match="no checkpoint in this run: start anew with another --out, or "):
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


def with_content(z=Z, batches=NO_BATCHES):
    def spoil(path):
        about = {"format": checkpoints._FORMAT, "step": 8, "seconds": 1.0, "batches": batches}
        np.savez(path, about=np.array(json.dumps(about)), z=z)

    return spoil


def text(path):
    path.write_text("no checkpoint")


def text_inside(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("about.npy", "hello")


@pytest.mark.parametrize("spoil", [
    cut, flip, empty, pickled, array, text, foreign, pickled_inside, text_inside,
    with_content(z=np.float32(1)), with_content(batches=None), with_content(batches={"key": None})])
def test_a_spoiled_checkpoint_is_an_error_that_names_the_one_before(folder, spoil):
    checkpoints.save(folder, make(4), epoch_size=4)
    path = checkpoints.save(folder, make(8), epoch_size=4)
    with_content()(path)
    checkpoints.load(path)                  # only what is spoiled makes the difference
    spoil(path)
    damaged = r"epoch_0002.npz: damaged, or no checkpoint of this program: "
    for resuming, advice in ((True, "delete it to go on from epoch_0001.npz"),
                             (False, "add --checkpoint epoch_0001")):
        with pytest.raises(UsageError, match=damaged + advice) as caught:
            checkpoints.load(path, resuming)
        assert "\n" not in str(caught.value)


def test_the_only_checkpoint_spoiled(folder):
    path = checkpoints.save(folder, make(4), epoch_size=4)
    cut(path)
    for resuming, advice in ((True, "start anew with another --out"), (False, "train the model again")):
        with pytest.raises(UsageError, match=advice):
            checkpoints.load(path, resuming)


def test_a_checkpoint_of_another_version_is_told_as_such(folder):
    path = checkpoints.save(folder, make(4), epoch_size=4)
    about = {"format": "autoencoding-beyond-pixels checkpoint 0"}
    np.savez(path, about=np.array(json.dumps(about)), z=np.zeros(1))
    with pytest.raises(UsageError, match="written by another version .* checkpoint 0.: use that version"):
        checkpoints.load(path)
