"""VAE/GAN: Algorithm 1 of the paper.
 L_prior = KL(q(z|x) || p(z)),  L_llike = 1/2 ||Dis_l(x) - Dis_l(x~)||^2,  L_GAN: the binary cross-entropy of
Dis. The paper prints L_GAN as a log-likelihood; its two GAN updates hold for the cross-entropy, the negative
of that.

    Enc descends  L_prior + L_llike
    Dec descends  gamma L_llike - (1 - gamma) L_GAN       [(1 - gamma): released code]
    Dis descends  L_GAN
"""
import gpuarray as ga
from nets.adversarial import Adversarial
from nets.model import POSTERIOR, PRIOR

FAKES = "prior", "reconstructions", "both"


class VAEGAN(Adversarial):
    """Encoder, decoder and discriminator trained jointly.

    gamma: weight of L_llike against L_GAN in Dec's update. fakes: what Dis sees as fake: decoded samples of
    the 'prior', 'reconstructions', or 'both'. decode_again: decode z anew, in one batch with z_p, for the
    fakes (released code), not take the reconstructions as they are (paper). The decoder's running statistics:
    of path POSTERIOR for reconstructions, of PRIOR for all other fakes. Other options: see Adversarial and
    Model.
    """

    def __init__(self, encoder, decoder, discriminator, z_size, gamma, fakes="prior", decode_again=False,
                 **options):
        networks = {"encoder": encoder, "decoder": decoder, "discriminator": discriminator}
        super().__init__(networks, z_size, **options)
        self.gamma, self.fakes, self.decode_again = gamma, fakes, decode_again
        self.sample_path = POSTERIOR if fakes == "reconstructions" else PRIOR

    def gradients(self, x, attributes=None):
        """All three gradients of Algorithm 1 for a mini-batch X (N, S, S, C), on the same parameters.

        attributes (N, A): what a conditional model is told of each image (section 4.3).
        """
        (encoder, decoder, discriminator), n = self.networks.values(), len(x)
        h, encoder_back = encoder(x, attributes=attributes)                   # Z <- Enc(X)
        noise = self.noise(n, POSTERIOR)
        z, kl = ga.reparametrise(h, noise, self.log_var_bound)                # L_prior
        x_rec, decoder_back = decoder(z, path=POSTERIOR, attributes=attributes)   # X~ <- Dec(Z)
        f, features_back = discriminator.features(ga.concatenate(x_rec, x))
        llike, df_rec = ga.feature_loss(f[:n], f[n:])                         # L_llike, Dis_l(X) fixed

        df = ga.concatenate(df_rec, ga.zeros(df_rec.shape, df_rec.dtype, df_rec))
        dx_rec = features_back(df, weight=0)[:n]                              # Dis sees no L_llike
        dz = decoder_back(dx_rec, weight=self.gamma)                          # theta_Dec: gamma * L_llike
        dh = ga.reparametrise_grad(dz, h, noise, self.log_var_bound)          # joined by L_prior
        encoder_back(dh, need_dx=False)                                       # theta_Enc: L_prior + L_llike
        self.sum_early("encoder")
        # Activations that the second half does not need are freed: 430 MiB at 64x64 and batch 64.
        del h, encoder_back, f, features_back, df_rec, df, dx_rec

        fakes, fakes_back = self._fakes(z, x_rec, decoder_back, attributes)   # X_p <- Dec(Z_p)
        del x_rec, decoder_back                                               # unless fakes hold them
        dfakes = self.gan_gradients(x, fakes, attributes)                     # theta_Dis: L_GAN
        fakes_back(dfakes, weight=1 - self.gamma, need_dx=False)              # theta_Dec: against it
        self.report("kl", kl, per=n)
        self.report("feature_loss", llike, per=n)

    def _fakes(self, z, x_rec, decoder_back, attributes):
        """The images that Dis is to tell from real ones, and their pullback into Dec, which stops there."""
        decoder, n = self.networks["decoder"], len(z)
        if self.fakes == "reconstructions":
            again = self.decode_again
            return decoder(z, "batch", attributes=attributes) if again else (x_rec, decoder_back)
        z_p = self.noise(n, PRIOR)
        if self.fakes == "prior":
            return decoder(z_p, path=PRIOR, attributes=attributes)
        if self.decode_again:
            twice = None if attributes is None else ga.concatenate(attributes, attributes)
            return decoder(ga.concatenate(z, z_p), path=PRIOR, attributes=twice)
        x_p, prior_back = decoder(z_p, path=PRIOR, attributes=attributes)

        def both_back(dfakes, weight, need_dx):
            decoder_back(dfakes[:n], weight, need_dx)
            prior_back(dfakes[n:], weight, need_dx)

        return ga.concatenate(x_rec, x_p), both_back
