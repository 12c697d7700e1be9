"""Layers: each a row of the paper's Table 1: a linear operation, batchnorm or a bias, an activation.

A layer is called and returns its output together with its own backward pass, the pullback:

    y, pullback = layer(x, phase)
    dx = pullback(dy, weight=1.0, need_dx=True)

A pullback is linear in dy, may be called again, and adds weight * gradient to the parameters' gradients
(weight 0: leaves them alone and skips that work). Nothing is stored in the layer, so that a network may run
many times in one step. The only state are the running statistics of batchnorm, a set for each path that
images or z take through the network. Phases: 'train' uses the batch's statistics and updates the path's
running ones, 'batch' uses the batch's and updates nothing, 'test' uses the path's running ones.

Forward, the product before a batchnorm takes the moments of what it writes. Backward, the product that writes
dy takes the sums that the gradient of batchnorm begins with, if it is told which batchnorm dy goes `into`:

    dy = pullback_above(dy_above, into=pullback.norm)        # (dy, sums); dy alone where there is no norm
    dx = pullback(dy)

Axes: N images, H x W pixels, C channels in, K channels out, D inputs of a dense layer.
"""
import numpy as np

import gpuarray as ga
from nets.initial import Constant, Uniform


class Parameter:
    """An array that is learned; `value`, `gradient` and `multiplied` (the value as products take it) are
    views into the flat buffers of its network."""

    def __init__(self, initial, decayed=False):
        self.initial, self.shape = initial, initial.shape     # numpy Generator -> array, called once
        self.decayed = decayed        # does weight decay apply?
        self.value = self.gradient = self.multiplied = None


