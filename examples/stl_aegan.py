"""VAE/GAN on the unlabelled images of STL-10: celeba_aegan.py with the released code's numbers for it.

    python examples/stl_aegan.py                              32 x 32, quarter width, minutes on one core
    python examples/stl_aegan.py --preset cpu                 64 x 64, half width, a night
    python examples/stl_aegan.py --preset released            the released code's numbers
"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))      # the checkout

from celeba_aegan import PRESETS as CELEBA
from celeba_aegan import Config, build
from experiment import OURS, RELEASED, changed, run_experiment

PRESETS = changed(
    {preset: CELEBA[preset] for preset in ("quick", "cpu", "released")},
    quick={OURS: dict(data="stl10")},
    cpu={OURS: dict(data="stl10")},
    released={RELEASED: dict(data="stl10", epochs=200, lr=0.01 / 64)})


if __name__ == "__main__":
    run_experiment(Config, PRESETS, build, __file__)
