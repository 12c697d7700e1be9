"""A VAE on faces, with VAE/GAN's encoder and decoder: the paper's baselines VAE and VAE_Dis_l.

    python celeba_vae.py                        toyfaces, minutes on a laptop; error measured in pixels
    python celeba_vae.py --preset cpu           real faces in a night, without a GPU
    python celeba_vae.py --preset released      the released VAE/GAN's numbers
    python celeba_gan.py --out runs/gan
    python celeba_vae.py --similarity discriminator --discriminator runs/gan
                                                VAE_Dis_l: error measured in the features of a finished GAN
"""
from experiment import (      # first: from here on Ctrl-C ends in one line
    FEBRUARY, OURS, PAPER, RELEASED, DecoderSettings, EncoderSettings, PosteriorSettings, Settings,
    UsageError, choice, generator, load_discriminator, path, run_experiment, switch)
import copy
from dataclasses import dataclass

import nets


@dataclass(kw_only=True)
class Config(PosteriorSettings, EncoderSettings, DecoderSettings, Settings):
    similarity: str = choice("what reconstructions are measured in", ("pixels", "discriminator"), "pixels")
    discriminator: str = path("finished run of celeba_gan.py, for --similarity discriminator", "RUN", None,
                              on_resume=True)
    standardise: bool = switch("bring the channels of Dis_l to variance 1 before comparing them (ours)", True,
                               before=False)
    layer: str = choice("l of Dis_l for VAE_Dis_l: vaegan, that of VAE/GAN, or a lower one, finer (ours)",
                        ("vaegan", "conv2", "conv3", "conv4"), before="vaegan")

    def check(self):
        if self.similarity == "discriminator" and self.discriminator is None:
            raise UsageError("--similarity discriminator: needs a discriminator: add --discriminator RUN, a "
                             "finished run of celeba_gan.py")
        if self.similarity == "pixels" and self.discriminator is not None:
            raise UsageError("--discriminator: not used with --similarity pixels: leave it out, or add "
                             "--similarity discriminator")

    def for_inference(self):
        """Encoder and decoder suffice: the discriminator, which may be gone, only measures."""
        settings = copy.copy(self)
        settings.similarity, settings.discriminator = "pixels", None
        return settings


# The released code has no plain VAE on faces: these are its numbers for VAE/GAN, where they apply.
PRESETS = {
    "quick": {
        OURS: dict(
            data="toyfaces", image_size=32, width=0.25, z_size=64, encoder_hidden=1024,
            epochs=17, epoch_size=100, batch_size=12, cores=1, lr=1.2e-3, schedule="released",
            weight_decay=0.0, batchnorm_momentum=0.9, layer="conv2"),
    },
    "cpu": {                                                                  # real faces in a night
        OURS: dict(
            data="celeba", image_size=64, width=0.5, z_size=128, encoder_hidden=1024,
            epochs=80, epoch_size=250, batch_size=16, optimiser="rmsprop", lr=8e-4, schedule="released",
            weight_decay=2e-5, batchnorm_momentum=0.99, layer="conv2"),
    },
    "paper": {
        PAPER: dict(
            data="celeba", image_size=64, width=1.0, encoder_hidden=2048,                     # Table 1
            batch_size=64, optimiser="rmsprop", lr=3e-4, schedule="constant", layer="vaegan"),    # section 4
        FEBRUARY: dict(                                                       # what the paper leaves open
            z_size=128, epochs=150, epoch_size=250, weight_decay=2e-5, batchnorm_momentum=0.9),
    },
    "released": {
        RELEASED: dict(
            data="celeba", image_size=64, width=1.0, z_size=128, encoder_hidden=1024,
            epochs=250, epoch_size=250, batch_size=64, optimiser="rmsprop", lr=0.025 / 64,
            schedule="released", weight_decay=2e-5, batchnorm_momentum=0.9, layer="vaegan"),
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

    training = dict(seed=settings.seed, learning_rate=settings.lr, optimiser=settings.optimiser,
                    weight_decay=settings.weight_decay, log_var_bound=settings.log_var_bound,
                    graph=settings.graph and device == "cuda")
    if settings.similarity == "pixels":
        return nets.VAE(encoder, decoder, settings.z_size, **training)
    lower = None if settings.layer == "vaegan" else settings.layer
    discriminator = nets.discriminator(settings.image_size, rng, feature_layer=lower, **options)
    load_discriminator(settings.discriminator, discriminator, settings, device)
    return nets.FeatureVAE(encoder, decoder, discriminator, settings.z_size, settings.standardise, **training)


if __name__ == "__main__":
    run_experiment(Config, PRESETS, build, __file__)
