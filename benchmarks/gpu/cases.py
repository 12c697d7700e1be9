"""Every kernel's work in a training step of the `released` VAE/GAN."""
from math import prod

import numpy as np

import gpuarray as ga
import nets
from benchmarks.gpu.case import Case
from nets.layers import Conv, Dense, UpConv


def cases(place, batch):
    """All of them for mini-batches of `batch`. Dis sees two mini-batches at once."""
    size, z = place.network["size"], place.network["z_size"]
    options = dict(rng=np.random.default_rng(0), width=place.network["width"])
    image, hidden = (size, size, 3), place.network["hidden"]
    networks = {"encoder": (nets.encoder(size, z, hidden=hidden, **options), batch, image),
                "decoder": (nets.decoder(size, z, **options), batch, (z,)),
                "discriminator": (nets.discriminator(size, **options), 2 * batch, image)}
    for name, (network, n, shape) in networks.items():
        for layer in network.layers:
            yield from _layer(f"{name} {layer.name}", layer, n, shape)
            shape = layer.output_shape(shape)
            if layer.name == network.feature_layer:
                yield _feature_loss((batch, *shape))
        yield _optimiser(name, network.parameters.shape)
    yield from _latent(batch, z)
    yield from _rest(batch, size)


def _layer(name, layer, n, shape):
    if isinstance(layer, Dense):
        yield from _dense(name, layer, n, prod(shape))
        features = n, layer.weights.shape[1]
    else:
        yield from (_up_conv if isinstance(layer, UpConv) else _conv)(name, layer, (n, *shape))
        features = n, *layer.output_shape(shape)
    if layer.norm:
        yield from _batchnorm(name, layer.norm, features)
    elif isinstance(layer, Conv) and layer.activation == "relu":
        yield _bias(name, features)


def _conv(name, layer, x):
    y, s = (x[0], *layer.output_shape(x[1:])), layer.stride
    epilogue, more = _epilogue(layer)
    yield Case("conv2d" + _of(layer), name, [("x", x), ("p", layer.weights.shape), *more], [("x", y)],
               lambda x, w, *bias, tf32: _first(ga.conv2d(x, w, s, *bias, tf32=tf32, **epilogue)),
               ("conv2d", s, layer.activation if more else "linear"), _products(layer, y))
    yield from _conv_gradients(name, layer.weights.shape, x, y, s)


def _conv_gradients(name, w, x, y, s):
    flop = 2 * prod(y) * prod(w[:3])
    yield Case("conv2d_input_grad", name, [("x", y), ("p", w)], [("x", x)],
               lambda dy, w, tf32: [ga.conv2d_input_grad(dy, w, s, x[1:3], tf32=tf32)],
               ("conv2d_input_grad", s), flop)
    yield _weight_grad(name, x, y, w, s, flop)


def _weight_grad(name, x, y, w, s, flop):
    def ours(x, dy, dw, tf32):
        ga.conv2d_weight_grad(x, dy, dw, s, tf32=tf32)
        return [dw]
    return Case("conv2d_weight_grad", name, [("x", x), ("x", y), ("0", w)], [("p", w)], ours,
                ("conv2d_weight_grad", s), flop)


def _up_conv(name, layer, x):
    """The convolution's relatives with x and y in each other's places."""
    y, s, w = (x[0], *layer.output_shape(x[1:])), layer.stride, layer.weights.shape
    flop = 2 * prod(x) * prod(w[:3])
    yield Case("conv2d_input_grad" + _of(layer), name, [("x", x), ("p", w)], [("x", y)],
               lambda x, w, tf32: _first(ga.conv2d_input_grad(x, w, s, y[1:3], moments=True, tf32=tf32)),
               ("conv2d_input_grad", s), flop)
    yield Case("conv2d", name, [("x", y), ("p", w)], [("x", x)],
               lambda dy, w, tf32: [ga.conv2d(dy, w, s, tf32=tf32)], ("conv2d", s, "linear"), flop)
    yield _weight_grad(name, y, x, w, s, flop)


def _dense(name, layer, n, d):
    k = layer.weights.shape[1]
    x, w, y, flop = ("x", (n, d)), ("p", (d, k)), ("x", (n, k)), 2 * n * d * k
    epilogue, more = _epilogue(layer)

    def weight_grad(x, dy, dw, tf32):
        ga.dense_weight_grad(x, dy, dw, tf32=tf32)
        return [dw]

    yield Case("dense" + _of(layer), name, [x, w, *more], [y],
               lambda x, w, *bias, tf32: _first(ga.dense(x, w, *bias, tf32=tf32, **epilogue)),
               ("dense", layer.activation if more else "linear"), flop)
    yield Case("dense_input_grad", name, [y, w], [x],
               lambda dy, w, tf32: [ga.dense_input_grad(dy, w, tf32=tf32)], ("dense_input_grad",), flop)
    yield Case("dense_weight_grad", name, [x, y, ("0", (d, k))], [w], weight_grad,
               ("dense_weight_grad",), flop)


