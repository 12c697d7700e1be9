"""What the encoder knows and how samples differ, in finished runs on toyfaces:

    python benchmarks/quality.py RUN [RUN ...]

From posterior means of 2,000 training faces a ridge classifier is fitted to each attribute, and read on 1,000
faces that no run has trained on (area under the ROC curve). The mean difference between pictures is compared
between samples and real faces: near 0, the decoder has collapsed.
"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from scipy.stats import rankdata

from dataset.toyfaces import ATTRIBUTES, attributes, render
from dataset.toyfaces.reader import TEST
from experiment import UsageError, load_run
from experiment.exit import run_program

READ = "Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair", "Bald", "Wearing_Hat", "Eyeglasses"
TRAIN, UNSEEN, SAMPLES, RIDGE = 2000, 1000, 256, 100.0


def encode(model, images):
    """Posterior means (n, Z) of images in [-1, 1]."""
    return np.concatenate([model.encode(images[i:i + 100]) for i in range(0, len(images), 100)])


def faces(first, count, size):
    """(images in [-1, 1], attributes 0 or 1) of toyfaces first, first + 1, ..."""
    indices = range(first, first + count)
    return render(indices, size).astype(np.float32) / np.float32(127.5) - 1, attributes(indices)


def readable(z_train, has_train, z_unseen, has_unseen):
    """Area under the ROC curve of a ridge classifier from standardised z to one attribute."""
    mean, std = z_train.mean(0), z_train.std(0) + 1e-6
    z_train, z_unseen = (z_train - mean) / std, (z_unseen - mean) / std
    target = z_train.T @ (has_train - has_train.mean())
    scores = z_unseen @ np.linalg.solve(z_train.T @ z_train + RIDGE * np.eye(len(target)), target)
    positive = has_unseen > 0
    ranks, n = rankdata(scores), positive.sum()
    return (ranks[positive].sum() - n * (n + 1) / 2) / (n * (len(ranks) - n))


def difference(images):
    """Mean absolute difference between one half of the images and the other."""
    half = len(images) // 2
    return float(np.abs(images[:half] - images[half:]).mean())


def main(runs):
    print(f"{'run':24} {'mean AUC':>8}  {'  '.join(READ)}  difference between samples / real faces")
    for run in runs:
        settings, model = load_run(run, device="cpu")
        if not model.has_encoder:
            raise UsageError(f"{run}: a GAN has no encoder: give runs of celeba_vae.py or celeba_aegan.py")
        size = settings.image_size
        z = np.random.default_rng(1).standard_normal((SAMPLES, settings.z_size), np.float32)
        train, has_train = faces(0, TRAIN, size)
        unseen, has_unseen = faces(TEST.start, UNSEEN, size)
        z_train, z_unseen = encode(model, train), encode(model, unseen)
        columns = [ATTRIBUTES.index(name) for name in READ]
        areas = [readable(z_train, has_train[:, c], z_unseen, has_unseen[:, c]) for c in columns]
        ratio = difference(model.sample(z)) / difference(unseen[:SAMPLES])
        read = "  ".join(f"{area:>{len(name)}.3f}" for name, area in zip(READ, areas))
        print(f"{Path(run).name:24} {np.mean(areas):8.3f}  {read}  {ratio:.2f}")


if __name__ == "__main__":
    run_program(lambda: main(sys.argv[1:]))
