"""Every operation of the library: what it computes, for which shapes, and where it comes from.

Each is a pure function of its arrays (what it updates in place is named so) and is written twice: `gpuarray.cpu` in
NumPy, which computes in the type it is given (float32; float64 for checks), and `gpuarray.cuda` in hand-written kernels
(float32; bfloat16 activations with float32 parameters, statistics and sums). The NumPy backend is the oracle of the other.

Axes, one letter each through the whole code:
    N images, H x W pixels, C channels in, K channels out, k kernel side, s stride, D inputs and K outputs of a dense
    layer, Z latent dimensions. Images and features are (N, H, W, C), convolution weights (k, k, C, K).
Activations: 'linear', 'relu', 'tanh'.
Gradients: those of activations are returned; those of parameters are added, times `weight`, to the array given.
`tf32=True` lets the CUDA backend round float32 factors to tf32 (10 bits of mantissa); the NumPy backend
refuses it.
All arrays are C-contiguous. Wrong shapes and types raise ArgumentError.
"""
from gpuarray.dispatch import backend_of


# ---------------------------------------------------------------------------------------------- convolution

def conv2d(x, w, stride=1, bias=None, activation="linear", moments=False, tf32=False):
    """Convolution (cross-correlation) with 'same' padding: (k-1)//2 before and k//2 after, at every stride.

    x (N, H, W, C), w (k, k, C, K), bias (K,) -> y (N, ceil(H/s), ceil(W/s), K), y = activation(conv(x, w) + bias).
    moments=True returns (y, (mean, var)): mean and biased variance of y over N, H, W, (K,) each, for batchnorm.
    """
    return backend_of(x, w, bias).conv2d(x, w, stride, bias, activation, moments, tf32)


def conv2d_input_grad(dy, w, stride, size, bias=None, activation="linear", moments=False, tf32=False):
    """The gradient of conv2d to its input of `size` = (H, W); also the up-convolution, from dy to s times its size.

    dy (N, ceil(H/s), ceil(W/s), K), w (k, k, C, K) -> dx (N, H, W, C). As an up-convolution (paper, section 4: 'backward
    convolution') dy is the layer's input, w is (k, k, C_out, C_in), and bias, activation and moments mean what they
    mean in conv2d.
    """
    return backend_of(dy, w, bias).conv2d_input_grad(dy, w, stride, size, bias, activation, moments, tf32)


def conv2d_weight_grad(x, dy, dw, stride=1, weight=1.0, tf32=False):
    """dw += weight * the gradient of conv2d to its weights, in place.

    x (N, H, W, C), dy (N, ceil(H/s), ceil(W/s), K), dw (k, k, C, K). For the up-convolution x and dy change places.
    """
    backend_of(x, dy, dw).conv2d_weight_grad(x, dy, dw, stride, weight, tf32)


# ---------------------------------------------------------------------------------------------- dense

def dense(x, w, bias=None, activation="linear", moments=False, tf32=False):
    """x (N, D), w (D, K), bias (K,) -> y (N, K) = activation(x w + bias); moments as in conv2d."""
    return backend_of(x, w, bias).dense(x, w, bias, activation, moments, tf32)


def dense_input_grad(dy, w, tf32=False):
    """dy (N, K), w (D, K) -> dx (N, D)."""
    return backend_of(dy, w).dense_input_grad(dy, w, tf32)


def dense_weight_grad(x, dy, dw, weight=1.0, tf32=False):
    """dw += weight * x^T dy, in place. x (N, D), dy (N, K), dw (D, K)."""
    backend_of(x, dy, dw).dense_weight_grad(x, dy, dw, weight, tf32)


def bias_activation_grad(dy, y, activation, dbias=None, weight=1.0):
    """The way back through y = activation(a + bias): da, like dy; dbias (K,) += weight * sum of da over all but the last axis.

    Needs y alone: relu and tanh tell their derivative from their value. weight 0 or dbias None skips the sum.
    """
    return backend_of(dy, y, dbias).bias_activation_grad(dy, y, activation, dbias, weight)


