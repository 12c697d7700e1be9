"""What the scripts share: settings, flags, training; and load_run, which opens a finished run again."""
from experiment.exit import Diverged, Interrupted, UsageError, guard_start

guard_start()         # first: importing the rest takes a moment, in which Ctrl-C would end in a traceback

from experiment.model_settings import (
    GATE, AdversarialSettings, DecoderSettings, DenseSettings, EncoderSettings, PosteriorSettings)
from experiment.reopen import load_discriminator, load_run
from experiment.run import run_experiment
from experiment.settings import (
    FEBRUARY, OURS, PAPER, RELEASED, Settings, changed, choice, generator, number, path, switch, whole)
