"""The training loop: steps, reports, pictures, checkpoints; it saves the state when it is interrupted."""
import contextlib
import math
import os
import signal
import sys
import threading
import time

import numpy as np

import gpuarray as ga
from dataset import Batches
from experiment import checkpoints, pictures, report
from experiment.attributes import noted_names
from experiment.exit import Diverged, Interrupted, UsageError
from experiment.progress import Progress, duration
from experiment.run_folder import RunFolder, add_resume, describe
from experiment.settings import generator

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


class Training:
    """A run from its first step, or from its last checkpoint, to its end.

    model: a nets.Model. images: dataset.Images. device: 'cpu' or 'cuda', taken because of `why`.
    Raises UsageError or dataset.DataError before anything is written.
    """

    def __init__(self, settings, model, images, device, why):
        self.settings, self.model = settings, model
        self.folder = RunFolder(settings.out)
        self.total_steps = settings.epochs * settings.epoch_size
        self.batches = Batches(images.train, settings.batch_size, images.size,
                               images.augmentation if settings.augment else None,
                               generator(settings.seed, "batches"), device, settings.needs_attributes)
        rng = generator(settings.seed, "pictures")
        self.z = rng.standard_normal((PICTURES, model.z_size), np.float32)
        shown = np.sort(rng.permutation(len(images.test))[:PICTURES])
        originals = images.test.pictures(shown)                       # (n, S, S, 3)
        self.step, self.seconds = 0, 0.0
        if settings.resume:
            self._restore(images, device, why)
        else:
            self.folder.create(describe(settings, images, device, why))
            if images.skipped:
                self.folder.write("skipped.txt", "\n".join(images.skipped) + "\n")
            self.folder.write("originals.png", pictures.png(pictures.grid(originals)))

        def attributes(rows):                                         # of test images: [] or [(n, A)]
            if not settings.needs_attributes:
                return []
            return [ga.to_device(images.test.attributes[rows], device)]

        self._sampled = ga.to_device(self.z, device), *attributes(np.resize(shown, PICTURES))
        self._shown = ga.to_device(originals, device), *attributes(shown)

    def run(self):
        """Train to the end. Raises Interrupted (after SIGINT, SIGTERM; state saved), Diverged, UsageError."""
        self.progress = Progress(self.total_steps, self.step, self.settings.epochs)
        self._first = self.step + 1
        with contextlib.closing(self.batches), contextlib.closing(self.progress), _Signals() as signals:
            self._start_interval()
            while self.step < self.total_steps:
                self._train_step()
                epoch, beyond = divmod(self.step, self.settings.epoch_size)
                if beyond == 0 or self.step == self._first or self.step % self.settings.report_every == 0:
                    self._report()
                if beyond == 0:
                    self._end_epoch(epoch)
                if signals.received and self.step < self.total_steps:
                    self._stop(signals.received)
        print(f"done in {duration(self.seconds)}: open {self.folder.path / 'index.html'}", flush=True)

    # -------------------------------------------------------------------------------------------- training

    def _train_step(self):
        rate = learning_rate(self.settings, self.step)
        if rate != self._rate:
            self.model.learning_rate = self._rate = rate
        self.model.step(*self.batches.next())
        self.step += 1
        self.progress.step()

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
        self.progress.report(line)
        report.refresh(self.folder)
        self._start_interval()

    # ---------------------------------------------------------------------------------------- end of an epoch

    def _end_epoch(self, epoch):
        for kind, images in (("samples", self.model.sample(*self._sampled)),
                             ("reconstructions", self.model.reconstruct(*self._shown))):
            if images is not None:                # a GAN has no encoder, a regressor makes no pictures
                grid = pictures.grid(ga.to_host(images))
                self.folder.write(f"{kind}/epoch_{epoch:04d}.png", pictures.png(grid))
        self.folder.write("curves.png", pictures.curves(self.folder.metrics()))
        if epoch % self.settings.checkpoint_every == 0 or epoch == self.settings.epochs:
            self._save()
        report.write(self.folder)
        self._start_interval()

    # -------------------------------------------------------------------------------------------- state

    def _save(self):
        """Write a checkpoint, never of a state that is broken."""
        state = self.model.state()
        for name, array in state.items():
            if not np.isfinite(array).all():
                raise Diverged(f"{name} is no longer finite at step {self.step}: {self._after_divergence()}")
        checkpoint = checkpoints.Checkpoint(self.step, self.seconds, state, self.batches.state(), self.z)
        return checkpoints.save(self.folder, checkpoint, self.settings.epoch_size)

    def _restore(self, images, device, why):
        path = checkpoints.latest(self.folder)
        saved = checkpoints.load(path, resuming=True)
        if saved.step >= self.total_steps:
            raise UsageError(f"--resume: the run in {self.folder.path} has done its {self.settings.epochs} "
                             "epochs: give more with --epochs")
        if saved.z.shape != self.z.shape:
            raise UsageError(f"{path}: belongs to a model with {saved.z.shape[-1]} latent dimensions, "
                             f"this one has {self.z.shape[-1]}: start a new run")
        try:
            self.model.restore(saved.model)
            self.batches.restore(saved.batches)
        except (ValueError, KeyError) as error:
            raise UsageError(f"{path}: does not fit this run ({error}): start a new run") from error
        self.step, self.seconds, self.z = saved.step, saved.seconds, saved.z
        config = self.folder.config()
        names = self.settings.attribute_names
        if names and noted_names(config, self.folder.path / "config.json") != names:
            raise UsageError(f"--data {self.settings.data}: has other attributes than the run in "
                             f"{self.folder.path} is told: go on with its own data")
        self.folder.rewind_metrics(self.step)
        config = add_resume(config, self.settings, images, self.step, device, why)
        self.folder.write_config(config)
        print(f"going on from {path}, step {self.step:,} of {self.total_steps:,}", flush=True)

    def _stop(self, signal_number):
        """Save and leave, after a signal."""
        if self._from != self.step:
            self._report()
        raise Interrupted(signal_number, f"interrupted at step {self.step:,}: state saved in {self._save()}: "
                                         f"go on with --out {self.folder.path} --resume")

    def _after_divergence(self):
        """What to do, for a message."""
        try:
            path = checkpoints.latest(self.folder)
        except UsageError:
            return "the training diverged: start again with a smaller --lr"
        return (f"the training diverged: the last good state is {path}: go on from it with "
                f"--resume --lr {self.settings.lr / 2:.3g}, or start again")


class _Signals:
    """While open, SIGINT and SIGTERM are noted in `received`, so that a step can end; a second one ends the
    process."""

    _HANDLED = signal.SIGINT, signal.SIGTERM

    def __enter__(self):
        self.received, self._before = None, {}
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in self._HANDLED}
        return self

    def __exit__(self, *exception):
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number, frame):
        if self.received:               # not raised: inside a __del__ Python would drop it, and train on
            print("interrupted twice: what was done since the last checkpoint is lost", file=sys.stderr,
                  flush=True)
            os._exit(128 + number)
        self.received = number
