"""Encoder, decoder and discriminator of the paper's Table 1 (64x64), and relatives for other sizes.

32x32 follows the released code's CIFAR-10 networks. 28x28, for MNIST, and 128x128 are ours: one stride-2
block less than at 32x32 in each network, and one more than at 64x64.
`width` scales all hidden channels: 1 in the paper.
"""
import numpy as np

from nets.layers import Conv, Dense, UpConv
from nets.network import Network

SIZES = 28, 32, 64, 128

# hidden channels: encoder convolutions, decoder's first feature map then up-convolutions, discriminator
# convolutions
_ENCODER = {28: (64, 128), 32: (64, 128, 256), 64: (64, 128, 256), 128: (64, 128, 256, 256)}
_DECODER = {28: (256, 128, 32), 32: (256, 192, 128, 32), 64: (256, 256, 128, 32),
            128: (256, 256, 256, 128, 32)}
_DISCRIMINATOR = {28: (32, 128, 256), 32: (32, 128, 192, 256), 64: (32, 128, 256, 256),
                  128: (32, 128, 256, 256, 256)}
# Dis_l, the layer of the feature loss: 256 x 7 x 7 at 28 pixels, 192 x 8 x 8 at 32, 256 x 8 x 8 at 64,
# 256 x 16 x 16 at 128
_FEATURE_LAYER = {28: "conv3", 32: "conv3", 64: "conv4", 128: "conv4"}


def encoder(size, z_size, rng, hidden=1024, width=1.0, attributes=0, channels=3, **options):
    """Images (N, S, S, C) -> (N, 2Z) = [mean | raw log-variance] of q(z|x). `hidden`: 2048 in the paper, 1024
    in the released code. attributes: how many are joined to the input of the top dense layer, in a
    conditional model. channels: C, 1 of grey images. options: device, dtype, precision, momentum of
    nets.Network. Raises ValueError for an unsupported size."""
    layers, hidden = _trunk(size, hidden, width, attributes, channels)
    latent = Dense("latent", hidden, 2 * z_size, normalise=False, activation="linear", decayed=False)
    return Network([*layers, latent], rng, **options)


def regressor(size, outputs, rng, hidden=1024, width=1.0, channels=3, **options):
    """Images (N, S, S, C) -> (N, outputs), their attributes: the encoder with one head (section 4.3).

    As it makes no images it takes those of any size, with the channels for the next of SIZES.
    """
    like = next((known for known in SIZES if known >= size), SIZES[-1])
    layers, hidden = _trunk(size, hidden, width, 0, channels, like)
    head = Dense("attributes", hidden, outputs, normalise=False, activation="linear", decayed=False)
    return Network([*layers, head], rng, **options)


def decoder(size, z_size, rng, width=1.0, attributes=0, channels=3, **options):
    """z (N, Z) -> images (N, S, S, C) in [-1, 1]. Two paths: one for z of the posterior, one of the prior.
    attributes: how many are joined to z, in a conditional model."""
    widths = _widths(_DECODER, size, width)
    side = size >> (len(widths) - 1)
    layers = [Dense("fc", z_size, (side, side, widths[0]), attributes=attributes)]
    layers += [UpConv(f"upconv{i}", c_in, c_out)
               for i, (c_in, c_out) in enumerate(zip(widths, widths[1:]), 1)]
    layers += [Conv("image", widths[-1], channels, normalise=False, activation="tanh")]
    return Network(layers, rng, paths=2, **options)


def discriminator(size, rng, hidden=512, width=1.0, attributes=0, channels=3, feature_layer=None, **options):
    """Images (N, S, S, C) -> logits (N, 1): D(x) = sigmoid(logit). `features` gives Dis_l(x).
    attributes: how many are joined to the input of the top hidden layer, in a conditional model.
    feature_layer: the name of layer l of Dis_l; None: that of VAE/GAN."""
    widths = _widths(_DISCRIMINATOR, size, width)
    layers = [Conv("conv1", channels, widths[0], normalise=False)]
    layers += [Conv(f"conv{i}", c_in, c_out, stride=2)
               for i, (c_in, c_out) in enumerate(zip(widths, widths[1:]), 2)]
    side = size >> (len(widths) - 1)
    hidden = _scaled(hidden, width)
    layers += [Dense("fc", side * side * widths[-1], hidden, attributes=attributes),
               Dense("real", hidden, 1, normalise=False, activation="linear")]
    return Network(layers, rng, feature_layer=feature_layer or _FEATURE_LAYER[size], **options)


def _trunk(size, hidden, width, attributes, channels, like=None):
    """The encoder's layers below its head, those for images of the size `like`; and the width of the last."""
    widths, hidden = _widths(_ENCODER, like or size, width), _scaled(hidden, width)
    side = -(-size >> len(widths))
    layers = [Conv(f"conv{i}", c_in, c_out, stride=2)
              for i, (c_in, c_out) in enumerate(zip((channels, *widths), widths), 1)]
    return [*layers, Dense("fc", side * side * widths[-1], hidden, attributes=attributes)], hidden


def _widths(table, size, width):
    if size not in table:
        raise ValueError(f"image size {size} is not supported: use one of {', '.join(map(str, SIZES))}")
    return tuple(_scaled(channels, width) for channels in table[size])


def _scaled(channels, width):
    """Channels times width, in whole groups of four."""
    return max(4, int(np.round(channels * width / 4)) * 4)
