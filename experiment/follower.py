"""A training as the processes beside the first take part in it."""
import contextlib

import gpuarray as ga
from experiment.signals import Signals
from experiment.training import learning_rate, open_batches


class Follower:
    """The steps of experiment.training.Training, without its reports, pictures and checkpoints."""

    def __init__(self, settings, model, images, device, processes):
        self.settings, self.model, self.processes = settings, model, processes
        self.batches = open_batches(settings, images, device, processes.part)

    def run(self):
        """Train to the end. Raises ProcessError where the first process saves the state and ends all."""
        with contextlib.closing(self.batches), Signals() as signals:
            step = self.processes.begin(self.model, self.batches, 0)
            while step < self.settings.epochs * self.settings.epoch_size:
                self.model.learning_rate = learning_rate(self.settings, step)
                self.model.step(*self.batches.next())
                step += 1
                stop = self.processes.agree(signals.received)
                if stop and step < self.settings.epochs * self.settings.epoch_size:
                    raise ga.ProcessError("the first process ends the training")
