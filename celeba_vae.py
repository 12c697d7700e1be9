"""A VAE on faces, with VAE/GAN's encoder and decoder: the paper's baselines VAE and VAE_Dis_l.

    python celeba_vae.py                        toyfaces, minutes on a laptop; error measured in pixels
    python celeba_vae.py --preset released      the released VAE/GAN's numbers
    python celeba_gan.py --out runs/gan
    python celeba_vae.py --similarity discriminator --discriminator runs/gan
                                                VAE_Dis_l: error measured in the features of a finished GAN
"""
from dataclasses import dataclass

import nets
from experiment import (
    FEBRUARY, OURS, PAPER, RELEASED, EncoderSettings, Settings, UsageError, choice, generator,
    load_discriminator, open_device, open_images, read_settings, run_script, text, train)


# ---------------------------------------------------------------------------------------------- config

@dataclass(kw_only=True)
class Config(EncoderSettings, Settings):
    similarity: str = choice("what reconstructions are measured in", ("pixels", "discriminator"), "pixels")
    discriminator: str = text("finished run of celeba_gan.py, for --similarity discriminator", "RUN", None,
                              on_resume=True)

    def check(self):
        if self.similarity == "discriminator" and self.discriminator is None:
            raise UsageError("--similarity discriminator: whose? add --discriminator RUN, a finished run of "
                             "celeba_gan.py")
        if self.similarity == "pixels" and self.discriminator is not None:
            raise UsageError("--discriminator: unused for pixels: add --similarity discriminator or drop it")


# The released code has no plain VAE on faces: these are its numbers for VAE/GAN, where they apply.
PRESETS = {
    "quick": {
        OURS: dict(
            data="toyfaces", image_size=32, width=0.25, z_size=64, encoder_hidden=1024,
            epochs=17, epoch_size=100, batch_size=12, cores=1, lr=1.2e-3, schedule="released", weight_decay=0.0),
    },
    "paper": {
        PAPER: dict(
            data="celeba", image_size=64, width=1.0, encoder_hidden=2048,                     # Table 1
            batch_size=64, optimiser="rmsprop", lr=3e-4, schedule="constant"),                # section 4
        FEBRUARY: dict(                                                       # what the paper leaves open
            z_size=128, epochs=150, epoch_size=250, weight_decay=2e-5),
    },
    "released": {
        RELEASED: dict(
            data="celeba", image_size=64, width=1.0, z_size=128, encoder_hidden=1024,
            epochs=250, epoch_size=250, batch_size=64, optimiser="rmsprop", lr=0.025 / 64,
            schedule="released", weight_decay=2e-5),
    },
}


def main():
    settings = read_settings(Config, PRESETS, __file__)
    device, why = open_device(settings)

    # ------------------------------------------------------------------------------------------ networks
    rng = generator(settings.seed, "weights")
    options = dict(width=settings.width, device=device, precision=settings.precision)
    encoder = nets.encoder(settings.image_size, settings.z_size, rng, settings.encoder_hidden, **options)
    decoder = nets.decoder(settings.image_size, settings.z_size, rng, **options)

    # ------------------------------------------------------------------------------------------ algorithm
    options_of_model = dict(seed=settings.seed, learning_rate=settings.lr, optimiser=settings.optimiser,
                            weight_decay=settings.weight_decay, graph=settings.graph and device == "cuda")
    if settings.similarity == "pixels":
        model = nets.VAE(encoder, decoder, settings.z_size, **options_of_model)
    else:
        discriminator = nets.discriminator(settings.image_size, rng, **options)
        load_discriminator(settings.discriminator, discriminator, settings, device)
        model = nets.FeatureVAE(encoder, decoder, discriminator, settings.z_size, **options_of_model)

    # ------------------------------------------------------------------------------------------ data
    images = open_images(settings)

    # ------------------------------------------------------------------------------------------ run
    train(settings, model, images, device, why)


if __name__ == "__main__":
    run_script(main)
