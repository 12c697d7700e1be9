"""The plain GAN (Goodfellow et al. 2014), with the same decoder and discriminator as VAE/GAN."""
import gpuarray as ga
from nets.model import PRIOR, Model


class GAN(Model):
    """Decoder against discriminator, fakes from the prior.

    real_weight: share of the discriminator's cost that real images carry, fakes carry the rest; both 1 where None.
    eps: in -log(D + eps). gate: (equilibrium, margin) of the released code, or None. non_saturating: the decoder
    minimises -log D(x_p) instead of maximising the discriminator's cost.
    """

    def __init__(self, decoder, discriminator, z_size, real_weight=0.5, eps=1e-3, gate=(0.68, 0.35),
                 non_saturating=False, **options):
        super().__init__({"decoder": decoder, "discriminator": discriminator}, z_size, **options)
        self.real_weight, self.eps, self.gate, self.non_saturating = real_weight, eps, gate, non_saturating

    sample_path = PRIOR

    def gradients(self, x):
        x_gen, back_gen = self.networks["decoder"](self.noise(len(x), PRIOR), path=PRIOR)
        dx_gen, sign = adversarial_gradients(self, x, x_gen)
        back_gen(dx_gen, weight=sign, need_dx=False)

    def update(self):
        """Step both players, each where its gate is open."""
        self.optimisers["decoder"].step(self._learning_rate, self.gates[1:2])
        self.optimisers["discriminator"].step(self._learning_rate, self.gates[0:1])


def adversarial_gradients(model, x, fakes):
    """L_GAN on real images and fakes in one batch: adds Dis's gradient and returns the way to Dec's.

    x (N, S, S, 3), fakes (M, S, S, 3) -> dfakes like fakes and a factor: Dec descends factor * dfakes. In the minimax
    game one backward pass serves both players, as Dec climbs what Dis descends: the factor is negative, and it takes
    back the weight of a fake, which balances Dis alone (released code).
    """
    discriminator = model.networks["discriminator"]
    n = len(x)
    real_weight, fake_weight = 1.0, 1.0
    if model.real_weight is not None:
        real_weight, fake_weight = model.real_weight, (1 - model.real_weight) * n / len(fakes)
    logits, back = discriminator(ga.concatenate(x, fakes))
    report, dlogits = ga.gan_cost(logits, n, real_weight, fake_weight, model.eps, model.gate)
    model.report_gan(report)
    model.gates = report[4:6]
    learns = ga.peek(model.gates[0:1], otherwise=1.0)         # 0 saves the work of a gradient that the gate would drop
    if model.non_saturating:
        back(dlogits, weight=learns, need_dx=False)
        return back(ga.non_saturating_grad(logits, n, model.eps), weight=0)[n:], 1.0
    return back(dlogits, weight=learns)[n:], -1.0 / fake_weight
