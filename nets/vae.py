"""The two models without an adversary: the plain VAE, and VAE_Dis_l, a VAE with a finished discriminator's
features."""
import gpuarray as ga
from nets.model import POSTERIOR, Model


class VAE(Model):
    """Variational autoencoder (Kingma & Welling 2014) with a Gaussian pixel likelihood, summed.

    Minimises L_prior + L_llike over encoder and decoder. sigma: of the Gaussian, on [-1, 1].
    """

    def __init__(self, encoder, decoder, z_size, sigma=1.0, **options):
        super().__init__({"encoder": encoder, "decoder": decoder}, z_size, **options)
        self.weight = 1 / sigma**2

    def gradients(self, x, attributes=None):
        encoder, decoder = self.networks["encoder"], self.networks["decoder"]
        h, encoder_back = encoder(x, attributes=attributes)
        noise = self.noise(len(x), POSTERIOR)
        z, kl = ga.reparametrise(h, noise, self.log_var_bound)                # L_prior
        x_rec, decoder_back = decoder(z, path=POSTERIOR, attributes=attributes)
        dx_rec = self.likelihood_grad(x_rec, x)                               # L_llike

        dz = decoder_back(dx_rec)
        encoder_back(ga.reparametrise_grad(dz, h, noise, self.log_var_bound), need_dx=False)
        self.report("kl", kl, per=len(x))

    def likelihood_grad(self, x_rec, x):
        """Reports L_llike and returns its gradient to the reconstructions."""
        loss, dx_rec = ga.feature_loss(x_rec, x)
        if self.weight != 1:
            loss, dx_rec = loss * self.weight, dx_rec * self.weight
        self.report("pixel_loss", loss, per=len(x))
        return dx_rec


class FeatureVAE(VAE):
    """VAE_Dis_l: the likelihood is measured in the features of a discriminator trained before, as a GAN, and
    fixed.

    The fixed discriminator uses its running statistics, so images do not influence each other's features.

    standardise [ours]: N(Dis_l(x~), I) gives the error of every feature the variance 1. A GAN's features have
    any scale, as batchnorm after layer l takes it away: where they are small, L_prior wins and z tells little
    of x. So each channel is brought to the variance 1 first.
    """

    def __init__(self, encoder, decoder, discriminator, z_size, standardise=True, **options):
        super().__init__(encoder, decoder, z_size, **options)
        self.discriminator, self.standardise = discriminator, standardise

    def likelihood_grad(self, x_rec, x):
        target, _ = self.discriminator.features(x, "test", self.standardise)
        features, features_back = self.discriminator.features(x_rec, "test", self.standardise)
        loss, df = ga.feature_loss(features, target)
        self.report("feature_loss", loss, per=len(x))
        return features_back(df, weight=0)
