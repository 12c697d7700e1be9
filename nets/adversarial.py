"""What models with a discriminator that learns share: the game between Dis and Dec, and the gate that keeps
it even."""
import numpy as np

import gpuarray as ga
from nets.model import Model


class Adversarial(Model):
    """A decoder 'decoder' against a discriminator 'discriminator', beside whatever else a subclass trains.

    real_weight: share of the discriminator's cost that real images carry, fakes carry the rest; both 1 where
    None. eps: in -log(D + eps). gate: (equilibrium, margin) of the released code, or None: Dis or Dec skips a
    step in which it is too far ahead. non_saturating: the decoder minimises -log D(fake) instead of
    maximising Dis's cost. mismatched [ours; Reed et al. 2016]: in a conditional model Dis also learns to
    refuse real images that it is told other images' attributes of, so that it minds what it is told.
    apart: Dis normalises real images and fakes each by their own batch (Radford et al. 2016), not by one that
    they share.
    """

    def __init__(self, networks, z_size, real_weight=0.5, eps=1e-3, gate=(0.68, 0.35), non_saturating=False,
                 mismatched=False, apart=False, **options):
        super().__init__(networks, z_size, **options)
        self.real_weight, self.eps, self.gate, self.non_saturating = real_weight, eps, gate, non_saturating
        self.mismatched, self.apart = mismatched, apart
        self.gates = {}       # of this step, (1,) arrays on the device by network: 1 for 'step', 0 for 'skip'

    def gan_gradients(self, x, fakes, attributes=None, level=""):
        """L_GAN on real images x (N, S, S, C) and fakes (M, S, S, C) in one batch: adds Dis's gradient.

        attributes (N, A): of the real images, and in the same order of the fakes, where Dis is told any.
        level: what the names of Dis and Dec end in, in a model of several such games.

        Returns the gradient to the fakes of what Dec descends, like fakes. In the minimax game that is
        -L_GAN, and one backward pass serves both players; the weight of a fake, which balances Dis alone, is
        divided out (released code).
        """
        n, end = len(x), len(x) + len(fakes)
        shown, told = [x, fakes], attributes
        if attributes is not None:
            told = [attributes] * (end // n)
            if self.mismatched:
                shown = [*shown, x]
                told += [attributes[1:], self.group.following(attributes)]            # of the next image
            told = ga.concatenate(*filter(len, told))
        logits, discriminator_back = self._discriminate(shown, told, level)
        real_weight, fake_weight = 1.0, 1.0
        if self.real_weight is not None:
            real_weight, fake_weight = self.real_weight, (1 - self.real_weight) * n / (len(logits) - n)
        weights = real_weight, fake_weight
        report, dlogits = ga.gan_cost(logits, n, *weights, self.eps, self.gate, self.group)
        if len(shown) > 2:             # the gate is for the game with Dec: of x and fakes alone
            report, _ = ga.gan_cost(logits[:end], n, *weights, self.eps, self.gate, self.group)
        self.report_gan(report, level)
        self.gates |= {f"discriminator{level}": report[4:5], f"decoder{level}": report[5:6]}
        # A gradient that the gate will drop is not computed, where the gate is known without waiting for
        # the device.
        learns = ga.host_value(report[4:5], otherwise=1.0)
        if self.non_saturating:
            discriminator_back(dlogits, weight=learns, need_dx=False)
            against = ga.non_saturating_grad(logits, n, self.eps)
            against[end:] = 0
            return discriminator_back(against, weight=0)[n:end]
        return discriminator_back(dlogits, weight=learns)[n:end] * (-1 / fake_weight)

    def _discriminate(self, shown, told, level):
        """Logits of all images in the arrays `shown`, (M, 1), and the pullback of Dis."""
        discriminator = self.networks[f"discriminator{level}"]
        if not self.apart:
            return discriminator(ga.concatenate(*shown), attributes=told)
        starts = np.cumsum([0, *map(len, shown)]).tolist()
        parts = [slice(*ends) for ends in zip(starts, starts[1:])]
        logits, pullbacks = zip(*(discriminator(images, attributes=None if told is None else told[part])
                                  for images, part in zip(shown, parts)))

        def pullback(dlogits, weight=1.0, need_dx=True):
            dx = [back(dlogits[part], weight, need_dx) for back, part in zip(pullbacks, parts)]
            return ga.concatenate(*dx) if need_dx else None

        return ga.concatenate(*logits), pullback

    def update(self):
        """Step every network, Dis and Dec only where their gates are open."""
        for name, optimiser in self.optimisers.items():
            optimiser.step(self._learning_rate, self.gates.get(name))
