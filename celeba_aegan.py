"""VAE/GAN on faces: an autoencoder whose reconstruction error is measured in the features of a discriminator.

    python celeba_aegan.py                        toyfaces, minutes on a laptop
    python celeba_aegan.py --preset cpu           real faces in a night, without a GPU
    python celeba_aegan.py --preset released      the released code's numbers
    python celeba_aegan.py --preset paper         the paper's
    python celeba_aegan.py --conditional          faces from attributes: every network is told them
"""
from experiment import (      # first: from here on Ctrl-C ends in one line
    FEBRUARY, GATE, OURS, PAPER, RELEASED, AdversarialSettings, DecoderSettings, EncoderSettings,
    PosteriorSettings, Settings, choice, generator, number, run_experiment, switch)
from dataclasses import dataclass

import nets


@dataclass(kw_only=True)
class Config(AdversarialSettings, PosteriorSettings, EncoderSettings, DecoderSettings, Settings):
    gamma: float = number("weight of L_llike, summed over features, against L_GAN in Dec's update",
                          at_least=0, at_most=1)
    fakes: str = choice("what Dis sees as fakes", nets.FAKES)
    decode_again: bool = switch("decode z anew for fakes that are reconstructions, in one batch with z_p")


PRESETS = {
    "quick": {
        OURS: dict(
            data="toyfaces", image_size=32, width=0.25, z_size=64, encoder_hidden=1024,
            epochs=17, epoch_size=100, batch_size=12, cores=1, lr=1.2e-3, schedule="released",
            weight_decay=0.0, batchnorm_momentum=0.9, gamma=5e-3, fakes="prior", decode_again=False,
            real_weight=0.5, cost_eps=1e-3, gate=True, mismatched=False),
    },
    "cpu": {                                                                  # real faces in a night
        OURS: dict(
            data="celeba", image_size=64, width=0.5, z_size=128, encoder_hidden=1024,
            epochs=80, epoch_size=250, batch_size=16, optimiser="rmsprop", lr=8e-4, schedule="released",
            weight_decay=2e-5, batchnorm_momentum=0.99, gamma=1e-3, fakes="prior", decode_again=False,
            real_weight=0.5, cost_eps=1e-3, gate=True, mismatched=False),
    },
    "paper": {
        PAPER: dict(
            data="celeba", image_size=64, width=1.0, encoder_hidden=2048,                     # Table 1
            batch_size=64, optimiser="rmsprop", lr=3e-4, schedule="constant",                 # section 4
            fakes="both", decode_again=False, gate=False, real_weight=None, cost_eps=0.0,     # Algorithm 1
            mismatched=False),
        FEBRUARY: dict(                                                       # what the paper leaves open
            z_size=128, epochs=150, epoch_size=250, gamma=1e-5, weight_decay=2e-5, batchnorm_momentum=0.9),
    },
    "released": {
        RELEASED: dict(
            data="celeba", image_size=64, width=1.0, z_size=128, encoder_hidden=1024,
            epochs=250, epoch_size=250, batch_size=64, optimiser="rmsprop", lr=0.025 / 64,
            schedule="released", weight_decay=2e-5, batchnorm_momentum=0.9, gamma=1e-6, fakes="prior",
            decode_again=True, real_weight=0.5, cost_eps=1e-3, gate=True, mismatched=False),
    },
}


def build(settings, device):
    """The nets.Model of these settings, on 'cpu' or 'cuda'."""
    rng = generator(settings.seed, "weights")
    options = dict(width=settings.width, device=device, precision=settings.precision,
                   momentum=settings.batchnorm_momentum,
                   channels=settings.channels,                          # 1 where images are grey
                   attributes=len(settings.attribute_names))            # 0 unless --conditional
    encoder = nets.encoder(settings.image_size, settings.z_size, rng, settings.encoder_hidden, **options)
    decoder = nets.decoder(settings.image_size, settings.z_size, rng, **options)
    discriminator = nets.discriminator(settings.image_size, rng, **options)

    return nets.VAEGAN(
        encoder, decoder, discriminator, settings.z_size, gamma=settings.gamma, fakes=settings.fakes,
        decode_again=settings.decode_again, real_weight=settings.real_weight, eps=settings.cost_eps,
        gate=GATE if settings.gate else None, non_saturating=settings.non_saturating,
        mismatched=settings.mismatched, apart=settings.apart, seed=settings.seed,
        learning_rate=settings.lr, optimiser=settings.optimiser, weight_decay=settings.weight_decay,
        log_var_bound=settings.log_var_bound, graph=settings.graph and device == "cuda")


if __name__ == "__main__":
    run_experiment(Config, PRESETS, build, __file__)
