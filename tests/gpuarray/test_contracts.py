"""What each operation refuses, on both backends: in one line that names the operation and the argument."""
from functools import partial
from unittest import mock

import numpy as np
import pytest

import gpuarray as ga
from gpuarray import cpu, cuda, operations
from tests.cuda_on_cpu import device
from tests.gpuarray import likelihoods

BACKENDS = {"cpu": (cpu, np.asarray), "cuda": (cuda, device.to_device)}


class Arguments:
    """Arrays of one backend, float32 ones unless told otherwise."""

    def __init__(self, where):
        self.backend, self.to_device = BACKENDS[where]
        self.x, self.w = self(2, 8, 8, 3), self(5, 5, 3, 4)
        self.dy, self.dw = self(2, 4, 4, 4), self(5, 5, 3, 4)
        self.rows, self.flat, self.one, self.logits = self(6, 4), self(4), self(1), self(4, 1)
        self.h, self.noise = self(2, 6), self(2, 3)
        self.counter = self(1, dtype=np.uint64)
        self.images, self.parameters = self(2, 5, 5, 3, dtype=np.uint8), self(2, 9)

    def __call__(self, *shape, dtype=np.float32):
        return self.to_device(np.ones(shape, dtype))


def batchnorm_grads(a):
    """Both gradients of batchnorm, which have one contract: calls that take what is changed of it."""
    good = dict(dy=a.rows, x=a.rows, gamma=a.flat, beta=a.flat, statistics=(a.flat, a.flat),
                activation="relu", dgamma=a.flat, dbeta=a.flat, weight=1.0)
    changes = {"dy": a(6, 3), "statistics": (a.flat,), "activation": "tanh", "dgamma": None, "dbeta": a(4, 1),
               "weight": "1", "x": a(6, 8)[:, ::2], "gamma": a(3)}
    for name in ("batchnorm_grad", "batchnorm_inference_grad"):
        for changed, value in changes.items():
            yield name, changed, partial(getattr(ga, name), **good | {changed: value})
    for sums in a(2, 4), a(1, 2, 3):
        yield "batchnorm_grad", "sums", partial(ga.batchnorm_grad, **good, sums=sums)


def gradients_into_batchnorm(a):
    """Both products that write a gradient, with what is changed of the batchnorm that it goes into."""
    for call, x in ((partial(ga.conv2d, a.x, a.w, 2), a.dy),
                    (partial(ga.conv2d_input_grad, a.dy, a.w, 2, (8, 8)), a.x)):
        c, other, name = a(x.shape[-1]), a(7), call.func.__name__
        good = ga.Normalised(x, c, c, (c, c), "relu")
        changes = {"x": a(2, 8, 9, 3), "gamma": other, "beta": None, "activation": "tanh"}
        for changed, value in changes.items():
            yield name, rf"into\.{changed}", partial(call, into=good._replace(**{changed: value}))
        yield name, r"into\.statistics\[1\]", partial(call, into=good._replace(statistics=(c, other)))
        for option in dict(bias=c), dict(activation="relu"), dict(moments=True):
            yield name, "a gradient", partial(call, into=good, **option)


