"""A plain GAN on faces, with VAE/GAN's decoder and discriminator: the paper's baseline without an encoder.

    python celeba_gan.py                        toyfaces, minutes on a laptop
    python celeba_gan.py --preset cpu           real faces in a night, without a GPU
    python celeba_gan.py --preset released      the released VAE/GAN's numbers

A finished run's discriminator is what celeba_vae.py --similarity discriminator measures with.
"""
from experiment import (      # first: from here on Ctrl-C ends in one line
    FEBRUARY, GATE, OURS, PAPER, RELEASED, AdversarialSettings, DecoderSettings, Settings, generator,
    run_experiment)
from dataclasses import dataclass

import nets


@dataclass(kw_only=True)
class Config(AdversarialSettings, DecoderSettings, Settings):
    pass


# The released code has no plain GAN on faces: these are its numbers for VAE/GAN, where they apply.
PRESETS = {
    "quick": {
        OURS: dict(
            data="toyfaces", image_size=32, width=0.25, z_size=64,
            epochs=17, epoch_size=75, batch_size=32, cores=1, lr=4e-4, schedule="released", weight_decay=0.0,
            batchnorm_momentum=0.9, real_weight=0.5, cost_eps=1e-3, gate=True, mismatched=True),
    },
    "cpu": {                                                                  # real faces in a night
        OURS: dict(
            data="celeba", image_size=64, width=0.5, z_size=128,
            epochs=80, epoch_size=250, batch_size=16, optimiser="rmsprop", lr=8e-4, schedule="released",
            weight_decay=2e-5, batchnorm_momentum=0.99, real_weight=0.5, cost_eps=1e-3, gate=True,
            mismatched=False),
    },
    "paper": {
        PAPER: dict(
            data="celeba", image_size=64, width=1.0,                                          # Table 1
            batch_size=64, optimiser="rmsprop", lr=3e-4, schedule="constant",                 # section 4
            gate=False, real_weight=None, cost_eps=0.0, mismatched=False),                    # L_GAN
        FEBRUARY: dict(                                                       # what the paper leaves open
            z_size=128, epochs=150, epoch_size=250, weight_decay=2e-5, batchnorm_momentum=0.9),
    },
    "released": {
        RELEASED: dict(
            data="celeba", image_size=64, width=1.0, z_size=128,
            epochs=250, epoch_size=250, batch_size=64, optimiser="rmsprop", lr=0.025 / 64,
            schedule="released", weight_decay=2e-5, batchnorm_momentum=0.9, real_weight=0.5, cost_eps=1e-3,
            gate=True, mismatched=False),
    },
}


def build(settings, device):
    """The nets.Model of these settings, on 'cpu' or 'cuda'."""
    rng = generator(settings.seed, "weights")
    options = dict(width=settings.width, device=device, precision=settings.precision,
                   momentum=settings.batchnorm_momentum,
                   channels=settings.channels,                          # 1 where images are grey
                   attributes=len(settings.attribute_names))            # 0 unless --conditional
    decoder = nets.decoder(settings.image_size, settings.z_size, rng, **options)
    discriminator = nets.discriminator(settings.image_size, rng, **options)

    return nets.GAN(
        decoder, discriminator, settings.z_size, real_weight=settings.real_weight, eps=settings.cost_eps,
        gate=GATE if settings.gate else None, non_saturating=settings.non_saturating,
        mismatched=settings.mismatched, apart=settings.apart, seed=settings.seed, learning_rate=settings.lr,
        optimiser=settings.optimiser, weight_decay=settings.weight_decay,
        graph=settings.graph and device == "cuda")


if __name__ == "__main__":
    run_experiment(Config, PRESETS, build, __file__)