# ---------------------------------------------------------------------------------------------- batch normalisation

def batchnorm(x, gamma, beta, eps, activation="relu", moments=None, running=None, momentum=0.9):
    """y = activation(gamma * (x - mean) * inv_std + beta) with the batch's own statistics over all but the last axis.

    x (..., C), gamma, beta (C,) -> y like x, (mean, inv_std) float32 (C,) each, inv_std = 1 / sqrt(biased var + eps).
    `moments` = (mean, var) where the layer before has computed them already. `running` = (mean, inv_std), updated in
    place: running = momentum * running + (1 - momentum) * batch, of the mean and of inv_std (released code).
    """
    return backend_of(x, gamma, beta).batchnorm(x, gamma, beta, eps, activation, moments, running, momentum)


def batchnorm_grad(dy, x, gamma, beta, statistics, activation, dgamma, dbeta, weight=1.0):
    """The way back through batchnorm, statistics included: dx like x; dgamma, dbeta (C,) += weight * gradient.

    Keeps x alone: the normalised value and the activation's side are computed again from it. weight 0 leaves
    dgamma and dbeta as they are. activation is 'linear' or 'relu'.
    """
    return backend_of(dy, x, gamma).batchnorm_grad(dy, x, gamma, beta, statistics, activation, dgamma, dbeta, weight)


def batchnorm_inference(x, gamma, beta, statistics, activation="relu"):
    """y = activation(gamma * (x - mean) * inv_std + beta) with given (running) statistics = (mean, inv_std)."""
    return backend_of(x, gamma, beta).batchnorm_inference(x, gamma, beta, statistics, activation)


def batchnorm_inference_grad(dy, x, gamma, beta, statistics, activation, dgamma, dbeta, weight=1.0):
    """The way back through batchnorm_inference, where the statistics are constants."""
    return backend_of(dy, x, gamma).batchnorm_inference_grad(dy, x, gamma, beta, statistics, activation, dgamma, dbeta, weight)


# ---------------------------------------------------------------------------------------------- losses

def feature_loss(a, b):
    """1/2 ||a - b||^2, summed over everything, and its gradient to a: loss float32 (1,), a - b like a.

    The negative log-likelihood of a Gaussian N(a; b, I) up to a constant: L_llike for a = Dis_l(x~), b = Dis_l(x)
    (paper, eq. 7), and the pixel likelihood of the plain VAE. b is a fixed target.
    """
    return backend_of(a, b).feature_loss(a, b)


def reparametrise(h, noise, bound):
    """z = mean + exp(log_var / 2) * noise and KL(N(mean, exp(log_var)) || N(0, I)), summed.

    h (N, 2Z) = [mean | raw], log_var = bound * tanh(raw / bound), so that no step can blow it up; noise (N, Z)
    -> z (N, Z), kl float32 (1,). Sums and z are float32 whatever h is; z takes the type of h.
    """
    return backend_of(h, noise).reparametrise(h, noise, bound)


def reparametrise_grad(dz, h, noise, bound, kl_weight=1.0):
    """The way back through reparametrise with L_prior's gradient added: dh (N, 2Z) of <dz, z> + kl_weight * kl."""
    return backend_of(dz, h, noise).reparametrise_grad(dz, h, noise, bound, kl_weight)


def gan_cost(logits, n_real, real_weight=1.0, fake_weight=1.0, eps=0.0, gate=None):
    """L_GAN as a cost, from logits, safe at any size: -log(D + eps) on real rows, -log(1 - D + eps) on the others.

    logits (N, 1), the first n_real rows real images -> report, dlogits.
    dlogits (N, 1): gradient of real_weight * sum over real + fake_weight * sum over fake costs.
    report float32 (6,): mean cost on real, on fake, mean D on real, on fake, then the gates of Dis and of Dec, 1 for
    'step', 0 for 'skip'. gate = (equilibrium, margin) as in the released code: Dis skips when either mean cost is below
    equilibrium - margin, Dec when either is above equilibrium + margin; both step if both would skip. None: both step.
    """
    return backend_of(logits).gan_cost(logits, n_real, real_weight, fake_weight, eps, gate)


