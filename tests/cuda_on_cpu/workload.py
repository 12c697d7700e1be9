"""One call that starts every kernel of the CUDA backend: a small VAE/GAN's steps, pictures, augmentation."""
from contextlib import contextmanager
from types import SimpleNamespace
from unittest import mock

import numpy as np

import gpuarray as ga
import nets
from gpuarray.cuda import patches, winograd

TRAINING = dict(gamma=1e-2, gate=(0.68, 0.35), learning_rate=1e-3, weight_decay=1e-4)


def vaegan(device, size=32, width=1 / 16, z_size=8, hidden=64, precision="fp32", seed=0, **options):
    """A VAE/GAN, tiny unless told otherwise, with the same weights everywhere. options: of nets.VAEGAN."""
    rng = np.random.default_rng(seed)
    common = dict(width=width, device=device, precision=precision)
    networks = (nets.encoder(size, z_size, rng, hidden=hidden, **common),
                nets.decoder(size, z_size, rng, **common), nets.discriminator(size, rng, **common))
    return nets.VAEGAN(*networks, z_size, seed=seed, **{**TRAINING, **options})


def images(n, size=32, seed=1):
    """n images (n, size, size, 3) float32 in [-1, 1]."""
    return np.random.default_rng(seed).uniform(-1, 1, (n, size, size, 3)).astype(np.float32)


def run_every_kernel(device, size=32, n=3, precision="fp32", **options):
    """A step of each game with each optimiser, the second in the features of a fixed discriminator;
    reconstructions; augmented images; and the kernels that tiny networks do not need."""
    margin = np.random.default_rng(2).integers(0, 256, (n, size + 8, size + 8, 3), np.uint8)
    still = np.tile(np.float32([1, 0, 0, 0, 1, 0, 1, 1, 0]), (n, 1))
    x = ga.augment(ga.to_device(margin, device), ga.to_device(still, device), size)
    model = vaegan(device, size, precision=precision, non_saturating=True, **options)
    model.step(x)
    model.reconstruct(x)
    encoder, decoder, discriminator = model.networks.values()
    nets.FeatureVAE(encoder, decoder, discriminator, model.z_size, seed=0, learning_rate=1e-3,
                    optimiser="adam").step(x)
    _split_product_and_batchnorm(x, precision)
    _patches(x, precision)
    if precision == "fp32":                              # what is the same in all of them
        _winograd(x)
        _costs_of_several_processes(x)
        _likelihoods(x)


def _split_product_and_batchnorm(x, precision):
    """Images x through a product whose depth is split; batchnorm without moments, and its gradient without
    sums, of few rows and of many."""
    channels = x.shape[-1]
    w = ga.zeros((x[0].size, channels), np.float32, x)
    gamma = beta = ga.zeros((channels,), np.float32, x)
    flat = ga.cast(x.reshape(len(x), -1), "bfloat16" if precision == "bf16" else "float32")
    for a in x, ga.dense(flat, w, tf32=precision == "tf32"):
        y, statistics = ga.batchnorm(a, gamma, beta, eps=1e-5)
        ga.batchnorm_grad(y, a, gamma, beta, statistics, "relu", *(ga.zeros((2, channels), np.float32, x)))


def _patches(x, precision):
    """Convolutions with channels enough for patches, and for wgmma, which tiny networks have not."""
    element = "bfloat16" if precision == "bf16" else "float32"
    maps, w = ga.zeros((1, 16, 18, 32), np.float32, x), ga.zeros((5, 5, 32, 64), np.float32, x)
    maps, tf32 = ga.cast(maps, element), precision == "tf32"
    y = ga.conv2d(maps, w, 2, tf32=tf32)
    for cards in patches.WGMMA_CARDS, ():
        with mock.patch.object(patches, "WGMMA_CARDS", cards):
            ga.conv2d_input_grad(y, w, 2, (16, 18), tf32=tf32, into=_batchnorm_of(maps))
    ga.conv2d_weight_grad(maps, y, w, 2, tf32=tf32)
    maps, w = ga.zeros((1, 8, 8, 96), np.float32, x), ga.zeros((2, 2, 96, 96), np.float32, x)
    y = ga.conv2d(ga.cast(maps, element), w, 1, tf32=tf32)
    ga.conv2d_input_grad(y, w, 1, (8, 8), tf32=tf32)


