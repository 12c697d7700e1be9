"""What a run shows while it trains: lines on the screen, pictures, warnings, its page, TensorBoard's file.

All of it is beside the training, and none of it may end it.
"""
import json

import gpuarray as ga
from experiment import health, pictures, report
from experiment.beside import Beside
from experiment.progress import Progress

_EVENTS = "TensorBoard's file"


class Display:
    """Of a Training in a RunFolder that has done `step` steps in `seconds`. `beside` is its Beside."""

    def __init__(self, folder, settings, step, seconds):
        self.folder, self._epochs, self._epoch_size = folder, settings.epochs, settings.epoch_size
        self._step, self._warnings, self._page = step, {}, report.Page(folder)
        self._progress = Progress(settings.epochs * settings.epoch_size, step, settings.epochs)
        self.beside = Beside(self._progress.say)
        self._events = None
        if settings.tensorboard:
            from experiment.tensorboard import Events      # here: it needs a package that not all have

            with self.beside(_EVENTS):
                self._events = Events(folder, step, settings.epoch_size, seconds)

    def step(self):
        """One more step is done."""
        self._step += 1
        self._progress.step()

    def report(self, line):
        """Show a line of metrics.jsonl."""
        with self.beside("what is printed"):
            self._progress.report(line)
        self._record(lambda events: events.report(line))
        with self.beside("the page"):
            self._page.update()

    def epoch(self, epoch, grids):
        """Show what an epoch ends with; grids: {kind: function that gives images (n, S, S, C), or None}."""
        for kind, images in grids.items():
            self.grid(kind, f"{kind}/epoch_{epoch:04d}.png", images)
        if epoch == self._epochs:
            with self.beside("the plot of the curves"):        # it takes a second
                self.folder.write("curves.png", pictures.curves(self.folder.metrics()))
        self.warn()
        with self.beside("the page"):
            self._page.update(at_once=True)

    def grid(self, what, name, images):
        """A picture, for people who look into the folder too. images: as for `epoch`."""
        with self.beside(f"the picture of {what}"):
            made = images()
            if made is None:                    # a GAN has no encoder, a regressor makes no pictures
                return
            picture = pictures.png(pictures.grid(ga.to_host(made)))
            self.folder.write(name, picture)
            self._record(lambda events: events.picture(what, self._step, picture))

    def warn(self):
        """Tell what health finds, each kind once, on the screen and for the page."""
        with self.beside("the search for signs of trouble"):
            found = {kind: line for kind, line in health.warnings(self.folder) if kind not in self._warnings}
            for kind, line in found.items():
                self._warnings[kind] = {"message": line, "step": self._step}
                self._progress.say(f"warning: {line}")
            if found:
                self.folder.write("health.json", json.dumps(list(self._warnings.values())))

    def close(self):
        """Show the last reports, however the training ended."""
        with self.beside("the page"):
            report.write(self.folder)
        self._record(lambda events: events.close())
        self._progress.close()

    def _record(self, add):
        with self.beside(_EVENTS):
            if self._events:
                events, self._events = self._events, None      # for good, where this fails: no reader gets
                add(events)                                    # past a record that was cut short
                self._events = events
