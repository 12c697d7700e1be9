"""A model and images that train in microseconds, with all that the training loop asks of the real ones."""
from dataclasses import dataclass

import numpy as np

import gpuarray as ga
from dataset import Images, Split
from experiment.model_settings import DecoderSettings
from experiment.settings import Settings, fill, number

SIZE = 8


@dataclass(kw_only=True)
class Config(DecoderSettings, Settings):
    strength: float = number("of nothing in particular", above=0)


PRESETS = {preset: {"ours": dict(
    data="toyfaces", image_size=32, width=1.0, z_size=5, epochs=3, epoch_size=4, batch_size=2, lr=0.5,
    schedule="constant", weight_decay=0.0, batchnorm_momentum=0.9, strength=strength)}
    for preset, strength in (("quick", 1.0), ("cpu", 4.0), ("paper", 2.0), ("released", 3.0))}


def settings(**given):
    """Settings of the fake experiment."""
    return fill(Config, PRESETS, given, "fake")


def images(count=11, tests=70):
    """Random images, kept with a margin of 1."""
    rng = np.random.default_rng(0)
    side = SIZE + 2
    train, test = (Split(rng.integers(0, 256, (n, side, side, 3), np.uint8), 1) for n in (count, tests))
    return Images("fake", SIZE, train, test, [])


class FakeModel:
    """Its only parameter follows the images it is given; every step depends on all steps before it."""

    networks, group = {}, ga.ALONE

    def __init__(self, break_at=None, on_step=None, z_size=5):
        self.z_size = z_size
        self.weight, self.count, self.learning_rate = np.array([0.25]), np.zeros(1, np.uint64), 0.0
        self.break_at, self.on_step, self.rates, self._losses = break_at, on_step, [], []

    def step(self, x):
        self.count += 1
        self.rates.append(self.learning_rate)
        self.weight += self.learning_rate * np.sin(self.weight * self.count + x.astype(np.float64).mean())
        self._losses.append(np.nan if self.count[0] == self.break_at else float(self.weight[0]))
        if self.on_step:
            self.on_step(int(self.count[0]))

    def metrics(self):
        losses, self._losses = self._losses, []
        return {"kl": float(np.sum(losses) / len(losses))}

    def totals(self):
        return len(self._losses), {"kl": np.array([np.sum(self._losses)])} if self._losses else {}

    def restore_totals(self, steps, totals):
        self._losses = [*totals["kl"], *[0.0] * (steps - 1)] if steps else []

    def test_metrics(self, x):
        return {}

    def sample(self, z):
        return np.tile(np.tanh(z[:, :3])[:, None, None], (1, SIZE, SIZE, 1)).astype(np.float32)

    def reconstruct(self, x):
        return -x

    def state(self):
        return {"weight": self.weight.copy(), "count": self.count.copy()}

    def restore(self, state):
        self.weight[...], self.count[...] = state["weight"], state["count"]