def _batchnorm_of(x):
    """A batchnorm that a gradient like x goes into."""
    channels = ga.zeros(x.shape[-1:], np.float32, x)
    return ga.Normalised(x, channels, channels, (channels, channels), "relu")


@contextmanager
def winograd_everywhere():
    """Winograd's algorithm also where it does not pay, as in tiny networks."""
    with mock.patch.multiple(winograd, _LEAST_CHANNELS=(4, 4), _LEAST_TILES=1):
        yield


def _winograd(x):
    """Winograd's algorithm, with tiles and channels that fill no block."""
    maps, w = ga.zeros((1, 8, 16, 12), np.float32, x), ga.zeros((5, 5, 12, 20), np.float32, x)
    with winograd_everywhere():
        y = ga.conv2d(maps, w, 2, moments=True)[0]
        ga.conv2d_input_grad(y, w, 2, (8, 16), into=_batchnorm_of(maps))
        ga.conv2d_weight_grad(maps, y, w, 2)


def _costs_of_several_processes(x):
    """The gates of a batch of which this process has half; sums are not made."""
    communicator = SimpleNamespace(rank=0, size=2, sum=lambda array: None)
    ga.gan_cost(ga.zeros((len(x), 1), np.float32, x), 1, gate=(0.68, 0.35), group=ga.Group(communicator, 2))


def _likelihoods(x):
    """What nets.ImportanceVAE needs, with images x in the place of every array that is as large, and more
    latent dimensions than a block has threads."""
    counter, flat = ga.zeros((1,), np.uint64, x), x.reshape(-1)[:300 * len(x)].reshape(len(x), 300)
    binary, h = ga.binarise(x, 1, counter), ga.concatenate(flat, flat, axis=-1)
    losses, _ = ga.bernoulli_loss(x, binary)
    ga.gaussian_loss(ga.concatenate(x, x, axis=-1), x, 8.0)
    z, log_q = ga.sample_posterior(h, flat[None], 8.0)
    ga.sample_posterior_grad(z, log_q, h, flat[None], 8.0)
    z = z[0]
    u, one = flat[0], ga.zeros((1,), np.float32, x)
    _, log_det = ga.planar_flow(z, u, u, one)
    ga.planar_flow_grad(z, log_det, z, u, u, one, *(ga.zeros(array.shape, np.float32, x)
                                                    for array in (u, u, one)))
    log_w = ga.concatenate(losses, ga.log_prior(z)).reshape(2, -1)
    ga.total(ga.importance_bound(log_w)[0])
    ga.enlarge(ga.shrink(x))


def once(launch):
    """`launch`, but not again with the same sizes: it would touch the same addresses once more."""
    done = set()

    def launch_once(source, kernel, grid, block, args, shared=0, defines=()):
        sizes = tuple(int(arg) if isinstance(arg, np.integer) else arg is None for arg in args)
        key = source, kernel, grid, block, sizes, shared, defines
        if key not in done:
            done.add(key)
            launch(source, kernel, grid, block, args, shared, defines)

    return launch_once


if __name__ == "__main__":
    import argparse
    from pathlib import Path

    from gpuarray.cuda import runtime, source
    from tests.cuda_on_cpu import device

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("precisions", nargs="+")
    parser.add_argument("--kernels", type=Path, default=source.FOLDER, help="folder of the .cu files to run")
    options = parser.parse_args()
    source.FOLDER, runtime.default_runtime = options.kernels, lambda: device
    device.launch = once(device.launch)
    for precision in options.precisions:
        run_every_kernel("cuda", precision=precision)