def _batchnorm(name, norm, shape):
    x, c = ("x", shape), ("p", shape[-1:])

    def moments(x, gamma, beta, *_):
        """x's own, as the product before it gives them."""
        _, (mean, inv_std) = ga.batchnorm(x, gamma, beta, norm.eps)
        return mean, 1 / (inv_std * inv_std) - np.float32(norm.eps)

    def statistics(x, gamma, beta, *_):
        return ga.batchnorm(x, gamma, beta, norm.eps)[1]

    def backward(dy, x, gamma, beta, dgamma, dbeta, mean, inv_std, tf32):
        return [ga.batchnorm_grad(dy, x, gamma, beta, (mean, inv_std), norm.activation, dgamma, dbeta)]

    yield Case("batchnorm, moments given", name, [x, c, c, c, c], [x],
               lambda x, gamma, beta, mean, var, tf32: [
                   ga.batchnorm(x, gamma, beta, norm.eps, norm.activation, (mean, var))[0]],
               ("batchnorm", norm.eps), settle=lambda arrays: [*arrays[:3], *moments(*arrays)])
    yield Case("batchnorm_grad", name, [x, x, c, c, c, c, c, c], [x], backward, ("batchnorm_grad", norm.eps),
               settle=lambda arrays: [*arrays[:6], *statistics(*arrays[1:])])


def _bias(name, shape):
    return Case("bias_activation_grad", name, [("x", shape), ("x", shape), ("p", shape[-1:])], [("x", shape)],
                lambda dy, y, dbias, tf32: [ga.bias_activation_grad(dy, y, "relu", dbias)],
                ("bias_activation_grad",))


def _feature_loss(shape):
    return Case("feature_loss", "discriminator Dis_l", [("x", shape), ("x", shape)], [("x", shape)],
                lambda a, b, tf32: list(ga.feature_loss(a, b)), ("feature_loss",))


def _optimiser(name, shape):
    def ours(p, g, ms, lr, tf32):
        ga.rmsprop_step(p, g, ms, lr)
        return []
    flat = [("p", shape), ("p", shape), ("v", shape)]
    return Case("rmsprop_step", name, [*flat, ("v", (1,))], flat, ours, ("rmsprop_step",))


def _latent(n, z):
    h, noise = ("x", (n, 2 * z)), ("p", (n, z))
    yield Case("reparametrise", "z", [h, noise], [("x", (n, z))],
               lambda h, noise, tf32: list(ga.reparametrise(h, noise, 8.0)))
    yield Case("reparametrise_grad", "z", [("x", (n, z)), h, noise], [h],
               lambda dz, h, noise, tf32: [ga.reparametrise_grad(dz, h, noise, 8.0)])
    yield Case("gan_cost", "D", [("x", (2 * n, 1))], [("x", (2 * n, 1))],
               lambda logits, tf32: list(ga.gan_cost(logits, n, 0.5, 0.5, 1e-3)))


def _rest(n, size):
    image = n, size, size, 3

    def normal(x, tf32):
        return [ga.normal((n, 128), 1, ga.zeros((1,), np.uint64, x))]

    def augment(x, parameters, tf32):
        return [ga.augment(x, parameters, size)]

    yield Case("normal", "noise", [("p", (1,))], [("p", (n, 128))], normal)
    yield Case("concatenate", "images", [("x", image), ("x", image)], [("x", (2 * n, *image[1:]))],
               lambda a, b, tf32: [ga.concatenate(a, b)], ("concatenate",))
    yield Case("cast", "images", [("p", image)], [("x", image)],
               lambda x, tf32: [ga.cast(x, "bfloat16")], ("cast", "bfloat16"))
    with_margin = n, size + 8, size + 8, 3
    yield Case("augment", "images", [("u8", with_margin), ("p", (n, 9))], [("p", image)], augment)


def _epilogue(layer):
    """(options, further inputs) of a layer's product: sums for batchnorm, or a bias and the activation."""
    if layer.norm:
        return {"moments": True}, []
    return {"activation": layer.activation}, [("p", layer.bias.shape)]


def _of(layer):
    return " + moments" if layer.norm else f" + bias, {layer.activation}"


def _products(layer, y):
    return 2 * prod(y) * prod(layer.weights.shape[:3])


def _first(result):
    return [result[0] if isinstance(result, tuple) else result]
