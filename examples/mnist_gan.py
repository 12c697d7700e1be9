"""A GAN of dense layers on MNIST or Fashion-MNIST: the released code's mnist_gan.

    python examples/mnist_gan.py                              Fashion-MNIST, minutes on one core
    python examples/mnist_gan.py --preset released            the released code's numbers, on MNIST
    python examples/mnist_gan.py --data FOLDER                IDX files, or any pictures
    python examples/mnist_gan.py --conditional                both networks are told the class

The released code has pixels in [0, 1] and a sigmoid; here they are in [-1, 1]: the sigmoid of a becomes
tanh(a / 2), which a tanh learns as well.
"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))      # the checkout

from experiment import (      # first: from here on Ctrl-C ends in one line
    OURS, RELEASED, AdversarialSettings, DecoderSettings, DenseSettings, generator, run_experiment)
from dataclasses import dataclass

import nets

GATE = 0.68, 0.3               # equilibrium and margin of the released code's mnist_gan


@dataclass(kw_only=True)
class Config(AdversarialSettings, DecoderSettings, DenseSettings):
    pass


PRESETS = {
    "quick": {
        OURS: dict(
            data="fashion_mnist", image_size=28, width=0.5, hidden=1024, z_size=64,
            epochs=20, epoch_size=500, batch_size=64, cores=1, lr=0.02 / 64, schedule="released",
            weight_decay=0.0, batchnorm_momentum=0.9, real_weight=0.75, cost_eps=1e-3, gate=True,
            mismatched=True),
    },
    "released": {
        RELEASED: dict(
            data="mnist", image_size=28, width=1.0, hidden=1024, z_size=128,
            epochs=150, epoch_size=250, batch_size=64, optimiser="rmsprop", lr=0.04 / 64, schedule="released",
            weight_decay=0.0, batchnorm_momentum=0.9, real_weight=0.75, cost_eps=1e-3, gate=True,
            mismatched=False),
    },
}


def build(settings, device):
    """The nets.Model of these settings, on 'cpu' or 'cuda'."""
    rng, image = generator(settings.seed, "weights"), (settings.image_size,) * 2 + (settings.channels,)
    options = dict(normalise=True, activation="relu", device=device, precision=settings.precision,
                   momentum=settings.batchnorm_momentum,
                   attributes=len(settings.attribute_names))            # 0 unless --conditional
    decoder = nets.mlp(settings.z_size, settings.hidden_layers, image, rng, output="tanh", paths=2, **options)
    discriminator = nets.mlp(image, settings.hidden_layers, 1, rng, **options)

    return nets.GAN(
        decoder, discriminator, settings.z_size, real_weight=settings.real_weight, eps=settings.cost_eps,
        gate=GATE if settings.gate else None, non_saturating=settings.non_saturating,
        mismatched=settings.mismatched, apart=settings.apart, seed=settings.seed, learning_rate=settings.lr,
        optimiser=settings.optimiser, weight_decay=settings.weight_decay,
        graph=settings.graph and device == "cuda")


if __name__ == "__main__":
    run_experiment(Config, PRESETS, build, __file__)
