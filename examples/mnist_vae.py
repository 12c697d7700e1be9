"""A VAE of dense layers on MNIST or Fashion-MNIST: the released code's mnist_ae.

    python examples/mnist_vae.py                              Fashion-MNIST, minutes on one core
    python examples/mnist_vae.py --preset released            the released code's numbers, on MNIST
    python examples/mnist_vae.py --data FOLDER                IDX files, or any pictures
    python examples/mnist_vae.py --conditional                encoder and decoder are told the class

The released code has pixels in [0, 1], a sigmoid, and a Gaussian of sigma 1. Here pixels are in [-1, 1]: the
sigmoid of a becomes tanh(a / 2), which a tanh learns as well, and the Gaussian has sigma 2.
"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))      # the checkout

from experiment import (      # first: from here on Ctrl-C ends in one line
    OURS, RELEASED, DecoderSettings, DenseSettings, PosteriorSettings, generator, number, run_experiment)
from dataclasses import dataclass

import nets


@dataclass(kw_only=True)
class Config(PosteriorSettings, DecoderSettings, DenseSettings):
    sigma: float = number("standard deviation of pixels, in [-1, 1], around their reconstruction", above=0)


PRESETS = {
    "quick": {
        OURS: dict(
            data="fashion_mnist", image_size=28, width=0.5, hidden=1024, z_size=64, sigma=0.5,
            epochs=10, epoch_size=600, batch_size=100, cores=1, optimiser="adam", lr=1e-3,
            schedule="released", weight_decay=0.0, batchnorm_momentum=0.9),
    },
    "released": {
        RELEASED: dict(
            data="mnist", image_size=28, width=1.0, hidden=1024, z_size=64, sigma=2.0,
            epochs=150, epoch_size=250, batch_size=64, optimiser="rmsprop", lr=0.01 / 64, schedule="released",
            weight_decay=0.0, batchnorm_momentum=0.9),
    },
}


def build(settings, device):
    """The nets.Model of these settings, on 'cpu' or 'cuda'."""
    rng, image = generator(settings.seed, "weights"), (settings.image_size,) * 2 + (settings.channels,)
    options = dict(normalise=True, activation="relu", device=device, precision=settings.precision,
                   momentum=settings.batchnorm_momentum,
                   attributes=len(settings.attribute_names))            # 0 unless --conditional
    encoder = nets.mlp(image, settings.hidden_layers, 2 * settings.z_size, rng, **options)
    decoder = nets.mlp(settings.z_size, settings.hidden_layers, image, rng, output="tanh", paths=2, **options)

    return nets.VAE(
        encoder, decoder, settings.z_size, settings.sigma, seed=settings.seed, learning_rate=settings.lr,
        optimiser=settings.optimiser, weight_decay=settings.weight_decay,
        log_var_bound=settings.log_var_bound, graph=settings.graph and device == "cuda")


if __name__ == "__main__":
    run_experiment(Config, PRESETS, build, __file__)
