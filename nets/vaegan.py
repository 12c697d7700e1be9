"""VAE/GAN: Algorithm 1 of the paper.

L_prior = KL(q(z|x) || p(z)),  L_llike = 1/2 ||Dis_l(x) - Dis_l(x~)||^2,  L_GAN: the binary cross-entropy of Dis.
The paper prints L_GAN as a log-likelihood; its two GAN updates hold for the cross-entropy, the negative of that.

    Enc descends  L_prior + L_llike
    Dec descends  gamma L_llike - (1 - gamma) L_GAN       [(1 - gamma): released code]
    Dis descends  L_GAN
"""
import gpuarray as ga
from nets.gan import adversarial_gradients
from nets.model import POSTERIOR, PRIOR, Model

FAKES = "prior", "reconstructions", "both"


class VAEGAN(Model):
    """Encoder, decoder and discriminator trained jointly.

    gamma: weight of L_llike against L_GAN in Dec's update. fakes: what Dis sees as fake: decoded samples of the 'prior',
    'reconstructions', or 'both'. decode_again: decode z anew, in one batch with z_p, for the fakes (released code), not
    take the reconstructions as they are (paper). real_weight, eps, gate, non_saturating: see nets.gan. The decoder's
    running statistics: of path POSTERIOR for reconstructions, of PRIOR for all other fakes.
    """

    def __init__(self, encoder, decoder, discriminator, z_size, gamma, fakes="prior", decode_again=False,
                 real_weight=0.5, eps=1e-3, gate=(0.68, 0.35), non_saturating=False, **options):
        super().__init__({"encoder": encoder, "decoder": decoder, "discriminator": discriminator}, z_size, **options)
        self.gamma, self.fakes, self.decode_again = gamma, fakes, decode_again
        self.real_weight, self.eps, self.gate, self.non_saturating = real_weight, eps, gate, non_saturating
        self.sample_path = POSTERIOR if fakes == "reconstructions" else PRIOR

    def gradients(self, x):
        """All three gradients of Algorithm 1 for a mini-batch X (N, S, S, 3), on the same parameters."""
        fakes, back_fakes = self._decode_fakes(*self._likelihood_gradients(x))
        dfakes, factor = adversarial_gradients(self, x, fakes)                # theta_Dis: L_GAN
        back_fakes(dfakes, weight=factor * (1 - self.gamma), need_dx=False)   # theta_Dec: against it; Enc gets none of it

    def _likelihood_gradients(self, x):
        (encoder, decoder, discriminator), n = self.networks.values(), len(x)
        h, back_encoder = encoder(x)                                          # Z <- Enc(X)
        noise = self.noise(n, POSTERIOR)
        z, kl = ga.reparametrise(h, noise, self.log_var_bound)                # L_prior
        x_rec, back_decoder = decoder(z, path=POSTERIOR)                      # X~ <- Dec(Z)
        f, back_features = discriminator.features(ga.concatenate(x_rec, x))
        llike, df_rec = ga.feature_loss(f[:n], f[n:])                         # L_llike; Dis_l(X) is a fixed target

        df = ga.concatenate(df_rec, ga.zeros(df_rec.shape, df_rec.dtype, df_rec))
        dx_rec = back_features(df, weight=0)[:n]                              # Dis learns nothing of L_llike
        dz = back_decoder(dx_rec, weight=self.gamma)                          # theta_Dec: gamma * L_llike
        dh = ga.reparametrise_grad(dz, h, noise, self.log_var_bound)          # L_prior joins the whole of L_llike
        back_encoder(dh, need_dx=False)                                       # theta_Enc: L_prior + L_llike
        self.report("kl", kl, per=n)
        self.report("feature_loss", llike, per=n)
        return z, x_rec, back_decoder

    def _decode_fakes(self, z, x_rec, back_rec):
        """The images Dis is to tell from real ones, and their way back into Dec (never further, to Enc)."""
        decoder, n = self.networks["decoder"], len(z)
        if self.fakes == "reconstructions":
            return decoder(z, "batch") if self.decode_again else (x_rec, back_rec)
        z_p = self.noise(n, PRIOR)                                            # Z_p <- samples from N(0, I)
        if self.fakes == "prior":
            return decoder(z_p, path=PRIOR)                                   # X_p <- Dec(Z_p)
        if self.decode_again:
            return decoder(ga.concatenate(z, z_p), path=PRIOR)
        x_p, back_p = decoder(z_p, path=PRIOR)

        def back_both(dfakes, weight, need_dx):
            back_rec(dfakes[:n], weight, need_dx)
            back_p(dfakes[n:], weight, need_dx)

        return ga.concatenate(x_rec, x_p), back_both

    def update(self):
        """Step all three networks; Dis and Dec only where their gates are open."""
        gate_dis, gate_dec = self.gates[0:1], self.gates[1:2]
        for name, gate in (("encoder", None), ("decoder", gate_dec), ("discriminator", gate_dis)):
            self.optimisers[name].step(self._learning_rate, gate)