def non_saturating_grad(logits, n_real, eps=0.0):
    """dlogits (N, 1) of the sum over fake rows of -log(D + eps), what Dec minimises in the non-saturating game; 0 on real rows."""
    return backend_of(logits).non_saturating_grad(logits, n_real, eps)


# ---------------------------------------------------------------------------------------------- optimisers

def rmsprop_step(p, g, ms, lr, gate=None, decay=0.9, eps=1e-8, weight_decay=0.0, n_decayed=0):
    """One step of RMSProp on flat buffers, in place: g' = g + weight_decay * p for the first n_decayed elements;
    ms = decay * ms + (1 - decay) * g'^2; p -= lr * g' / (sqrt(ms) + eps); then g = 0, ready to be added to.

    p, g, ms (P,); lr (1,) and gate (1,) float32 arrays beside them. Where gate is 0, p and ms stay (g is cleared).
    """
    backend_of(p, g, ms, lr, gate).rmsprop_step(p, g, ms, lr, gate, decay, eps, weight_decay, n_decayed)


def adam_step(p, g, m, v, t, lr, gate=None, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, n_decayed=0):
    """One step of Adam on flat buffers, in place, with g' as in rmsprop_step; t (1,) float32 counts the steps taken.

    t += 1; m, v: moving means of g' and g'^2; p -= lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps); g = 0.
    """
    backend_of(p, g, m, v, t, lr, gate).adam_step(p, g, m, v, t, lr, gate, beta1, beta2, eps, weight_decay, n_decayed)


# ---------------------------------------------------------------------------------------------- noise and images

def normal(shape, seed, counter, stream=0):
    """Standard normal noise, float32: Philox4x32-10 and Box-Muller, the same numbers on every device.

    Numbers 4i .. 4i+3 come from Philox(key = the 64-bit seed, counter = (i, stream, low and high word of counter)).
    counter: uint64 (1,) array on the device; the operation reads it, `advance` moves it.
    """
    return backend_of(counter).normal(shape, seed, counter, stream)


def advance(counter):
    """counter += 1, in place."""
    backend_of(counter).advance(counter)


def augment(images, parameters, size):
    """uint8 images with a margin to float32 in [-1, 1] at `size`, each moved and coloured by its own parameters.

    images (N, H, W, C) uint8, parameters (N, 9) float32 -> (N, size, size, C) float32.
    Output pixel (i, j) with u = j - (size-1)/2, v = i - (size-1)/2 reads, bilinearly and with clamped edges, at
    x = (W-1)/2 + p0 u + p1 v + p2, y = (H-1)/2 + p3 u + p4 v + p5. Then, on [0, 1]: c = c^p6 (gamma),
    c = clip(1/2 + p7 (c - 1/2)) (contrast), a rotation of the colour by p8 radians in the IQ plane of YIQ (3 channels
    only), clip, 2c - 1. Identity: (1, 0, 0, 0, 1, 0, 1, 1, 0); negative p0 and p3 flip.
    """
    return backend_of(images, parameters).augment(images, parameters, size)


# ---------------------------------------------------------------------------------------------- memory

def empty(shape, dtype, like):
    """An uninitialised array beside `like`."""
    return backend_of(like).empty(shape, dtype, like)


def zeros(shape, dtype, like):
    """An array of zeros beside `like`."""
    return backend_of(like).zeros(shape, dtype, like)


def host_value(x, otherwise):
    """The number in x (1,) where reading it costs nothing, on the CPU; `otherwise` where one had to wait for the device."""
    return backend_of(x).host_value(x, otherwise)


def cast(x, dtype):
    """x in another floating-point type ('float32', 'float64'; 'bfloat16' on the GPU); x itself where it has it already."""
    return backend_of(x).cast(x, dtype)


def concatenate(*arrays):
    """The arrays, one after the other along the first axis."""
    return backend_of(*arrays).concatenate(*arrays)
