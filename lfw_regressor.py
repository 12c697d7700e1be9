"""The attribute regressor of section 4.3: it reads the attributes of faces, real ones and generated ones.

    python lfw_regressor.py                      toyfaces, minutes on a laptop
    python lfw_regressor.py --preset paper       Labeled Faces in the Wild, 64x64

A finished run is what python -m experiment similarity measures conditional models with.
"""
from experiment import (      # first: from here on Ctrl-C ends in one line
    OURS, PAPER, RELEASED, EncoderSettings, Settings, generator, run_experiment)
from dataclasses import dataclass

import nets


@dataclass(kw_only=True)
class Config(EncoderSettings, Settings):
    needs_attributes = True


# The paper says of it: almost the encoder's architecture. The released code has none: these are its numbers
# for VAE/GAN, where they apply.
PRESETS = {
    "quick": {
        OURS: dict(
            data="toyfaces", image_size=32, width=0.25, encoder_hidden=1024, epochs=10, epoch_size=100,
            batch_size=32, cores=1, optimiser="adam", lr=1e-3, schedule="released", weight_decay=0.0,
            batchnorm_momentum=0.9),
    },
    "cpu": {                                                                  # real faces in an hour
        OURS: dict(
            data="lfw", image_size=64, width=0.5, encoder_hidden=1024, epochs=10, epoch_size=250,
            batch_size=32, optimiser="adam", lr=1e-3, schedule="released", weight_decay=0.0,
            batchnorm_momentum=0.9),
    },
    "paper": {
        PAPER: dict(
            data="lfw", image_size=64, width=1.0, encoder_hidden=2048,                        # Table 1
            batch_size=64, optimiser="rmsprop", lr=3e-4, schedule="constant"),                # section 4
        OURS: dict(                                                           # what the paper leaves open
            epochs=20, epoch_size=250, weight_decay=2e-5, batchnorm_momentum=0.9),
    },
    "released": {
        RELEASED: dict(
            data="lfw", image_size=64, width=1.0, encoder_hidden=1024, epoch_size=250, batch_size=64,
            optimiser="rmsprop", lr=0.01 / 64, schedule="released", weight_decay=2e-5,
            batchnorm_momentum=0.9),
        OURS: dict(epochs=20),
    },
}


def build(settings, device):
    """The nets.Model of these settings, on 'cpu' or 'cuda'."""
    regressor = nets.regressor(
        settings.image_size, len(settings.attribute_names), generator(settings.seed, "weights"),
        settings.encoder_hidden, settings.width, settings.channels, device=device,
        precision=settings.precision, momentum=settings.batchnorm_momentum)

    return nets.Regressor(
        regressor, seed=settings.seed, learning_rate=settings.lr, optimiser=settings.optimiser,
        weight_decay=settings.weight_decay, graph=settings.graph and device == "cuda")


if __name__ == "__main__":
    run_experiment(Config, PRESETS, build, __file__)
