"""VAE/GAN on CIFAR-10: celeba_aegan.py with the numbers that the released code has for it.

    python examples/cifar_aegan.py                            quarter-width networks, minutes on one core
    python examples/cifar_aegan.py --preset cpu               half width, a night
    python examples/cifar_aegan.py --preset released          the released code's numbers
    python examples/cifar_aegan.py --conditional              every network is told the class
"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))      # the checkout

from celeba_aegan import PRESETS as CELEBA
from celeba_aegan import Config, build
from experiment import OURS, RELEASED, changed, run_experiment

PRESETS = changed(
    {preset: CELEBA[preset] for preset in ("quick", "cpu", "released")},
    quick={OURS: dict(data="cifar10")},
    cpu={OURS: dict(data="cifar10", image_size=32)},
    released={RELEASED: dict(data="cifar10", image_size=32, z_size=256, gamma=1e-5, epochs=200)})


if __name__ == "__main__":
    run_experiment(Config, PRESETS, build, __file__)