def refusals(a):
    """(operation, the argument that is wrong, the call)"""
    conv, up, conv_dw = ga.conv2d, ga.conv2d_input_grad, ga.conv2d_weight_grad
    flat, one = a.flat, a.one
    return [
        ("conv2d", "w", lambda: conv(a.x, a(5, 5, 2, 4), 2)),                          # other channels
        ("conv2d", "w", lambda: conv(a.x, a(5, 3, 3, 4), 2)),                          # not square
        ("conv2d", "w", lambda: conv(a.x, a(5, 5, 3, 4, dtype=np.float16), 2)),
        ("conv2d", "w", lambda: conv(a.x, None, 2)),
        ("conv2d", "x", lambda: conv(a(8, 8, 3), a.w, 2)),
        ("conv2d", "x", lambda: conv(a(2, 8, 8, 6)[..., ::2], a.w, 2)),
        ("conv2d", "x", lambda: conv(a(0, 8, 8, 3), a.w, 2)),
        ("conv2d", "x", lambda: conv(a(2, 8, 8, 3, dtype=np.int64), a.w, 2)),
        ("conv2d", "stride", lambda: conv(a.x, a.w, 0)),
        ("conv2d", "stride", lambda: conv(a.x, a.w, 256)),
        ("conv2d", "stride", lambda: conv(a.x, a.w, 1.5)),
        ("conv2d", "bias", lambda: conv(a.x, a.w, 2, a(5))),
        ("conv2d", "activation", lambda: conv(a.x, a.w, 2, None, "sigmoid")),
        ("conv2d_input_grad", "dy", lambda: up(a.dy, a.w, 2, (9, 8))),
        ("conv2d_input_grad", "w", lambda: up(a.dy, a(5, 5, 3, 5), 2, (8, 8))),
        ("conv2d_input_grad", "size", lambda: up(a.dy, a.w, 2, (8, 0))),
        ("conv2d_input_grad", "size", lambda: up(a.dy, a.w, 2, 8)),
        ("conv2d_input_grad", "size", lambda: up(a.dy, a.w, 2, (8, 8.0))),
        ("conv2d_input_grad", "bias", lambda: up(a.dy, a.w, 2, (8, 8), a(4))),         # of the other side
        ("conv2d_input_grad", "activation", lambda: up(a.dy, a.w, 2, (8, 8), None, "gelu")),
        ("conv2d_weight_grad", "dy", lambda: conv_dw(a.x, a(3, 4, 4, 4), a.dw, 2)),
        ("conv2d_weight_grad", "dy", lambda: conv_dw(a.x, a(2, 5, 4, 4), a.dw, 2)),
        ("conv2d_weight_grad", "dw", lambda: conv_dw(a.x, a.dy, a(5, 5, 2, 4), 2)),
        ("conv2d_weight_grad", "weight", lambda: conv_dw(a.x, a.dy, a.dw, 2, None)),
        ("conv2d_weight_grad", "weight", lambda: conv_dw(a.x, a.dy, a.dw, 2, np.nan)),
        ("dense", "w", lambda: ga.dense(a.rows, a(5, 4))),
        ("dense", "x", lambda: ga.dense(a(2, 3, 4), a(4, 3))),
        ("dense", "x", lambda: ga.dense(a(4, 6).T, a(4, 3))),
        ("dense", "bias", lambda: ga.dense(a.rows, a(4, 3), a(4))),
        ("dense", "activation", lambda: ga.dense(a.rows, a(4, 3), None, "sigmoid")),
        ("dense_input_grad", "w", lambda: ga.dense_input_grad(a.rows, a(4, 5))),
        ("dense_weight_grad", "dy", lambda: ga.dense_weight_grad(a.rows, a(5, 3), a(4, 3))),
        ("dense_weight_grad", "dw", lambda: ga.dense_weight_grad(a.rows, a(6, 3), a(3, 4))),
        ("dense_weight_grad", "weight", lambda: ga.dense_weight_grad(a.rows, a(6, 3), a(4, 3), "1")),
        ("bias_activation_grad", "dy", lambda: ga.bias_activation_grad(a(6, 3), a.rows, "relu")),
        ("bias_activation_grad", "dbias", lambda: ga.bias_activation_grad(a.rows, a.rows, "relu", a(6))),
        ("bias_activation_grad", "activation", lambda: ga.bias_activation_grad(a.rows, a.rows, "sigmoid")),
        ("bias_activation_grad", "weight",
         lambda: ga.bias_activation_grad(a.rows, a.rows, "relu", flat, np.inf)),
        ("batchnorm", "x", lambda: ga.batchnorm(a(6, 8)[:, ::2], flat, flat, 1e-5)),
        ("batchnorm", "gamma", lambda: ga.batchnorm(a.rows, a(3), flat, 1e-5)),
        ("batchnorm", "beta", lambda: ga.batchnorm(a.rows, flat, a(1, 4), 1e-5)),
        ("batchnorm", "eps", lambda: ga.batchnorm(a.rows, flat, flat, -1e-5)),
        ("batchnorm", "activation", lambda: ga.batchnorm(a.rows, flat, flat, 1e-5, "tanh")),
        ("batchnorm", r"moments\[1\]",
         lambda: ga.batchnorm(a.rows, flat, flat, 1e-5, moments=(flat, a.rows))),
        ("batchnorm", r"running\[0\]", lambda: ga.batchnorm(a.rows, flat, flat, 1e-5, running=(a(1), flat))),
        ("batchnorm", "running", lambda: ga.batchnorm(a.rows, flat, flat, 1e-5, running=(flat, flat, flat))),
        ("batchnorm", "momentum", lambda: ga.batchnorm(a.rows, flat, flat, 1e-5, momentum=1.5)),
        ("batchnorm_inference", r"statistics\[1\]",
         lambda: ga.batchnorm_inference(a.rows, flat, flat, (flat, a(3)))),
        ("batchnorm_inference", "statistics", lambda: ga.batchnorm_inference(a.rows, flat, flat, None)),
        ("batchnorm_inference", "activation",
         lambda: ga.batchnorm_inference(a.rows, flat, flat, (flat, flat), "elu")),
        *batchnorm_grads(a),
        *gradients_into_batchnorm(a),
        ("feature_loss", "b", lambda: ga.feature_loss(a(2, 3), a(3, 2))),
        ("reparametrise", "noise", lambda: ga.reparametrise(a.h, a(2, 2), 8.0)),
        ("reparametrise", "h", lambda: ga.reparametrise(a(2, 5), a.noise, 8.0)),
        ("reparametrise", "bound", lambda: ga.reparametrise(a.h, a.noise, 0.0)),
        ("reparametrise_grad", "h", lambda: ga.reparametrise_grad(a(2, 2), a.h, a.noise, 8.0)),
        ("reparametrise_grad", "noise", lambda: ga.reparametrise_grad(a.noise, a.h, a(3, 3), 8.0)),
        ("reparametrise_grad", "kl_weight", lambda: ga.reparametrise_grad(a.noise, a.h, a.noise, 8.0, None)),
        *likelihoods.refusals(a),
        ("gan_cost", "logits", lambda: ga.gan_cost(a(4), 2)),
        ("gan_cost", "n_real", lambda: ga.gan_cost(a.logits, 0)),
        ("gan_cost", "n_real", lambda: ga.gan_cost(a.logits, 4)),
        ("gan_cost", "n_real", lambda: ga.gan_cost(a.logits, 2.5)),
        ("gan_cost", "real_weight", lambda: ga.gan_cost(a.logits, 2, "1")),
        ("gan_cost", "fake_weight", lambda: ga.gan_cost(a.logits, 2, 1, np.nan)),
        ("gan_cost", "eps", lambda: ga.gan_cost(a.logits, 2, eps=-1e-3)),
        ("gan_cost", "gate", lambda: ga.gan_cost(a.logits, 2, gate=0.68)),
        ("gan_cost", "gate", lambda: ga.gan_cost(a.logits, 2, gate=(0.68,))),
        ("gan_cost", "gate", lambda: ga.gan_cost(a.logits, 2, gate=(0.68, -0.35))),
        ("non_saturating_grad", "n_real", lambda: ga.non_saturating_grad(a.logits, 4)),
        ("non_saturating_grad", "eps", lambda: ga.non_saturating_grad(a.logits, 2, None)),
        ("add_means", "no means", lambda: ga.add_means(flat)),
        ("add_means", "totals", lambda: ga.add_means(flat, (one, 2))),
        ("add_means", "totals", lambda: ga.add_means(a(8)[::2], (flat, 2))),
        ("add_means", "sums1", lambda: ga.add_means(flat, (a(3), 2), (a(1, 1), 1))),
        ("add_means", "sums0", lambda: ga.add_means(flat, (1.0, 2))),
        ("add_means", "count0", lambda: ga.add_means(flat, (flat, 0))),
        ("add_means", "count1", lambda: ga.add_means(flat, (a(3), 1), (one, 0.5))),
        ("rmsprop_step", "n_decayed", lambda: ga.rmsprop_step(flat, flat, flat, one, n_decayed=5)),
        ("rmsprop_step", "ms", lambda: ga.rmsprop_step(flat, flat, a(3), one)),
        ("rmsprop_step", "lr", lambda: ga.rmsprop_step(flat, flat, flat, 1e-3)),
        ("rmsprop_step", "gate", lambda: ga.rmsprop_step(flat, flat, flat, one, flat)),
        ("rmsprop_step", "decay", lambda: ga.rmsprop_step(flat, flat, flat, one, decay=-0.1)),
        ("rmsprop_step", "rounded", lambda: ga.rmsprop_step(flat, flat, flat, one, rounded=flat)),
        ("rmsprop_step", "weight_decay", lambda: ga.rmsprop_step(flat, flat, flat, one, weight_decay="0")),
        ("adam_step", "t", lambda: ga.adam_step(flat, flat, flat, flat, flat, one)),
        ("adam_step", "v", lambda: ga.adam_step(flat, flat, flat, a.rows, one, one)),
        ("adam_step", "beta2", lambda: ga.adam_step(flat, flat, flat, flat, one, one, beta2=1.0)),
        ("adam_step", "eps", lambda: ga.adam_step(flat, flat, flat, flat, one, one, eps=np.nan)),
        ("normal", "counter", lambda: ga.normal((3,), 1, a(1, dtype=np.int64))),
        ("normal", "shape", lambda: ga.normal((3, 0), 1, a.counter)),
        ("normal", "seed", lambda: ga.normal((3,), -1, a.counter)),
        ("normal", "stream", lambda: ga.normal((3,), 1, a.counter, 2**32)),
        ("advance", "counter", lambda: ga.advance(a(2, dtype=np.uint64))),
        ("augment", "size", lambda: ga.augment(a.images, a.parameters, 0)),
        ("augment", "parameters", lambda: ga.augment(a.images, a(1, 9), 4)),
        ("augment", "images", lambda: ga.augment(a(2, 5, 5, 3), a.parameters, 4)),
        ("host_value", "x", lambda: ga.host_value(flat, 1.0)),
        ("cast", "x", lambda: ga.cast(a(3, dtype=np.int32), "float32")),
        ("cast", "dtype", lambda: ga.cast(flat, "float16")),
        ("concatenate", "array1", lambda: ga.concatenate(a(2, 3), a(2, 4))),
        ("concatenate", "array1", lambda: ga.concatenate(a(2, 3), a(3, 3), axis=-1)),
        ("concatenate", "array1", lambda: ga.concatenate(a(2, 3), a(2, 3, dtype=np.uint8))),
        ("concatenate", "array0", lambda: ga.concatenate(a(2, dtype=np.int16))),
        ("concatenate", "axis", lambda: ga.concatenate(a(2, 3), axis=1)),
        ("concatenate", "no arrays", ga.concatenate),
    ]


