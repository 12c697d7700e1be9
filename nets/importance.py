"""The importance-weighted autoencoder (Burda et al. 2016), which for one sample is the VAE."""
import numpy as np

import gpuarray as ga
from nets.model import POSTERIOR, Model

_OBSERVED, _SAMPLES = 2, 3        # streams of the noise: of what is observed; of sample k: _SAMPLES + k


def _shown(x):
    """Images x in [-1, 1] as the encoder sees them: in [0, 1], as in the papers. Black, the most of a digit,
    then adds nothing up in the first layer, and its tanh do not saturate."""
    return (x + 1) / 2


class ImportanceVAE(Model):
    """An autoencoder that maximises log mean_k p(x, z_k) / q(z_k|x), a lower bound on log p(x).

    likelihood: p(x|z), of nets.LIKELIHOODS; the decoder puts out its numbers. samples: K draws of z for an
    image. With one it is the ELBO, with L_prior by that draw too (Kingma & Welling 2014, eq. 6). flow: a
    nets.Flow that the Gaussian's z goes through, or None.
    Images that the encoder is asked about later may be grey: they are shown to it as they are.
    """

    has_likelihood = True
    draws_with_decoder_alone = False

    def __init__(self, encoder, decoder, z_size, likelihood, samples=1, flow=None, **options):
        networks = {"encoder": encoder, "decoder": decoder} | ({"flow": flow} if flow else {})
        super().__init__(networks, z_size, **options)
        self.likelihood, self.samples, self.flow = likelihood, samples, flow

    def gradients(self, x):
        n = len(x)
        x = self.observe(x, self.noise_counter, self.group.before(n))
        noise = ga.concatenate(*(self.noise(n, _SAMPLES + k)[None] for k in range(self.samples)))
        log_p, log_ratio, pullback = self.log_weights(x, noise, "train")
        bounds, weights = ga.importance_bound(log_p - log_ratio)
        pullback(-weights)                                                    # descends the bound's negative
        self.report("bound", ga.total(bounds), per=n)
        self.report("kl", ga.total(log_ratio) / self.samples, per=n)

    def observe(self, x, counter, before=0):
        """What is observed of images x (N, H, W, C) in [-1, 1], of which so many others come `before`."""
        return self.likelihood.observe(x, self.seed, counter, _OBSERVED, before * x[0].size)

    def log_weights(self, x, noise, phase="test"):
        """log p(x|z) and log q(z|x) - log p(z), (K, N) each, of K samples z of q(z|x); and a pullback.

        x (N, H, W, C): as observed. noise (K, N, Z). Their difference is log w.
        pullback(dlog_w (K, N)): adds to all networks' gradients.
        """
        samples, n, z_size = noise.shape
        h, encoder_back = self.networks["encoder"](_shown(x), phase)          # (N, 2Z)
        z0, log_q = ga.sample_posterior(h, noise, self.log_var_bound)
        z, log_det, flow_back = z0.reshape(-1, z_size), 0, lambda dz, dlog_det: dz     # (K N, Z)
        if self.flow:
            z, log_det, flow_back = self.flow(z)
        numbers, decoder_back = self.networks["decoder"](z, phase, POSTERIOR)
        losses, dnumbers = self.likelihood.loss(numbers, ga.concatenate(*[x] * samples))
        log_ratio = log_q - (log_det + ga.log_prior(z)).reshape(samples, n)

        def pullback(dlog_w):
            d = dlog_w.reshape(-1)                                            # (K N,)
            dz = decoder_back(dnumbers * -d.reshape(-1, *[1] * (dnumbers.ndim - 1))) - d[:, None] * z
            dz0 = flow_back(dz, d).reshape(noise.shape)
            dh = ga.sample_posterior_grad(dz0, -dlog_w, h, noise, self.log_var_bound)
            encoder_back(dh, need_dx=False)

        return -losses.reshape(samples, n), log_ratio, pullback

    def posterior(self, x, attributes=None):
        return super().posterior(_shown(x), attributes)

    def test_metrics(self, x):
        """The bound of images x with as many samples as in training, each time with the same draws."""
        start = ga.zeros((1,), np.uint64, x)
        noise = ga.normal((self.samples, len(x), self.z_size), self.seed, start, _SAMPLES)
        log_p, log_ratio, _ = self.log_weights(self.observe(x, start), noise.astype(self.dtype, copy=False))
        bounds, _ = ga.importance_bound(log_p - log_ratio)
        return {"test_bound": float(ga.to_host(ga.total(bounds))[0]) / len(x)}

    def input_shape(self, name, image_shape):
        return super().input_shape("decoder" if name == "flow" else name, image_shape)

    def decode(self, z, attributes=None):
        """Expected images of z (N, Z) of q(z|x), before any flow."""
        return super().decode(self.flow(z)[0] if self.flow else z, attributes)

    def _decode(self, z, path, attributes):
        return self.likelihood.mean(super()._decode(z, path, attributes))
