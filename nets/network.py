"""A network: layers in a row, their parameters in one flat buffer and their gradients in another.

One buffer makes the optimiser one kernel, a checkpoint one array, and a reduction across devices one call.
Parameters that weight decay applies to come first, so that a single index tells the kernel where decay ends;
each starts on a 256-byte boundary.
"""
import numpy as np

import gpuarray as ga

_ALIGNMENT = 256      # bytes


class Network:
    """Layers called one after the other.

    layers: list of nets.layers.Layer. rng: numpy Generator for the initial weights. device: 'cpu' or 'cuda'.
    dtype: of the parameters, float32 (float64 on the CPU for checks).
    feature_layer: name of the layer whose linear output is Dis_l, for a discriminator.
    precision: 'fp32', 'tf32' or 'bf16', how products are computed (CPU: fp32). With bf16 there is a third
    flat buffer, `rounded`: the parameters in bfloat16, which products read and optimisers keep up to date.
    paths: how many sets of running statistics there are (nets.layers). momentum: the share of them that a
    step keeps.
    """

    def __init__(self, layers, rng, device="cpu", dtype=np.float32, feature_layer=None, precision="fp32",
                 paths=1, momentum=0.9):
        self.layers, self.feature_layer, self.precision = layers, feature_layer, precision
        for layer in layers:
            layer.precision = precision
            if layer.norm:
                layer.norm.momentum = momentum
        self._lay_out_parameters(rng, device, np.dtype(dtype))
        self._lay_out_statistics(rng, device, np.dtype(dtype), paths)

    def join(self, group):
        """Normalise by the batches of a group of processes, of which this one runs a part."""
        for layer in self.layers:
            if layer.norm:
                layer.norm.group = group

    # -------------------------------------------------------------------------------------------- running

    def __call__(self, x, phase="train", path=0, attributes=None):
        """x (N, ...) -> y, pullback; pullback(dy, weight=1.0, need_dx=True) -> dx, see nets.layers.

        attributes (N, A): for a network with a layer that they are joined to.
        """
        def function(layer):
            if layer.attributes:
                return lambda x: layer(x, phase, path, attributes)
            return lambda x: layer(x, phase, path)

        return self._run([function(layer) for layer in self.layers], x)

    def features(self, x, phase="batch", standardised=False):
        """Dis_l(x) and its pullback: all layers before `feature_layer`, then that layer's linear operation.

        standardised: each channel with mean 0 and variance 1, by the layer's running statistics.
        The phase is 'batch' by default, where a call of the network has 'train': running statistics are those
        of runs of the whole network, which this one must not move.
        """
        names = [layer.name for layer in self.layers]
        last = names.index(self.feature_layer)
        below = [lambda x, layer=layer: layer(x, phase) for layer in self.layers[:last]]
        layer = self.layers[last]
        return self._run([*below, layer.standardised if standardised else layer.linear], x)

    def below_head(self, x):
        """What the last layer is given where x comes in, with running statistics."""
        return self._run([lambda x, layer=layer: layer(x, "test") for layer in self.layers[:-1]], x)[0]

    def _run(self, functions, x):
        """The functions one after the other; with bf16 all between input and output is bfloat16."""
        outside, inside = x.dtype, "bfloat16" if self.precision == "bf16" else x.dtype
        x, pullbacks = ga.cast(x, inside), []
        for function in functions:
            x, pullback = function(x)
            pullbacks.append(pullback)

        def pullback_all(dy, weight=1.0, need_dx=True):
            dy = ga.cast(dy, inside)
            for pullback, below in zip(pullbacks[:0:-1], pullbacks[-2::-1]):
                dy = pullback(dy, weight, into=getattr(below, "norm", None))
            dx = pullbacks[0](dy, weight, need_dx)
            return ga.cast(dx, outside) if need_dx else None

        return ga.cast(x, outside), pullback_all

    # -------------------------------------------------------------------------------------------- parameters

    def _lay_out_parameters(self, rng, device, dtype):
        drawn = [(parameter, parameter.initial(rng))
                 for layer in self.layers for parameter in layer.parameters]
        drawn.sort(key=lambda item: not item[0].decayed)          # stable: decayed ones first, in order
        offsets, total = _offsets([parameter.shape for parameter, _ in drawn], dtype)
        flat = np.zeros(total, dtype)
        for (_, initial), offset in zip(drawn, offsets):
            flat[offset:offset + initial.size] = initial.reshape(-1)
        n_decayed = sum(parameter.decayed for parameter, _ in drawn)
        self.decay_boundary = offsets[n_decayed] if n_decayed < len(offsets) else total
        self.parameters = ga.to_device(flat, device)
        self.gradients = ga.to_device(np.zeros_like(flat), device)
        bf16 = self.precision == "bf16"
        self.rounded = ga.cast(self.parameters, "bfloat16") if bf16 else None
        for (parameter, _), offset in zip(drawn, offsets):
            parameter.value = _view(self.parameters, offset, parameter.shape)
            parameter.gradient = _view(self.gradients, offset, parameter.shape)
            parameter.multiplied = _view(self.rounded, offset, parameter.shape) if bf16 else parameter.value

    def load(self, parameters, statistics):
        """Take over what another network like this one has learned: flat buffers on this one's device."""
        self.parameters[...], self.statistics[...] = parameters, statistics
        self.round_parameters()

    def round_parameters(self):
        """Keep `rounded` up to date: to be called where parameters change other than by an optimiser."""
        if self.rounded is not None:
            self.rounded[...] = ga.cast(self.parameters, "bfloat16")

    def _lay_out_statistics(self, rng, device, dtype, paths):
        norms = [layer.norm for layer in self.layers if layer.norm]
        initial = [values(rng) for norm in norms for values in norm.initial_running]
        offsets, total = _offsets([values.shape for values in initial], dtype)
        flat = np.zeros((paths, total), dtype)
        for values, offset in zip(initial, offsets):
            flat[:, offset:offset + values.size] = values
        self.statistics = ga.to_device(flat, device)
        views = [[_view(kept, offset, values.shape) for kept in self.statistics]
                 for values, offset in zip(initial, offsets)]
        for norm, means, inv_stds in zip(norms, views[::2], views[1::2]):
            norm.running = list(zip(means, inv_stds))

    @property
    def parameter_count(self):
        return sum(int(np.prod(parameter.shape)) for layer in self.layers for parameter in layer.parameters)

    def table(self, input_shape):
        """[(row as in the paper's Table 1, output shape, parameter count)] for inputs of `input_shape`."""
        rows, shape = [], input_shape
        for layer in self.layers:
            shape = layer.output_shape(shape)
            activation = "" if layer.activation == "linear" else f", {layer.activation}"
            row = f"{layer}{', BN' if layer.norm else ''}{activation}"
            rows.append((row, shape, sum(int(np.prod(parameter.shape)) for parameter in layer.parameters)))
        return rows


def _offsets(shapes, dtype):
    """Where each array of these shapes starts in a flat buffer, in elements, and the buffer's length."""
    step = _ALIGNMENT // dtype.itemsize
    sizes = [-(-int(np.prod(shape)) // step) * step for shape in shapes]
    starts = np.cumsum([0, *sizes]).tolist()
    return starts[:-1], starts[-1]


def _view(flat, offset, shape):
    return flat[offset:offset + int(np.prod(shape))].reshape(shape)