# The same calls, by name and number, on both backends.
NAMES = [f"{operation}: {argument}" for operation, argument, _ in refusals(Arguments("cpu"))]


@pytest.mark.parametrize("where", BACKENDS)
@pytest.mark.parametrize("number", range(len(NAMES)), ids=NAMES)
def test_refuses(where, number):
    operation, argument, call = refusals(Arguments(where))[number]
    with mock.patch.object(BACKENDS[where][0], operation,
                           side_effect=AssertionError("has reached the backend")):
        with pytest.raises(ga.ArgumentError, match=rf"^{operation}: {argument}(?!\w)") as caught:
            call()
    assert "\n" not in str(caught.value)


def test_every_operation_is_in_the_table():
    public = {name for name, value in vars(operations).items() if callable(value)}
    assert public - {name.split(":")[0] for name in NAMES} == {"empty", "zeros", "Normalised"}


@pytest.mark.parametrize("where", BACKENDS)
@pytest.mark.parametrize("allocate", [ga.empty, ga.zeros])
def test_memory_is_taken_beside_an_array(where, allocate):
    like = Arguments(where).counter
    array = allocate((2, 3), np.float32, like)
    assert type(array) is type(like) and array.shape == (2, 3) and array.dtype == np.float32
    with pytest.raises(ga.ArgumentError, match="expected numpy or cupy arrays, got NoneType"):
        allocate((2, 3), np.float32, None)


