"""VAEs with a likelihood of pixels, on binary images: ELBO, importance samples, normalising flows.

    python examples/binary_vae.py                           Kingma & Welling 2014: one sample, Bernoulli
    python examples/binary_vae.py --samples 5               Burda et al. 2016: a tighter bound
    python examples/binary_vae.py --flows 10                Rezende & Mohamed 2015: planar flows
    python examples/binary_vae.py --likelihood gaussian     grey pixels, each with a variance of its own
    python examples/binary_vae.py --preset paper            MNIST, as Burda et al. train on it, section 5
    python -m experiment likelihood RUN                     bounds on log p(x) of held-out images, in nats
"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))      # the checkout

from experiment import (      # first: from here on Ctrl-C ends in one line
    OURS, PAPER, DenseSettings, choice, generator, run_experiment, whole)
from dataclasses import dataclass

import nets


@dataclass(kw_only=True)
class Config(DenseSettings):
    z_size: int = whole("dimensions of z", at_most=65536)
    likelihood: str = choice("of pixels: bernoulli (grey levels are drawn binary) or gaussian",
                             tuple(nets.LIKELIHOODS), "bernoulli")
    samples: int = whole("of z for an image, of which the importance-weighted bound is made", 1, at_most=4096)
    flows: int = whole("planar flows that z goes through", 0, at_least=0, at_most=1024)


PRESETS = {
    "quick": {
        OURS: dict(
            data="fashion_mnist", image_size=28, width=1.0, z_size=50, hidden=200, augment=False,
            epochs=20, epoch_size=600, batch_size=100, cores=1, optimiser="adam", lr=1e-3,
            schedule="released", weight_decay=0.0, batchnorm_momentum=0.9),
    },
    "paper": {
        PAPER: dict(
            data="mnist", image_size=28, width=1.0, z_size=50, hidden=200, augment=False, batch_size=20,
            epochs=3280, epoch_size=3000, optimiser="adam", lr=1e-3),
        OURS: dict(schedule="released", weight_decay=0.0, batchnorm_momentum=0.9),    # theirs falls in stages
    },
}


def build(settings, device):
    """The nets.Model of these settings, on 'cpu' or 'cuda'."""
    rng, likelihood = generator(settings.seed, "weights"), nets.LIKELIHOODS[settings.likelihood]()
    size, z_size, channels = settings.image_size, settings.z_size, settings.channels
    options = dict(device=device, precision=settings.precision)
    encoder = nets.mlp((size, size, channels), settings.hidden_layers, 2 * z_size, rng, **options)
    decoder = nets.mlp(z_size, settings.hidden_layers, (size, size, channels * likelihood.numbers), rng,
                       **options)
    flow = nets.Flow(z_size, settings.flows, rng, **options) if settings.flows else None

    return nets.ImportanceVAE(
        encoder, decoder, z_size, likelihood, settings.samples, flow, seed=settings.seed,
        learning_rate=settings.lr, optimiser=settings.optimiser, weight_decay=settings.weight_decay,
        graph=settings.graph and device == "cuda")


if __name__ == "__main__":
    run_experiment(Config, PRESETS, build, __file__)
