"""What all models share: networks with optimisers, noise, a learning rate on the device, metrics, state."""
import numpy as np

import gpuarray as ga
from nets.optimisers import OPTIMISERS

# where z comes from, q(z|x) or p(z): streams of the noise, and paths of the decoder
POSTERIOR, PRIOR = 0, 1


class Model:
    """A set of networks that are trained together.

    networks: dict name -> Network, those that learn. seed: of the noise. learning_rate: of all optimisers.
    log_var_bound [ours]: log-variances stay in (-8, 8), so that a wild first step cannot overflow the KL;
    None: they are not bounded.
    graph: on a GPU, record a step as one CUDA graph and replay it; batches then have one shape.
    A subclass gives `gradients(*batch)`, which adds to the networks' gradients and reports metrics.
    group: of the processes that train together, ALONE unless `join` changes it. What `gradients` computes is
    then that of this process's part of the batch; losses are sums over images, so that the gradients of all
    parts add up to those of the whole.
    """

    # The decoder's path for samples: [released code] POSTERIOR; [ours] PRIOR where it learns from such z.
    sample_path = POSTERIOR
    draws_with_decoder_alone = True       # whether pictures are what the network 'decoder' puts out
    has_likelihood = False        # of pixels: `observe` and `log_weights`, as nets.ImportanceVAE has them

    def __init__(self, networks, z_size, seed, learning_rate, optimiser="rmsprop", weight_decay=0.0,
                 log_var_bound=8.0, graph=False):
        self.networks, self.z_size, self.seed, self.log_var_bound = networks, z_size, seed, log_var_bound
        self.optimisers = {name: OPTIMISERS[optimiser](network, weight_decay)
                           for name, network in networks.items()}
        flat = next(iter(networks.values())).parameters
        self.dtype = flat.dtype
        self._learning_rate = ga.zeros((1,), np.float32, flat)
        self.learning_rate = learning_rate
        self.noise_counter = ga.zeros((1,), np.uint64, flat)
        self._reported = {}                   # of this step: (values, count) by their tuple of names
        self.restore_totals(0, {})
        self.group, self._summed = ga.ALONE, set()
        self._train = ga.Graph(self._train_once) if graph else self._train_once

    # -------------------------------------------------------------------------------------------- training

    def join(self, group, batchnorm_per_rank=False):
        """Train together with other processes, from the next step on.

        group: a gpuarray.Group. batchnorm_per_rank: every process normalises by its own part of the batch.
        """
        self.group = group
        for network in self.networks.values():
            network.join(ga.ALONE if batchnorm_per_rank else group)

    def step(self, *batch):
        """One training step: all gradients on the same parameters, then all updates.

        batch: images (N, S, S, C) in [-1, 1], and for a conditional model their attributes; of the group's
        batch this process's part.
        """
        self._train(*batch)
        self._steps += 1

    def _train_once(self, *batch):
        """What a step does on the device."""
        self.gradients(*batch)
        self.sum_gradients()
        self.update()
        self.add_up_reports()
        ga.advance(self.noise_counter)

    def sum_early(self, name):
        """Begin to add up a network's gradients over the group, when the step adds no more to them."""
        self._summed.add(name)
        self.group.begin_sum(self.networks[name].gradients)

    def sum_gradients(self):
        """Make all gradients those of the whole batch."""
        for name in self.networks:
            if name not in self._summed:
                self.sum_early(name)
        self._summed.clear()
        self.group.finish()

    def update(self):
        """Step every network."""
        for optimiser in self.optimisers.values():
            optimiser.step(self._learning_rate)

    @property
    def learning_rate(self):
        return float(ga.to_host(self._learning_rate)[0])

    @learning_rate.setter
    def learning_rate(self, rate):
        self._learning_rate[...] = rate

    def noise(self, n, stream):
        """Standard normal (N, Z) of this step, for the n images here."""
        noise = ga.normal((n, self.z_size), self.seed, self.noise_counter, stream,
                          self.group.before(n) * self.z_size)
        return noise.astype(self.dtype, copy=False)

    # -------------------------------------------------------------------------------------------- metrics

    def report(self, name, value, per=None):
        """A metric of this step, a device array (1,): the whole batch's mean, or, with `per`, a sum over so
        many images, those here."""
        count = 1
        if per is not None:
            value, count = self.group.sum(value), self.group.whole(per)
        self._reported[name,] = value, count

    def report_gan(self, report, level=""):
        """gan_cost's report (6,), under names that end in `level`."""
        names = "cost_real", "cost_fake", "d_real", "d_fake", "gate_dis", "gate_dec"
        self._reported[tuple(f"{name}{level}" for name in names)] = report, 1

    def add_up_reports(self):
        """Add what the step has reported to the running totals, all of it at once."""
        names = sum(self._reported, ())
        if names != self._names:              # in the first step, which is not recorded as a graph
            before = self._totals_by_name()
            self.restore_totals(self._steps, {name: before.get(name, np.zeros(1)) for name in names})
        ga.add_means(self._totals, *self._reported.values())
        self._reported.clear()

    def metrics(self):
        """Means over the steps since the last call, as floats (waits for the device); {} where there was
        none."""
        steps, self._steps = self._steps, 0
        if steps == 0:
            return {}
        means = {name: float(total[0]) / steps for name, total in self._totals_by_name().items()}
        self._totals[...] = 0                 # where it is: a recorded step adds to this very array
        return means

    def test_metrics(self, *batch):
        """Metrics of images that were not trained on, as floats by name; {} for a model that has none."""
        return {}

    def totals(self):
        """What metrics() would average, to restore: the number of steps, and sums (NumPy arrays) by name."""
        return self._steps, self._totals_by_name() if self._steps else {}

    def restore_totals(self, steps, totals):
        """Take back what `totals` gave, before the first step."""
        self._steps, self._names = steps, tuple(totals)
        numbers = np.array([total[0] for total in totals.values()], self.dtype)
        self._totals = ga.to_device(numbers, self._device)

    def _totals_by_name(self):
        return dict(zip(self._names, ga.to_host(self._totals)[:, None]))

    # -------------------------------------------------------------------------------------------- pictures

    @property
    def has_encoder(self):
        return "encoder" in self.networks

    @property
    def has_decoder(self):
        return "decoder" in self.networks

    def input_shape(self, name, image_shape):
        """The shape of what the network of that name takes, for a table."""
        return (self.z_size,) if name == "decoder" else image_shape

    def sample(self, z, attributes=None):
        """Images (N, S, S, C) in [-1, 1] decoded from z (N, Z) of the prior, with running statistics; None
        for a model without a decoder.

        attributes (N, A), here and below: of the images, for a conditional model.
        """
        return self._decode(z, self.sample_path, attributes) if self.has_decoder else None

    def decode(self, z, attributes=None):
        """Images decoded from z (N, Z) of the posterior, or of the prior where there is no encoder."""
        return self._decode(z, POSTERIOR if self.has_encoder else self.sample_path, attributes)

    def _decode(self, z, path, attributes):
        return self.networks["decoder"](z, "test", path, attributes)[0]

    def posterior(self, x, attributes=None):
        """Mean and log-variance of q(z|x), (N, Z) each, of images x; None for a model without an encoder."""
        if not self.has_encoder:
            return None
        h, _ = self.networks["encoder"](x, "test", attributes=attributes)
        mean, raw = h[:, :self.z_size], h[:, self.z_size:]
        bound = self.log_var_bound
        return mean.copy(), raw.copy() if bound is None else bound * np.tanh(raw / bound)

    def encode(self, x, attributes=None):
        """Posterior means (N, Z) of images x; None for a model without an encoder."""
        return self.posterior(x, attributes)[0] if self.has_encoder else None

    def reconstruct(self, x, attributes=None):
        """Images decoded from the posterior means of x; None for a model without an encoder."""
        return self.decode(self.encode(x, attributes), attributes) if self.has_encoder else None

    # -------------------------------------------------------------------------------------------- state

    def _arrays(self):
        """Every array that training changes, by name."""
        arrays = {"noise_counter": self.noise_counter}
        for name, network in self.networks.items():
            arrays[f"{name}/parameters"] = network.parameters
            arrays[f"{name}/statistics"] = network.statistics
            for key, buffer in self.optimisers[name].buffers.items():
                arrays[f"{name}/{key}"] = buffer
        return arrays

    def state(self):
        """A copy of everything a bit-exact resume needs, as NumPy arrays by name."""
        return {name: np.array(ga.to_host(array)) for name, array in self._arrays().items()}

    def restore(self, state):
        """Take back what `state` gave. Raises ValueError where names or shapes are another model's."""
        arrays = self._arrays()
        for name, array in arrays.items():
            if name not in state or state[name].shape != array.shape:
                found = (f"has shape {state[name].shape}, expected {array.shape}" if name in state
                         else "is missing")
                raise ValueError(f"state of another model: {name} {found}")
        for name, array in arrays.items():
            array[...] = ga.to_device(state[name].astype(array.dtype, copy=False), self._device)
        for network in self.networks.values():
            network.round_parameters()

    @property
    def _device(self):
        return "cpu" if type(self.noise_counter) is np.ndarray else "cuda"