class BatchNorm:
    """Batch normalisation over all but the last axis, with the activation that follows."""

    momentum = None       # share of the running statistics that a step keeps; the network sets it
    group = ga.ALONE      # the processes over whose batch the statistics are

    def __init__(self, channels, eps, activation):
        self.eps, self.activation = eps, activation
        self.gamma = Parameter(Constant((channels,), 1.0))
        self.beta = Parameter(Constant((channels,), 0.0))
        self.running = None           # [(mean, inv_std)] of each path, views into the network's statistics
        self.initial_running = Constant((channels,), 0.0), Constant((channels,), 1.0)

    def __call__(self, a, phase, path, moments):
        """a (..., C) -> y like a; moments = (mean, var) of a, which the layer before has, unless 'test'."""
        gamma, beta = self.gamma.value, self.beta.value
        if phase == "test":
            statistics, group = self.running[path], ()
            y = ga.batchnorm_inference(a, gamma, beta, statistics, self.activation)
            gradient = ga.batchnorm_inference_grad
        else:
            running, group = self.running[path] if phase == "train" else None, (self.group,)
            moments = self.group.moments(moments, a.size // a.shape[-1])
            y, statistics = ga.batchnorm(a, gamma, beta, self.eps, self.activation, moments, running,
                                         self.momentum)
            gradient = ga.batchnorm_grad

        norm = ga.Normalised(a, gamma, beta, statistics, self.activation)

        def pullback(dy, weight=1.0):
            """dy: like a; or (dy, sums)."""
            dy, *sums = dy if isinstance(dy, tuple) else (dy,)
            return gradient(dy, *norm, self.gamma.gradient, self.beta.gradient, weight, *group, *sums)

        pullback.norm = None if phase == "test" else norm
        return y, pullback


class Layer:
    """What the rows share. A subclass gives `apply`, its linear operation with bias, activation and moments,
    and `transpose`, the gradients of that."""

    precision = "fp32"
    attributes = 0      # how many the layer takes beside its input (Dense)

    def __init__(self, name, weights, channels, normalise, activation, norm_eps):
        self.name, self.activation, self.weights = name, activation, weights
        self.norm = BatchNorm(channels, norm_eps, activation) if normalise else None
        self.bias = None if normalise else Parameter(Constant((channels,), 0.0))     # batchnorm has beta

    @property
    def named_parameters(self):
        """{name: Parameter}"""
        others = {"gamma": self.norm.gamma, "beta": self.norm.beta} if self.norm else {"bias": self.bias}
        return {"weights": self.weights, **others}

    @property
    def parameters(self):
        return list(self.named_parameters.values())

    @property
    def tf32(self):
        return self.precision == "tf32"

    def __call__(self, x, phase="train", path=0):
        if self.norm is None:
            return self._biased(x)
        a, moments = (self.apply(x), None) if phase == "test" else self.apply(x, moments=True)
        y, back_norm = self.norm(a, phase, path, moments)

        def pullback(dy, weight=1.0, need_dx=True, into=None):
            return self.transpose(x, back_norm(dy, weight), weight, need_dx, into)

        pullback.norm = back_norm.norm
        return y, pullback

    def _biased(self, x):
        y = self.apply(x, bias=self.bias.value, activation=self.activation)

        def pullback(dy, weight=1.0, need_dx=True, into=None):
            da = ga.bias_activation_grad(dy, y, self.activation, self.bias.gradient, weight)
            return self.transpose(x, da, weight, need_dx, into)

        return y, pullback

    def linear(self, x):
        """The row's linear operation alone, before batchnorm and activation: where Dis_l is read."""
        def pullback(da, weight=1.0, need_dx=True, into=None):
            return self.transpose(x, da, weight, need_dx, into)

        return self.apply(x), pullback

    def standardised(self, x, path=0):
        """As `linear`, each channel brought to mean 0 and variance 1 by the layer's running statistics."""
        a, linear_back = self.linear(x)
        statistics = self.norm.running[path]
        zero, one = (ga.zeros(a.shape[-1:], self.weights.value.dtype, x) for _ in range(2))
        one += 1

        def pullback(dy, weight=1.0, need_dx=True, into=None):
            da = ga.batchnorm_inference_grad(dy, a, one, zero, statistics, "linear", self.norm.gamma.gradient,
                                             self.norm.beta.gradient, weight=0)
            return linear_back(da, weight, need_dx, into)

        return ga.batchnorm_inference(a, one, zero, statistics, "linear"), pullback


class Conv(Layer):
    """k x k convolution, (N, H, W, C) -> (N, H/s, W/s, K)."""

    def __init__(self, name, c_in, c_out, stride=1, kernel=5, normalise=True, activation="relu"):
        weights = Parameter(Uniform((kernel, kernel, c_in, c_out), kernel**2 * c_in), decayed=True)
        super().__init__(name, weights, c_out, normalise, activation, norm_eps=1e-6)
        self.stride = stride

    def apply(self, x, **epilogue):
        return ga.conv2d(x, self.weights.multiplied, self.stride, tf32=self.tf32, **epilogue)

    def transpose(self, x, da, weight, need_dx, into=None):
        if weight:
            ga.conv2d_weight_grad(x, da, self.weights.gradient, self.stride, weight, tf32=self.tf32)
        if need_dx:
            return ga.conv2d_input_grad(da, self.weights.multiplied, self.stride, x.shape[1:3],
                                        tf32=self.tf32, into=into)

    def output_shape(self, shape):
        height, width, _ = shape
        return -(-height // self.stride), -(-width // self.stride), self.weights.shape[3]

    def __str__(self):
        kernel, _, _, channels = self.weights.shape
        return f"{kernel}x{kernel} conv {channels}" + (f", stride {self.stride}" if self.stride > 1 else "")


class UpConv(Layer):
    """k x k up-convolution, the transpose of a strided convolution: (N, H, W, C) -> (N, sH, sW, K)."""

    def __init__(self, name, c_in, c_out, stride=2, kernel=5, normalise=True, activation="relu"):
        weights = Parameter(Uniform((kernel, kernel, c_out, c_in), kernel**2 * c_out), decayed=True)
        super().__init__(name, weights, c_out, normalise, activation, norm_eps=1e-6)
        self.stride = stride

    def apply(self, x, **epilogue):
        size = x.shape[1] * self.stride, x.shape[2] * self.stride
        return ga.conv2d_input_grad(x, self.weights.multiplied, self.stride, size, tf32=self.tf32, **epilogue)

    def transpose(self, x, da, weight, need_dx, into=None):
        if weight:
            ga.conv2d_weight_grad(da, x, self.weights.gradient, self.stride, weight, tf32=self.tf32)
        if need_dx:
            return ga.conv2d(da, self.weights.multiplied, self.stride, tf32=self.tf32, into=into)

    def output_shape(self, shape):
        height, width, _ = shape
        return height * self.stride, width * self.stride, self.weights.shape[2]

    def __str__(self):
        kernel, _, channels, _ = self.weights.shape
        return f"{kernel}x{kernel} up-conv {channels}"


class Dense(Layer):
    """Fully connected: any (N, ...) with D numbers an image -> (N, *out_shape).

    attributes: A numbers that are joined to each image's D, for a conditional model (paper, section 4.3).
    initial: of the weights, Uniform or Glorot.
    """

    def __init__(self, name, inputs, out_shape, normalise=True, activation="relu", decayed=True,
                 attributes=0, initial=Uniform):
        self.out_shape, self.attributes = tuple(np.atleast_1d(out_shape).tolist()), attributes
        outputs, inputs = int(np.prod(self.out_shape)), inputs + attributes
        weights = Parameter(initial((inputs, outputs), inputs), decayed=decayed)
        super().__init__(name, weights, outputs, normalise, activation, norm_eps=1e-5)

    def __call__(self, x, phase="train", path=0, attributes=None):
        """attributes (N, A) where the layer takes any; they get no gradient."""
        flat = x.reshape(len(x), -1)                                                  # (N, D)
        d = flat.shape[1]
        if self.attributes:
            flat = ga.concatenate(flat, ga.cast(attributes, x.dtype), axis=-1)        # (N, D + A)
        y, pullback_flat = super().__call__(flat, phase, path)                        # (N, K)

        def pullback(dy, weight=1.0, need_dx=True, into=None):       # dx is reshaped: no columns of `into`
            dx = pullback_flat(dy.reshape(y.shape), weight, need_dx)
            if need_dx and self.attributes:
                dx = dx[:, :d].copy()
            return dx.reshape(x.shape) if need_dx else None

        return y.reshape(len(x), *self.out_shape), pullback

    def apply(self, x, **epilogue):
        return ga.dense(x, self.weights.multiplied, tf32=self.tf32, **epilogue)

    def transpose(self, x, da, weight, need_dx, into=None):
        if weight:
            ga.dense_weight_grad(x, da, self.weights.gradient, weight, tf32=self.tf32)
        if need_dx:
            return ga.dense_input_grad(da, self.weights.multiplied, tf32=self.tf32)

    def output_shape(self, shape):
        return self.out_shape

    def __str__(self):
        row = "FC " + "*".join(str(side) for side in self.out_shape)
        return f"{row} ({self.attributes} attributes joined)" if self.attributes else row
