"""Run folders with pictures that a screenshot can tell apart."""
import numpy as np

from experiment import report
from experiment.pictures import grid, png
from experiment.run_folder import RunFolder

STEPS, EPOCHS = 10, 4        # of an epoch; of the run
SIZE = 8                     # of an image, pixels
BLUE = (0, 0, 255)


def red(epoch):
    """The colour of the samples of an epoch."""
    return (50 * epoch, 0, 0)


def green(epoch):
    """The colour of the reconstructions of an epoch."""
    return (0, 50 * epoch, 0)


def begin(path):
    """A run that has not trained yet; its test images are blue."""
    folder = RunFolder(path)
    folder.create({"script": "celeba_aegan", "origin": {"seed": "flag", "lr": "paper"},
                   "settings": {"preset": "quick", "seed": 3, "lr": 3e-4, "epochs": EPOCHS,
                                "epoch_size": STEPS, "image_size": SIZE, "z_size": 6, "data": "toyfaces",
                                "encoder_hidden": 4}})
    folder.write("originals.png", plain(BLUE))
    return folder


def train(folder, epochs):
    """Add those epochs (a range) and write the page."""
    for epoch in epochs:
        for step in range((epoch - 1) * STEPS + 1, epoch * STEPS + 1):
            folder.add_metrics({"step": step, "epoch": epoch, "seconds": step / 2, "images_per_s": 100.0,
                                "learning_rate": 3e-4, "kl": 100 / step, "d_real": 0.7, "d_fake": 0.3,
                                "gate_dis": 0.5, "gate_dec": 1.0})
        folder.write(f"samples/epoch_{epoch:04d}.png", plain(red(epoch)))
        folder.write(f"reconstructions/epoch_{epoch:04d}.png", plain(green(epoch)))
    report.write(folder)


def plain(colour):
    """A grid of 64 images of one colour, as a PNG file."""
    image = np.array(colour, np.float32) / 127.5 - 1
    return png(grid(np.broadcast_to(image, (64, SIZE, SIZE, 3))))


def address(folder, page=report.PAGE):
    return (folder.path / page).resolve().as_uri()
