"""The training loop: steps, reports, pictures, checkpoints; it saves the state when it is interrupted."""
import contextlib
import math
import time

import numpy as np

import gpuarray as ga
from dataset import Batches
from experiment import checkpoints, resume
from experiment.console import say
from experiment.display import Display
from experiment.exit import Diverged, Interrupted, UsageError
from experiment.processes import ONE
from experiment.progress import duration
from experiment.run_folder import RunFolder, begin
from experiment.settings import generator
from experiment.signals import Signals

PICTURES = 64          # samples, and test images to reconstruct, in a grid
_END_RATE = 1e-5       # [released code] learning rate times batch size at the end
_POWER = 0.75          # [released code]


def learning_rate(settings, step):
    """The learning rate of training step `step` (0, 1, ...).

    'released': start - (t/T)^0.75 (start - 1e-5 / batch size) in epoch t = 0, 1, ... of T, where start is
    `settings.lr` (the released code gives it times the batch size: .025 for 64).
    Over the first `warmup` steps the rate rises linearly.
    """
    rate = settings.lr
    if settings.schedule == "released":
        passed = step // settings.epoch_size / settings.epochs
        rate -= passed ** _POWER * (settings.lr - _END_RATE / settings.batch_size)
    if step < settings.warmup:
        rate *= (step + 1) / (settings.warmup + 1)
    return rate


def open_batches(settings, images, device, part=slice(None)):
    """The dataset.Batches of a run; part: of each batch, the images that this process trains on."""
    return Batches(images.train, settings.batch_size, images.size,
                   images.augmentation if settings.augment else None, generator(settings.seed, "batches"),
                   device, settings.needs_attributes, part)


