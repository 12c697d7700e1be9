"""How the hair on people's heads lies."""
import numpy as np

from dataset.toyfaces.draws import PerImage, pick

SHORT, BOB, LONG = 0, 1, 2


class Haircut(PerImage):
    """The numbers of one family of shapes, from crew cuts to waves below the shoulders."""

    def __init__(self, people):
        draws, male, wavy = people.draws.part("haircut"), people.male, people.has["Wavy_Hair"]
        cut = draws.choice(np.stack([pick(male, 0.86, 0.14), pick(male, 0.14, 0.22), pick(male, 0, 0.64)]))
        self.short = cut == SHORT
        self.bun = self.short & ~male & ~people.has["Wearing_Hat"]
        long = pick(cut == BOB, draws.uniform(0.40, 0.75), draws.uniform(0.9, 1.6))
        self.length = pick(self.short, draws.uniform(-0.06, 0.10), long)    # y where it ends
        self.volume = draws.uniform(pick(self.short, 0.05, 0.07), pick(self.short, 0.10, 0.14))
        self.volume += wavy * draws.uniform(0.03, 0.08)                     # beyond the skull, at the sides
        self.top = self.volume + draws.uniform(0.0, 0.07)                   # and on top
        self.flare = pick(self.short, -0.5, pick(wavy, draws.uniform(0.05, 0.3), draws.uniform(-0.04, 0.08)))
        self.wave = wavy * draws.uniform(0.03, 0.05)
        self.bend = pick(wavy, 1.2, 0.2)                                    # of the strands, radians
        self.phase = tuple(draws.uniform(0, 6.3) for _ in range(3))

        receding = pick(male & ~people.young, 0.06, 0)
        self.hairline = draws.uniform(-0.50, -0.38) + 0.05 * people.pitch - receding
        self.part, self.notch = draws.uniform(-0.35, 0.35), draws.uniform(0.0, 0.18)
        self.sweep = draws.uniform(-0.2, 0.2)
        self.fringe = draws.uniform(-0.25, -0.19) + 0.03 * people.pitch     # y of the lower edge of bangs
        self.strands = draws.uniform(15, 26)                            # radians of their pattern per unit
