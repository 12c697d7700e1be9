"""The plain GAN (Goodfellow et al. 2014), with the same decoder and discriminator as VAE/GAN."""
from nets.adversarial import Adversarial
from nets.model import PRIOR


class GAN(Adversarial):
    """Decoder against discriminator, fakes from the prior. Options: see Adversarial and Model."""

    sample_path = PRIOR

    def __init__(self, decoder, discriminator, z_size, **options):
        super().__init__({"decoder": decoder, "discriminator": discriminator}, z_size, **options)

    def gradients(self, x, attributes=None):
        z_p, decoder = self.noise(len(x), PRIOR), self.networks["decoder"]    # Z_p <- samples from N(0, I)
        fakes, fakes_back = decoder(z_p, path=PRIOR, attributes=attributes)   # X_p <- Dec(Z_p)
        dfakes = self.gan_gradients(x, fakes, attributes)                     # theta_Dis: L_GAN
        fakes_back(dfakes, need_dx=False)                                     # theta_Dec: against it
