"""A class-conditional GAN from coarse to fine, a Laplacian pyramid (Denton et al. 2015), on CIFAR-10.

    python examples/pyramid_gan.py                            quarter width, minutes on one core
    python examples/pyramid_gan.py --preset paper             full width
    python examples/pyramid_gan.py --data toyfaces            any data whose images have attributes

Side 8 by dense layers, then 16 and 32 (64, 128) by convolutions that add what the enlarged image lacks. The
paper's are of its kind, not its sizes: it has wider layers, dropout, and SGD.
"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))      # the checkout

from experiment import (      # first: from here on Ctrl-C ends in one line
    GATE, OURS, PAPER, AdversarialSettings, DecoderSettings, Settings, choice, generator, run_experiment,
    switch, whole)
from dataclasses import dataclass

import nets

COARSEST = 8


@dataclass(kw_only=True)
class Config(AdversarialSettings, DecoderSettings, Settings):
    image_size: int = choice("side of the images, pixels", (16, 32, 64, 128))
    hidden: int = whole("units in each of the coarsest level's two hidden layers, before --width",
                        at_most=65536)
    conditional: bool = switch("tell every network the class of each image", True)


PRESETS = {
    "quick": {
        OURS: dict(
            data="cifar10", image_size=32, width=0.25, z_size=100, hidden=1200, epochs=48, epoch_size=100,
            batch_size=16, cores=1, optimiser="adam", lr=4e-4, schedule="constant", weight_decay=0.0,
            batchnorm_momentum=0.9, real_weight=None, cost_eps=1e-3, gate=True, mismatched=False),
    },
    "paper": {
        PAPER: dict(data="cifar10", image_size=32, real_weight=None, cost_eps=0.0, gate=False),
        OURS: dict(width=1.0, z_size=100, hidden=1200, epochs=25, epoch_size=781, batch_size=64,
                   optimiser="adam", lr=2e-4, schedule="constant", weight_decay=0.0, batchnorm_momentum=0.9,
                   mismatched=False),
    },
}


def build(settings, device):
    """The nets.Model of these settings, on 'cpu' or 'cuda'."""
    rng, channels, width = generator(settings.seed, "weights"), settings.channels, settings.width
    options = dict(device=device, precision=settings.precision, momentum=settings.batchnorm_momentum,
                   attributes=len(settings.attribute_names))
    image, hidden = (COARSEST, COARSEST, channels), (max(4, round(settings.hidden * width)),) * 2
    decoder = nets.mlp(settings.z_size, hidden, image, rng, "relu", normalise=True, output="tanh", paths=2,
                       **options)
    discriminator = nets.mlp(image, hidden, 1, rng, "relu", **options)
    finer, side = {}, 2 * COARSEST
    while side <= settings.image_size:
        finer[side] = (nets.residual_decoder(rng, width, channels=channels, **options),
                       nets.residual_discriminator(side, rng, width, channels=channels, **options))
        side *= 2

    return nets.PyramidGAN(
        decoder, discriminator, finer, settings.z_size, real_weight=settings.real_weight,
        eps=settings.cost_eps, gate=GATE if settings.gate else None, non_saturating=settings.non_saturating,
        mismatched=settings.mismatched, apart=settings.apart, seed=settings.seed, learning_rate=settings.lr,
        optimiser=settings.optimiser, weight_decay=settings.weight_decay,
        graph=settings.graph and device == "cuda")


if __name__ == "__main__":
    run_experiment(Config, PRESETS, build, __file__)
