"""What the encoder knows and how samples differ, in finished runs on toyfaces: python benchmarks/quality.py RUN [RUN ...]

From posterior means of 2,000 training faces a ridge classifier is fitted to each attribute, and read on 1,000 faces that no
run has trained on (area under the ROC curve). The mean difference between pictures is compared between samples and real
faces: near 0, the decoder has collapsed.
"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from scipy.stats import rankdata

import nets
from dataset.toyfaces import ATTRIBUTES, attributes, render
from dataset.toyfaces.reader import TEST
from experiment import checkpoints
from experiment.run_folder import RunFolder
from nets.model import POSTERIOR, PRIOR

READ = "Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair", "Bald", "Wearing_Hat", "Eyeglasses"
TRAIN, UNSEEN, SAMPLES, RIDGE = 2000, 1000, 256, 100.0


class Finished:
    """Encoder and decoder of a run, as its last checkpoint left them."""

    def __init__(self, run):
        folder = RunFolder(run)
        self.settings = settings = folder.config()["settings"]
        size, z_size, width = settings["image_size"], settings["z_size"], settings["width"]
        rng = np.random.default_rng(0)
        if "encoder_hidden" not in settings:
            raise SystemExit(f"error: {run}: a GAN has no encoder: give runs of celeba_vae.py or celeba_aegan.py")
        self.networks = {"encoder": nets.encoder(size, z_size, rng, hidden=settings["encoder_hidden"], width=width),
                         "decoder": nets.decoder(size, z_size, rng, width=width)}
        state = checkpoints.load(checkpoints.latest(folder)).model
        for name, network in self.networks.items():
            network.parameters[...] = state[f"{name}/parameters"]
            network.statistics[...] = state[f"{name}/statistics"]

    def encode(self, images):
        """Posterior means (n, Z) of images in [-1, 1]."""
        parts = [self.networks["encoder"](images[i:i + 100], "test")[0] for i in range(0, len(images), 100)]
        return np.concatenate(parts)[:, :self.settings["z_size"]]

    def sample(self, count):
        z = np.random.default_rng(1).standard_normal((count, self.settings["z_size"]), np.float32)
        path = PRIOR if self.settings.get("fakes") in ("prior", "both") else POSTERIOR      # a VAE has no fakes
        return self.networks["decoder"](z, "test", path)[0]


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
        finished = Finished(run)
        size = finished.settings["image_size"]
        train, has_train = faces(0, TRAIN, size)
        unseen, has_unseen = faces(TEST.start, UNSEEN, size)
        z_train, z_unseen = finished.encode(train), finished.encode(unseen)
        columns = [ATTRIBUTES.index(name) for name in READ]
        areas = [readable(z_train, has_train[:, c], z_unseen, has_unseen[:, c]) for c in columns]
        ratio = difference(finished.sample(SAMPLES)) / difference(unseen[:SAMPLES])
        read = "  ".join(f"{area:>{len(name)}.3f}" for name, area in zip(READ, areas))
        print(f"{Path(run).name:24} {np.mean(areas):8.3f}  {read}  {ratio:.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
