"""The file that TensorBoard reads, read record by record."""
import builtins
import struct

import pytest

from experiment import tensorboard
from experiment.exit import Diverged, UsageError
from experiment.run_folder import RunFolder
from tests.experiment.fakes import FakeModel, settings
from tests.experiment.test_training import elsewhere, lines, train  # noqa: F401  (elsewhere: a fixture)

pytest.importorskip("tensorboardX")
KINDS = ("samples", 4), ("reconstructions", 4), ("samples", 8), ("reconstructions", 8), ("samples", 12), \
    ("reconstructions", 12)


def events(run="run"):
    """The events of the one file of a run that is not empty; checksums are right."""
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.record_writer import masked_crc32c

    contents = [path.read_bytes() for path in sorted((RunFolder(run).path / tensorboard.FOLDER).iterdir())]
    assert not any(contents[:-1])
    content, found = contents[-1], []
    while content:
        length, check = struct.unpack("<QI", content[:12])
        data, (last,) = content[12:12 + length], struct.unpack("<I", content[12 + length:16 + length])
        assert check == masked_crc32c(content[:8]) and last == masked_crc32c(data)
        found.append(Event.FromString(data))
        content = content[16 + length:]
    assert found[0].file_version == "brain.Event:2" and found[1].session_log.status == 1
    return found[2:]


def scalars(found):
    """A line of metrics.jsonl for each event with numbers."""
    return [{"step": event.step, **{value.tag: value.simple_value for value in event.summary.value}}
            for event in found if event.summary.value[0].WhichOneof("value") == "simple_value"]


def grids(found):
    """{(kind, step): the PNG file}; none is there twice."""
    pictures = [((value.tag, event.step), value.image) for event in found for value in event.summary.value
                if value.WhichOneof("value") == "image"]
    assert len(dict(pictures)) == len(pictures)
    assert all((image.width, image.height) == (78, 78) for _, image in pictures)
    return {key: image.encoded_image_string for key, image in pictures}


def same(found, run="run"):
    """Whether it has the numbers of metrics.jsonl and the pictures of the folder."""
    assert scalars(found) == [pytest.approx(line, rel=1e-6) for line in lines(run)]
    pictures = grids(found)
    for (kind, step), picture in pictures.items():
        name = "originals.png" if kind == "test images" else f"{kind}/epoch_{step // 4:04d}.png"
        assert picture == (RunFolder(run).path / name).read_bytes()
    return list(pictures)


def test_it_has_the_numbers_and_pictures_of_the_folder():
    train(tensorboard=True, report_every=2)
    assert same(events()) == [("test images", 0), *KINDS]


def test_without_the_flag_there_is_none(tmp_path):
    train()
    assert not (tmp_path / "run" / tensorboard.FOLDER).exists()


@pytest.mark.parametrize("begun_with_it", [True, False])
@pytest.mark.parametrize("break_at", [2, 5, 7])
def test_a_resumed_run_has_every_step_once(begun_with_it, break_at):
    with pytest.raises(Diverged):
        train(FakeModel(break_at=break_at), report_every=1, tensorboard=begun_with_it)
    train(resume=True, report_every=1, tensorboard=True)
    assert [line["step"] for line in scalars(events())] == list(range(1, 13))
    assert same(events()) == [("test images", 0), *KINDS]


def test_points_are_as_far_apart_as_the_training_took():
    train(tensorboard=True, epochs=1, report_every=1)
    train(tensorboard=True, resume=True, report_every=1)
    found = [event for event in events() if event.summary.value[0].tag == "epoch"]
    passed = [event.wall_time - found[0].wall_time for event in found]
    assert passed == pytest.approx([line["seconds"] - lines()[0]["seconds"] for line in lines()], abs=0.01)


def test_a_full_disk_ends_the_file_not_the_training(monkeypatch, capsys):
    from tensorboardX.record_writer import RecordWriter

    def fail(self):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(RecordWriter, "flush", fail)
        train(tensorboard=True)
    assert lines()[-1]["step"] == 12
    assert capsys.readouterr().out.count("warning: TensorBoard's file failed ([Errno 28] No space") == 1
    train(tensorboard=True, epochs=4, resume=True)
    assert len(same(events())) == 9                              # whole again


def test_a_file_where_its_folder_belongs_costs_only_it(tmp_path, capsys):
    train(epochs=1)
    (tmp_path / "run" / tensorboard.FOLDER).write_text("in the way")
    train(tensorboard=True, resume=True)
    assert lines()[-1]["step"] == 12 and capsys.readouterr().out.count("TensorBoard's file failed") == 1


def test_without_the_package_it_is_refused(monkeypatch):
    real = builtins.__import__

    def import_(name, *arguments, **options):
        if name.startswith("tensorboardX"):
            raise ImportError(f"No module named {name!r}")
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", import_)
    tensorboard.check(settings())
    with pytest.raises(UsageError, match="--tensorboard: needs the package tensorboardX .*: install it"):
        tensorboard.check(settings(tensorboard=True))
