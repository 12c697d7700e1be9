"""The decoder for web/decoder.js: its layers as JSON, and their weights in half precision.

There every layer is the same: dense ones, then up-convolutions, if any; a scale and a shift for each output;
an activation. Batchnorm by running statistics is such a scale and shift, a bias a shift alone. A convolution
of stride 1 is an up-convolution of stride 1 with its taps turned round.
"""
import base64
import math

import numpy as np

import gpuarray as ga
from experiment.exit import UsageError
from nets.layers import Dense, UpConv
from nets.model import POSTERIOR


def packed(model):
    """{"layers": [...], "weights": base64 of float16} of a model's decoder.

    A layer has `shape`, that of its output; `kernel` and `stride`, 0 in a dense layer; `activation`; and for
    z of the posterior and of the prior the scale and the shift of each channel, base64 of float32. Weights,
    one layer after the other: (D, K) of a dense layer, (k, k, C_out, C_in) of the others.
    Raises UsageError where half precision cannot hold a weight, or more than the decoder makes a picture.
    """
    if not model.draws_with_decoder_alone:
        raise UsageError("--static: pictures of this model are more than what its decoder puts out: leave it "
                         "out, and use the page that is served")
    paths = {"posterior": POSTERIOR if model.has_encoder else model.sample_path, "prior": model.sample_path}
    layers, weights, shape = [], [], (model.z_size,)
    for layer in model.networks["decoder"].layers:
        shape = layer.output_shape(shape)
        values = ga.to_host(layer.weights.value)
        if not isinstance(layer, (Dense, UpConv)):
            values = values[::-1, ::-1].swapaxes(2, 3)
        weights.append(_halved(values, layer.name).ravel())
        is_dense = isinstance(layer, Dense)
        layers.append({"shape": shape, "kernel": 0 if is_dense else len(values),
                       "stride": 0 if is_dense else layer.stride, "activation": layer.activation,
                       **{name: _scale_and_shift(layer, path) for name, path in paths.items()}})
    return {"layers": layers, "weights": base64.b64encode(np.concatenate(weights)).decode()}


def operations(packed_decoder, z_size):
    """Multiplications that a picture takes."""
    total, shape = 0, (z_size,)
    for layer in packed_decoder["layers"]:
        each = shape[-1] * (layer["kernel"] / layer["stride"]) ** 2 if layer["kernel"] else math.prod(shape)
        shape = layer["shape"]
        total += math.prod(shape) * each
    return int(total)


def _scale_and_shift(layer, path):
    """{"scale", "shift"} of what a layer's linear operation gives, with the running statistics of a path."""
    if layer.norm is None:
        shift = ga.to_host(layer.bias.value)
        scale = np.ones_like(shift)
    else:
        mean, inv_std = (ga.to_host(values) for values in layer.norm.running[path])
        scale = ga.to_host(layer.norm.gamma.value) * inv_std
        shift = ga.to_host(layer.norm.beta.value) - mean * scale
    return {name: base64.b64encode(values.astype("<f4")).decode()
            for name, values in (("scale", scale), ("shift", shift))}


def _halved(values, name):
    with np.errstate(over="ignore"):
        halved = values.astype("<f2")
    if not np.isfinite(halved).all():
        raise UsageError(f"--static: {name} has weights too large for half precision: use the live page")
    return halved