def test_types_of_one_backend_alone():
    here, there = Arguments("cpu"), Arguments("cuda")
    assert ga.dense(here(2, 3, dtype=np.float64), here(3, 2, dtype=np.float64)).dtype == np.float64
    with pytest.raises(ga.ArgumentError, match="dense: x is float64, expected float32 or bfloat16"):
        ga.dense(there(2, 3, dtype=np.float64), there(3, 2, dtype=np.float64))
    assert ga.cast(there(2), "bfloat16").dtype.name == "bfloat16"
    for a, dtype, expected in ((here, "bfloat16", "'float32', 'float64'"),
                               (there, np.float64, "'float32', 'bfloat16'")):
        with pytest.raises(ga.ArgumentError, match=f"cast: dtype is .*, expected one of {expected}"):
            ga.cast(a.flat, dtype)


def test_arrays_of_both_backends_in_one_call():
    here, there = Arguments("cpu"), Arguments("cuda")
    with pytest.raises(ga.ArgumentError, match=r"dense: .*\(x on simulated 0, w on cpu\): move them to one"):
        ga.dense(there.rows, here(4, 3))


PRODUCTS = {
    "conv2d": lambda a: ga.conv2d(a.x, a.w, 2, tf32=True),
    "conv2d_input_grad": lambda a: ga.conv2d_input_grad(a.dy, a.w, 2, (8, 8), tf32=True),
    "conv2d_weight_grad": lambda a: ga.conv2d_weight_grad(a.x, a.dy, a.dw, 2, tf32=True),
    "dense": lambda a: ga.dense(a.rows, a(4, 3), tf32=True),
    "dense_input_grad": lambda a: ga.dense_input_grad(a.rows, a(3, 4), tf32=True),
    "dense_weight_grad": lambda a: ga.dense_weight_grad(a.rows, a(6, 3), a(4, 3), tf32=True),
}


@pytest.mark.parametrize("operation", PRODUCTS)
def test_tf32_needs_tensor_cores(operation, monkeypatch):
    with pytest.raises(ga.ArgumentError, match=f"{operation}: tf32 is a precision of the CUDA backend"):
        PRODUCTS[operation](Arguments("cpu"))
    monkeypatch.setattr(device, "capability", (7, 5))
    with pytest.raises(ga.ArgumentError,
                       match=rf"{operation}: tf32 needs compute capability 8\.0, this card has 7\.5"):
        PRODUCTS[operation](Arguments("cuda"))