class Training:
    """A run from its first step, or from its last checkpoint, to its end.

    model: a nets.Model. images: dataset.Images. device: 'cpu' or 'cuda', taken because of `why`.
    processes: those that train together, of which this is the first; experiment.follower is for the others.
    Raises UsageError or dataset.DataError before anything is written.
    """

    def __init__(self, settings, model, images, device, why, processes=ONE):
        self.settings, self.model, self.processes = settings, model, processes
        self.total_steps = settings.epochs * settings.epoch_size
        self.batches = open_batches(settings, images, device, processes.part)
        rng = generator(settings.seed, "pictures")
        self.z = rng.standard_normal((PICTURES, model.z_size), np.float32)
        shown = np.sort(rng.permutation(len(images.test))[:PICTURES])
        originals = images.test.pictures(shown)                       # (n, S, S, C)
        self.step, self.seconds = 0, 0.0
        if settings.resume:
            self.folder = RunFolder(settings.out)
            self._restore(images, device, why)
        else:
            self.folder = begin(settings, images, device, why)
        if images.skipped:
            self.folder.write("skipped.txt", "\n".join(images.skipped) + "\n")

        def attributes(rows):                                         # of test images: [] or [(n, A)]
            if not settings.needs_attributes:
                return []
            return [ga.to_device(images.test.attributes[rows], device)]

        self._sampled = ga.to_device(self.z, device), *attributes(np.resize(shown, PICTURES))
        self._shown = ga.to_device(originals, device), *attributes(shown)

    def run(self):
        """Train to the end. Raises Interrupted (after a signal; state saved), Diverged, UsageError."""
        self.display = Display(self.folder, self.settings, self.step, self.seconds)
        with (contextlib.closing(self.folder), contextlib.closing(self.batches),
              contextlib.closing(self.display), Signals() as signals):
            with self.display.beside("what is printed"):
                say(f"run: {self.folder.path}")
            self.processes.begin(self.model, self.batches, self.step)
            self._begin()
            while self.step < self.total_steps:
                self._train_step()
                epoch, beyond = divmod(self.step, self.settings.epoch_size)
                if beyond == 0 or self.step == 1 or self.step % self.settings.report_every == 0:
                    self._report()
                if beyond == 0:
                    self._end_epoch(epoch)
                stop = self.processes.agree(signals.received or self.display.beside.lost)
                if stop and self.step < self.total_steps:
                    self._stop(stop)
        with self.display.beside("what is printed"):
            say(f"done in {duration(self.seconds)}: open {self.folder.path / 'index.html'}")

    # -------------------------------------------------------------------------------------------- training

    def _train_step(self):
        rate = learning_rate(self.settings, self.step)
        if rate != self._rate:
            self.model.learning_rate = self._rate = rate
        self.model.step(*self.batches.next())
        self.step += 1
        self.display.step()

    def _start_interval(self):
        """Begin to count the time and steps of the next report; the device is idle now."""
        self._rate = None
        self._began, self._waited, self._from = time.perf_counter(), self.batches.waited, self.step

    def _report(self):
        """A line in metrics.jsonl and on the screen: means over the steps since the last one."""
        metrics = self.model.metrics()                                # waits for the device
        elapsed = time.perf_counter() - self._began
        self.seconds += elapsed
        for name, value in metrics.items():
            if not math.isfinite(value):
                raise Diverged(f"{name} is {value} at step {self.step}: {self._after_divergence()}")
        line = {"step": self.step, "epoch": (self.step - 1) // self.settings.epoch_size + 1,
                "seconds": round(self.seconds, 3),
                "images_per_s": (self.step - self._from) * self.settings.batch_size / elapsed,
                "waiting": (self.batches.waited - self._waited) / elapsed,
                "learning_rate": self._rate, **metrics}
        if self.step % self.settings.epoch_size == 0:
            line |= self.model.test_metrics(*self._shown)
        self.folder.add_metrics(line)
        self.display.report(line)
        self._start_interval()

    # ---------------------------------------------------------------------------------------- end of an epoch

    def _end_epoch(self, epoch):
        """The checkpoint first: nothing that is only shown may cost it."""
        every = self.settings.checkpoint_every, self.settings.keep_every or self.settings.epochs
        if epoch == self.settings.epochs or any(epoch % number == 0 for number in every):
            self._save()
        self._show(epoch)
        self._start_interval()

    def _show(self, epoch):
        self.display.epoch(epoch, {"samples": lambda: self.model.sample(*self._sampled),
                                   "reconstructions": lambda: self.model.reconstruct(*self._shown)})

    # -------------------------------------------------------------------------------------------- state

    def _begin(self):
        """What was to be shown before the first step, or was cut off after the last checkpoint."""
        originals = self.folder.path / "originals.png"
        if self.settings.data_changed or not originals.exists():
            self.display.grid("test images", originals.name, lambda: self._shown[0])
        epoch, beyond = divmod(self.step, self.settings.epoch_size)
        if epoch and not beyond:
            self._show(epoch)
        else:
            self.display.warn()
        self._start_interval()

    def _save(self):
        """Write a checkpoint, never of a state that is broken."""
        state, (unreported, totals) = self.model.state(), self.model.totals()
        for name, array in {**state, **totals}.items():
            if not np.isfinite(array).all():
                raise Diverged(f"{name} is no longer finite at step {self.step}: {self._after_divergence()}")
        checkpoint = checkpoints.Checkpoint(self.step, self.seconds, state, self.batches.state(), self.z,
                                            unreported, totals)
        return checkpoints.save(self.folder, checkpoint, self.settings.epoch_size, self.settings.keep_every)

    def _restore(self, images, device, why):
        with contextlib.ExitStack() as on_error:
            on_error.callback(self.folder.close)
            self.folder.lock()
            path, saved = resume.open_checkpoint(self.folder, self.settings, images, device, why)
            if saved is not None:
                self._take_back(path, saved, images)
            resume.begin_again(self.folder, self.settings, images, self.step, device, why)
            on_error.pop_all()
        say(f"going on from {path or 'the beginning'}, step {self.step:,} of {self.total_steps:,}")

    def _take_back(self, path, saved, images):
        """Everything as it was when a checkpoint was saved."""
        if saved.z.shape != self.z.shape:
            raise UsageError(f"{path}: belongs to a model with {saved.z.shape[-1]} latent dimensions, "
                             f"this one has {self.z.shape[-1]}: start a new run")
        stream = saved.batches
        if self.settings.data_changed:
            stream = stream | {"images": len(images.train)}
        try:
            self.model.restore(saved.model)
            self.model.restore_totals(saved.unreported, saved.totals)
            self.batches.restore(stream)
        except (ValueError, KeyError) as error:
            raise UsageError(f"{path}: does not fit this run ({error}): start a new run") from error
        self.step, self.seconds, self.z = saved.step, saved.seconds, saved.z

    def _stop(self, signal_number):
        """Save and leave, after a signal. The steps since the last report stay to be reported."""
        self.seconds += time.perf_counter() - self._began
        raise Interrupted(signal_number, f"interrupted at step {self.step:,}: state saved in {self._save()}: "
                                         f"go on with --out {self.folder.path} --resume")

    def _after_divergence(self):
        """What to do, for a message."""
        with contextlib.suppress(UsageError):
            (path, _), _ = checkpoints.newest_good(self.folder)
            if path is not None:
                return (f"the training diverged: the last good state is {path}: go on from it with --resume "
                        f"--lr {self.settings.lr / 2:.3g}, or start again")
        return "the training diverged: start again with a smaller --lr"
