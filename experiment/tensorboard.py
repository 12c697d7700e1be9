"""What TensorBoard reads: RUN/tensorboard, with the numbers of metrics.jsonl and the grids of pictures.

The file is made anew, from what lies in the run's folder, whenever a training begins or goes on: so no step
is in it twice, and a run that was begun without --tensorboard shows all of itself. It is written by the
training's own thread: the queue of tensorboardX's own writer would hold up a training for ever once its disk
is full.
"""
import time

from experiment.exit import UsageError

FOLDER = "tensorboard"
_KINDS = "samples", "reconstructions"


def check(settings):
    """Raises UsageError where --tensorboard cannot be done."""
    try:
        if settings.tensorboard:
            import tensorboardX  # noqa: F401
    except ImportError as error:
        raise UsageError(f"--tensorboard: needs the package tensorboardX ({error}): install it with "
                         "pip install tensorboardX crc32c, or leave the flag out") from error


class Events:
    """The file of a run in a RunFolder, which has done `step` steps in `seconds` of training.

    A point's time is that of the training: what passed between an interruption and its end is left out.
    """

    def __init__(self, folder, step, epoch_size, seconds):
        from tensorboardX.proto import event_pb2, summary_pb2
        from tensorboardX.record_writer import RecordWriter

        self._event, self._summary = event_pb2.Event, summary_pb2.Summary
        self._began = self._now = time.time() - seconds
        place = folder.path.absolute() / FOLDER
        place.mkdir(exist_ok=True)
        for old in place.glob("*.tfevents.*"):
            old.write_bytes(b"")         # not removed: a TensorBoard that is open would never look further
        self._writer = RecordWriter(str(place / f"events.out.tfevents.{time.time_ns()}"))
        self._write(file_version="brain.Event:2")
        start = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
        self._write(session_log=start)              # a TensorBoard that is open forgets the file before
        self._repeat(folder, step, epoch_size)

    def report(self, line):
        """Add a line of metrics.jsonl, and let it be read."""
        self._report(line)
        self._writer.flush()

    def picture(self, kind, step, png):
        """Add a picture, the bytes of a PNG file."""
        width, height = (int.from_bytes(png[at:at + 4], "big") for at in (16, 20))       # in its header
        image = self._summary.Image(height=height, width=width, colorspace=3, encoded_image_string=png)
        self._add(step, [self._summary.Value(tag=kind, image=image)])

    def close(self):
        self._writer.close()

    def _repeat(self, folder, step, epoch_size):
        """What came before; the pictures of an epoch that has just ended are about to be made again."""
        self._picture("test images", 0, folder.path / "originals.png")
        for line in folder.metrics():
            self._report(line)
            epoch, beyond = divmod(line["step"], epoch_size)
            if beyond == 0 and line["step"] < step:
                for kind in _KINDS:
                    self._picture(kind, line["step"], folder.path / kind / f"epoch_{epoch:04d}.png")
        self._writer.flush()

    def _report(self, line):
        self._now = self._began + line.get("seconds", 0)
        self._add(line["step"], [self._summary.Value(tag=name, simple_value=value)
                                 for name, value in line.items() if name != "step"])

    def _picture(self, kind, step, path):
        if path.exists():
            self.picture(kind, step, path.read_bytes())

    def _add(self, step, values):
        self._write(step=step, summary=self._summary(value=values))

    def _write(self, **what):
        self._writer.write(self._event(wall_time=self._now, **what).SerializeToString())
