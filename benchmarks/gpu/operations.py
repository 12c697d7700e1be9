"""A check of each operation that the backends share: what to draw, and one call that runs on either."""
from dataclasses import dataclass

import numpy as np

import gpuarray as ga


@dataclass
class Check:
    """name: operation and shapes. draw(rng) -> NumPy arrays. run(*arrays, tf32) -> outputs, on the arrays' backend.

    lower: numbers of the arrays that are activations, bfloat16 in bf16; none: the operation is float32 alone.
    float32: numbers of the arrays that stay so. tolerance: where the table's is too tight.
    """
    name: str
    draw: object
    run: object
    lower: tuple = ()
    float32: tuple = ()
    tolerance: float = None


SUMS = 1e-5              # sums over many rows cancel, as in the operations' own tests
# (N, H, W, C, K, k, s): the networks' layers scaled down, whole tiles, then odd ones.
CONVOLUTIONS = ((4, 16, 16, 3, 32, 5, 1), (4, 16, 16, 3, 64, 5, 2), (4, 16, 16, 32, 128, 5, 2),
                (4, 8, 8, 64, 128, 5, 2), (2, 8, 8, 128, 256, 5, 2), (2, 16, 16, 32, 3, 5, 1),
                (1, 7, 9, 5, 6, 3, 2), (3, 5, 4, 7, 10, 4, 3))
TINY_CONVOLUTIONS = (2, 6, 6, 4, 8, 5, 2), (1, 5, 4, 3, 6, 3, 1)
DENSE = ((5, 1024, 256), (64, 128, 512), (4, 512, 1), (3, 37, 11))             # (N, D, K)
IMAGES = ((4, 16, 16, 64), (64, 512), (3, 7, 5, 9), (6, 3), (1, 4096, 1, 32))    # of batchnorm and its like
TINY_IMAGES = (6, 8), (1, 23, 23, 5)


def _normal(*shapes):
    return lambda rng: [rng.standard_normal(shape) for shape in shapes]


def _with(x, *more):
    """x, and its mean and variance apart."""
    y, moments = x
    return [y, *moments, *more]


