"""DCGAN on faces (Radford, Metz & Chintala 2016), and arithmetic on z of the prior.

    python examples/dcgan.py                                  toyfaces, minutes on a laptop
    python examples/dcgan.py --preset paper                   CelebA, 64x64, the paper's numbers
    python examples/dcgan.py --data FOLDER                    LFW, or any pictures
    python -m experiment arithmetic RUN                       smiling woman - woman + man, of samples

celeba_gan.py with that paper's game: Adam with beta1 .5, the non-saturating cost, no gate, real images and
fakes normalised apart. Its networks are not quite the paper's: Dis is rectified, not leaky, and has a dense
layer before its output; weights are drawn uniformly.
"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))      # the checkout

from experiment import OURS, PAPER, run_experiment      # first: from here on Ctrl-C ends in one line

from celeba_gan import Config, build

# The paper's, section 4, in every preset
GAME = dict(z_size=100, optimiser="adam", schedule="constant", weight_decay=0.0, real_weight=None,
            cost_eps=0.0, gate=False, non_saturating=True, apart=True)
PRESETS = {
    "quick": {
        PAPER: GAME,
        OURS: dict(                    # small networks: Dec falls behind by the paper's game alone
            data="toyfaces", image_size=32, width=0.25, epochs=16, epoch_size=75, batch_size=32, cores=1,
            lr=2e-4, schedule="released", batchnorm_momentum=0.9, mismatched=False, gate=True, apart=False),
    },
    "paper": {
        PAPER: GAME | dict(image_size=64, batch_size=128, lr=2e-4),
        OURS: dict(                    # the paper's three million faces were never published
            data="celeba", width=1.0, epochs=25, epoch_size=1280, batchnorm_momentum=0.9, mismatched=False),
    },
}


if __name__ == "__main__":
    run_experiment(Config, PRESETS, build, __file__)
