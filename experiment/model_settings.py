"""What experiments have whose models hold a decoder, an encoder, or a discriminator that learns."""
from dataclasses import dataclass

from experiment.settings import Settings, number, switch, whole


@dataclass(kw_only=True)
class DecoderSettings:
    """What experiments whose models make pictures have."""
    z_size: int = whole("dimensions of z", at_most=65536)
    conditional: bool = switch("tell every network the attributes of each image (section 4.3)", False)

    @property
    def needs_attributes(self):
        return self.conditional


@dataclass(kw_only=True)
class EncoderSettings:
    """What experiments with an encoder have."""
    encoder_hidden: int = whole("width of the encoder's dense layer, before --width", at_most=65536)


@dataclass(kw_only=True)
class PosteriorSettings:
    """What experiments have whose encoder gives a distribution of z."""
    log_var_bound: float = number("log-variances stay within it, below and above 0 (ours); none: unbounded",
                                  8.0, above=0, optional=True)


@dataclass(kw_only=True)
class AdversarialSettings:
    """What experiments with a discriminator that learns have."""
    gate: bool = switch("let Dis or Dec skip a step when it is too far ahead (released code)")
    real_weight: float = number("share of Dis's cost that real images carry; none: every image weighs 1",
                                above=0, below=1, optional=True)
    cost_eps: float = number("eps in -log(D + eps)", at_least=0, at_most=0.1)
    non_saturating: bool = switch("Dec descends -log D of fakes instead of climbing Dis's cost", False)
    mismatched: bool = switch("with --conditional: real images with other images' attributes are fakes to "
                              "Dis too (ours; Reed et al. 2016)", before=False)
    apart: bool = switch("Dis normalises real images and fakes each by their own batch (DCGAN)", False)


@dataclass(kw_only=True)
class DenseSettings(Settings):
    """What every experiment has whose networks are of dense layers, which take images of any size."""
    image_size: int = whole("side of the images, pixels", at_least=8, at_most=512)
    hidden: int = whole("units in each of two hidden layers, before --width", at_most=65536)

    @property
    def hidden_layers(self):
        """The widths of both."""
        return (max(1, round(self.hidden * self.width)),) * 2


# Gate of the released code: (equilibrium, margin) of the discriminator's mean cost on real and on fakes.
GATE = 0.68, 0.35
