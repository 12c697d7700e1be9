"""What the scripts share: settings and flags, a run's folder, training, pictures, the page of a run."""
from experiment.errors import Diverged, Interrupted, UsageError
from experiment.finished import load_discriminator
from experiment.flags import read_settings
from experiment.script import open_device, open_images, run_script, train
from experiment.settings import (
    FEBRUARY, GATE, OURS, PAPER, RELEASED, AdversarialSettings, EncoderSettings, Settings, choice, number,
    switch, text, whole)
from experiment.training import generator
