"""What p(x|z) a decoder describes: the distribution of an image's pixels, given the numbers it puts out."""
import numpy as np

import gpuarray as ga


class Bernoulli:
    """Binary images: pixels are independent, 1 with the probability sigmoid(number).

    Images of grey levels become binary by a draw, 1 with the probability that the level gives, anew each time
    (Salakhutdinov & Murray 2008; Burda et al. 2016).
    """

    numbers = 1           # that the decoder puts out for each channel of a pixel

    def observe(self, x, seed, counter, stream, offset):
        """What is observed where an image is x (N, H, W, C) in [-1, 1]: -1 and 1; see gpuarray.binarise."""
        return ga.binarise(x, seed, counter, stream, offset)

    def loss(self, numbers, x):
        """-log p(x) of each image, (N,), and the gradient of their sum to the decoder's numbers."""
        return ga.bernoulli_loss(numbers, x)

    def mean(self, numbers):
        """The expected images, in [-1, 1]."""
        return np.tanh(numbers / 2)                       # 2 sigmoid - 1


class Gaussian:
    """Pixels are independent Gaussians, mean and log-variance learned (Kingma & Welling 2014, appendix C.2).

    A density of continuous pixels in [-1, 1], of levels that are in truth 1 / 127.5 apart: where pixels are
    almost surely black it grows with every narrower Gaussian, so log_var_bound is its end [ours]: standard
    deviations stay above exp(-4), 2.3 levels.
    """

    numbers, log_var_bound = 2, 8.0

    def observe(self, x, seed, counter, stream, offset):
        return x

    def loss(self, numbers, x):
        return ga.gaussian_loss(numbers, x, self.log_var_bound)

    def mean(self, numbers):
        return numbers[..., :numbers.shape[-1] // 2].copy()


LIKELIHOODS = {"bernoulli": Bernoulli, "gaussian": Gaussian}
