"""Coarse to fine: a Laplacian pyramid of GANs (Denton, Chintala, Szlam & Fergus 2015)."""
import numpy as np

import gpuarray as ga
from nets.adversarial import Adversarial
from nets.layers import Conv, Dense
from nets.model import PRIOR
from nets.network import Network

_WIDTHS = 64, 64         # [ours] hidden channels of a finer level, 5x5 convolutions


class PyramidGAN(Adversarial):
    """A GAN for small images, and for each larger size one that adds what they lack.

    At a finer level the real image of side S is its half, enlarged, plus a residual. Dec draws a residual
    from that enlarged image and from noise, a plane of S x S; Dis tells the real from the drawn sum, and sees
    the enlarged image too. All levels train at once, each on real coarse images; a sample goes through all.

    decoder, discriminator: of the coarsest level. finer: {S: (decoder, discriminator)} of the others, each
    twice as large. z_size: of the coarsest level's z; the model's holds the planes as well. A conditional
    model is told attributes as planes of one value each, so S is a power of two there. Options: see
    Adversarial and Model.
    """

    sample_path, draws_with_decoder_alone = PRIOR, False

    def __init__(self, decoder, discriminator, finer, z_size, **options):
        networks = {"decoder": decoder, "discriminator": discriminator}
        for side, (finer_decoder, finer_discriminator) in finer.items():
            networks |= {f"decoder{side}": finer_decoder, f"discriminator{side}": finer_discriminator}
        self.sides, self.coarse_z_size = tuple(finer), z_size
        super().__init__(networks, z_size + sum(side**2 for side in finer), **options)

    def gradients(self, x, attributes=None):
        images = [x]                                                          # coarse to fine
        for _ in self.sides:
            images.insert(0, ga.shrink(images[0]))
        z, *planes = self._parts(self.noise(len(x), PRIOR))
        fakes, fakes_back = self.networks["decoder"](z, path=PRIOR, attributes=attributes)
        fakes_back(self.gan_gradients(images[0], fakes, attributes), need_dx=False)
        for side, plane, coarse, real in zip(self.sides, planes, images, images[1:]):
            large, told = self._told(coarse, attributes)
            residual, residual_back = self.networks[f"decoder{side}"](ga.concatenate(plane, told, axis=-1))
            shown = (ga.concatenate(some, told, axis=-1) for some in (real, large + residual))
            dshown = self.gan_gradients(*shown, level=side)
            residual_back(dshown[..., :x.shape[-1]].copy(), need_dx=False)

    def _parts(self, z):
        """z of the coarsest level (N, Z), then the plane of noise (N, S, S, 1) of each finer one."""
        start, parts = self.coarse_z_size, [z[:, :self.coarse_z_size].copy()]
        for side in self.sides:
            parts.append(z[:, start:start + side**2].copy().reshape(len(z), side, side, 1))
            start += side**2
        return parts

    def _told(self, coarse, attributes):
        """The enlarged image (N, S, S, C), and all that a level is told: (N, S, S, C + A)."""
        large = ga.enlarge(coarse)
        if attributes is None:
            return large, large
        planes = ga.cast(attributes, large.dtype).reshape(len(large), 1, 1, -1)
        while planes.shape[1] < large.shape[1]:
            planes = ga.enlarge(planes)
        return large, ga.concatenate(large, planes, axis=-1)

    def _decode(self, z, path, attributes):
        z, *planes = self._parts(z)
        image = super()._decode(z, path, attributes)
        for side, plane in zip(self.sides, planes):
            large, told = self._told(image, attributes)
            residual, _ = self.networks[f"decoder{side}"](ga.concatenate(plane, told, axis=-1), "test")
            image = np.clip(large + residual, -1, 1)      # [ours] no level is given what no image holds
        return image

    def input_shape(self, name, image_shape):
        if name == "decoder":
            return (self.coarse_z_size,)
        coarse, channels = self.sides[0] // 2, image_shape[-1]
        shapes = {f"{kind}{side}": (side, side, self.networks[f"{kind}{side}"].layers[0].weights.shape[2])
                  for side in self.sides for kind in ("decoder", "discriminator")}
        return shapes.get(name, (coarse, coarse, channels))


def residual_decoder(rng, width=1.0, attributes=0, channels=3, **options):
    """(N, S, S, 1 + C + A) = [noise | enlarged image | attributes] -> the residual (N, S, S, C), in [-1, 1].

    No batchnorm [ours], nor in the discriminator: one that divides by the batch's deviation hardly sees that
    fakes have too large residuals, and they grow to many times the real ones.
    """
    first, second = (max(4, round(some * width)) for some in _WIDTHS)
    return Network([Conv("conv1", 1 + channels + attributes, first, normalise=False),
                    Conv("conv2", first, second, normalise=False),
                    Conv("residual", second, channels, normalise=False, activation="tanh")], rng, **options)


def residual_discriminator(side, rng, width=1.0, attributes=0, channels=3, **options):
    """(N, S, S, 2C + A) = [image | enlarged image | attributes] -> logits (N, 1)."""
    first, second = (max(4, round(some * width)) for some in _WIDTHS)
    return Network([Conv("conv1", 2 * channels + attributes, first, stride=2, normalise=False),
                    Conv("conv2", first, second, stride=2, normalise=False),
                    Dense("real", (side // 4)**2 * second, 1, normalise=False, activation="linear")],
                   rng, **options)