def _convolution(n, h, w, c, k, side, stride):
    p, q = -(-h // stride), -(-w // stride)
    x, weights, y = (n, h, w, c), (side, side, c, k), (n, p, q, k)
    name = f"({n}, {h}, {w}, {c}), {side}x{side} to {k}, stride {stride}"
    yield Check(f"conv2d {name}", _normal(x, weights, (k,)),
                lambda x, w, b, tf32: [ga.conv2d(x, w, stride, b, "relu", tf32=tf32)], (0,))
    yield Check(f"conv2d {name}, moments", _normal(x, weights),
                lambda x, w, tf32: _with(ga.conv2d(x, w, stride, moments=True, tf32=tf32)), (0,),
                tolerance=SUMS)
    yield Check(f"conv2d_input_grad {name}", _normal(y, weights, (c,)),
                lambda dy, w, b, tf32: [ga.conv2d_input_grad(dy, w, stride, x[1:3], b, "tanh", tf32=tf32)], (0,))
    yield Check(f"conv2d_input_grad {name}, moments", _normal(y, weights),
                lambda dy, w, tf32: _with(ga.conv2d_input_grad(dy, w, stride, x[1:3], moments=True, tf32=tf32)),
                (0,), tolerance=SUMS)

    def weight_grad(x, dy, dw, tf32):
        ga.conv2d_weight_grad(x, dy, dw, stride, 0.5, tf32=tf32)
        return [dw]

    yield Check(f"conv2d_weight_grad {name}", _normal(x, y, weights), weight_grad, (0, 1))


def _dense(n, d, k):
    name = f"{n} x {d} x {k}"
    yield Check(f"dense {name}", _normal((n, d), (d, k), (k,)),
                lambda x, w, b, tf32: [ga.dense(x, w, b, "relu", tf32=tf32)], (0,))
    yield Check(f"dense_input_grad {name}", _normal((n, k), (d, k)),
                lambda dy, w, tf32: [ga.dense_input_grad(dy, w, tf32=tf32)], (0,))

    def weight_grad(x, dy, dw, tf32):
        ga.dense_weight_grad(x, dy, dw, 0.5, tf32=tf32)
        return [dw]

    yield Check(f"dense_weight_grad {name}", _normal((n, d), (n, k), (d, k)), weight_grad, (0, 1))


def _batchnorm(shape):
    c = shape[-1:]

    def forward(x, gamma, beta, mean, inv_std, tf32):
        y, statistics = ga.batchnorm(x, gamma, beta, 1e-5, "relu", running=(mean, inv_std))
        return [y, *statistics, mean, inv_std]

    def backward(dy, x, gamma, beta, mean, inv_std, dgamma, dbeta, tf32):
        dx = ga.batchnorm_grad(dy, x, gamma, beta, (mean, inv_std), "relu", dgamma, dbeta, 0.25)
        return [dx, dgamma, dbeta]

    def inference_grad(dy, x, gamma, beta, mean, inv_std, dgamma, dbeta, tf32):
        dx = ga.batchnorm_inference_grad(dy, x, gamma, beta, (mean, inv_std), "relu", dgamma, dbeta, 0.25)
        return [dx, dgamma, dbeta]

    def bias(dy, y, dbias, tf32):
        return [ga.bias_activation_grad(dy, y, "relu", dbias, 0.25), dbias]

    yield Check(f"batchnorm {shape}", _normal(shape, c, c, c, c), forward, (0,), tolerance=SUMS)
    yield Check(f"batchnorm_grad {shape}", _normal(shape, shape, *[c] * 6), backward, (0, 1), tolerance=SUMS)
    yield Check(f"batchnorm_inference {shape}", _normal(shape, c, c, c, c),
                lambda x, gamma, beta, *given, tf32: [ga.batchnorm_inference(x, gamma, beta, given)], (0,))
    yield Check(f"batchnorm_inference_grad {shape}", _normal(shape, shape, *[c] * 6), inference_grad, (0, 1),
                tolerance=SUMS)
    yield Check(f"bias_activation_grad {shape}", _normal(shape, shape, c), bias, (0, 1), tolerance=SUMS)


def _losses(n, z):
    yield Check(f"feature_loss ({n}, {z})", _normal((n, z), (n, z)),
                lambda a, b, tf32: ga.feature_loss(a, b), (0, 1))
    yield Check(f"reparametrise ({n}, {z})", _normal((n, 2 * z), (n, z)),
                lambda h, noise, tf32: ga.reparametrise(h, noise, 8.0), (0,))
    yield Check(f"reparametrise_grad ({n}, {z})", _normal((n, z), (n, 2 * z), (n, z)),
                lambda dz, h, noise, tf32: [ga.reparametrise_grad(dz, h, noise, 8.0)], (0, 1))
    yield Check(f"gan_cost ({n}, 1)", _normal((n, 1)),
                lambda logits, tf32: ga.gan_cost(logits, n // 2, 0.33, 0.67, 1e-3, (0.68, 0.35)), (0,))
    yield Check(f"non_saturating_grad ({n}, 1)", _normal((n, 1)),
                lambda logits, tf32: [ga.non_saturating_grad(logits, n // 2, 1e-3)], (0,))
    yield Check(f"concatenate ({n}, {z})", _normal((n, z), (2 * n, z)),
                lambda a, b, tf32: [ga.concatenate(a, b)], (0, 1))


def _optimisers(size):
    def draw(rng):
        p, g, m, v = rng.standard_normal((4, size))
        return [p, g, m, abs(v), *np.array([[3.0], [1e-2], [1.0]])]

    def rmsprop(p, g, m, v, t, lr, gate, tf32):
        ga.rmsprop_step(p, g, v, lr, gate, eps=1e-3, weight_decay=0.03, n_decayed=size // 2)
        return [p, g, v]

    def adam(p, g, m, v, t, lr, gate, tf32):
        ga.adam_step(p, g, m, v, t, lr, gate, beta1=0.5, eps=1e-3, weight_decay=0.03, n_decayed=size // 2)
        return [p, g, m, v, t]

    yield Check(f"rmsprop_step ({size},)", draw, rmsprop, float32=(4, 5, 6))
    yield Check(f"adam_step ({size},)", draw, adam, float32=(4, 5, 6))


def _noise_and_images():
    def counter(rng):
        return [np.array([2 ** 32 - 1], np.uint64)]

    def advance(counter, tf32):
        ga.advance(counter)
        return [counter]

    def pictures(rng):
        identity, spread = (1, 0, 0, 0, 1, 0, 1, 1, 0), (.05, .05, 2, .05, .05, 2, .05, .2, .3)
        parameters = np.array(identity) + rng.standard_normal((3, 9)) * spread
        return [rng.integers(0, 256, (3, 21, 17, 3), np.uint8), parameters]

    for shape in ((64, 128), (5, 7)):
        yield Check(f"normal {shape}", counter,
                    lambda counter, tf32, shape=shape: [ga.normal(shape, 2 ** 35 + 11, counter, 1)])
    yield Check("advance", counter, advance)
    yield Check("augment (3, 21, 17, 3) to 18", pictures, lambda x, p, tf32: [ga.augment(x, p, 18)],
                float32=(1,), tolerance=2e-5)


def checks(tiny):
    """All of them; tiny: at one regular and one odd shape each, and shorter."""
    some = slice(-2, None) if tiny else slice(None)
    groups = [*(_convolution(*sizes) for sizes in (TINY_CONVOLUTIONS if tiny else CONVOLUTIONS)),
              *(_dense(*sizes) for sizes in DENSE[some]), *map(_batchnorm, TINY_IMAGES if tiny else IMAGES),
              _losses(8, 6), _losses(64, 128), _optimisers(2048), _optimisers(1031), _noise_and_images()]
    return [check for group in groups for check in group]
