"""VAE/GAN on Labeled Faces in the Wild: celeba_aegan.py with the numbers that the released code has for LFW.

    python lfw_aegan.py --preset cpu           real faces in a night, without a GPU
    python lfw_aegan.py --preset released      the released code's numbers
    python lfw_aegan.py --preset paper         the paper's
    python lfw_aegan.py --preset paper --conditional      faces from attributes
"""
from celeba_aegan import PRESETS as CELEBA
from celeba_aegan import Config, build
from experiment import OURS, PAPER, RELEASED, changed, run_experiment

PRESETS = changed(
    CELEBA,
    cpu={OURS: dict(data="lfw")},
    paper={PAPER: dict(data="lfw")},
    released={RELEASED: dict(data="lfw", epochs=150, lr=0.01 / 64, real_weight=0.33)})


if __name__ == "__main__":
    run_experiment(Config, PRESETS, build, __file__)
