"""PyTorch's side: the training step on a GPU, and what it has for each operation of ours (cuDNN, cuBLAS).

An operation here takes the arguments of its namesake in gpuarray.operations, as tensors. It brings them once
into the form that PyTorch is fastest with (channels last), and returns the call to be timed. The call returns
a list in our layouts: what the operation returns, then what it adds to.
"""
import torch
import torch.nn.functional as F

from benchmarks.torch_step import TorchVAEGAN

ACTIVATIONS = {"linear": lambda y: y, "relu": torch.relu, "tanh": torch.tanh}
GRADIENTS = {"linear": lambda dy, y: dy, "tanh": torch.ops.aten.tanh_backward,
             "relu": lambda dy, y: torch.ops.aten.threshold_backward(dy, y, 0)}


class TorchStep(TorchVAEGAN):
    """The step of benchmarks/torch_step.py on a GPU, with noise made there.

    variant: 'eager' is the idiomatic form; the others are the tuned one, 'compile...' through torch.compile.
    precision: 'bf16' is autocast, float32 weights; 'tf32' and 'fp32' are PyTorch's own switches. Where a step
    is to be recorded ('...graph'), the optimisers keep their counters on the device.
    """

    def __init__(self, model, size, variant, precision, device):
        super().__init__(model, size, tuned=variant != "eager")
        self.device, self.precision = device, precision
        for module in self.modules.values():
            module.to(device)
        options = dict(lr=model.learning_rate, alpha=0.9, eps=1e-8, foreach=True,
                       capturable=device == "cuda" and variant.endswith("graph"))
        self.optimisers = [torch.optim.RMSprop(module.parameters(), **options)
                           for module in self.modules.values()]
        if variant.startswith("compile"):
            # Without a GPU the tracing is tried and the compiler left out: it would take minutes.
            backend = "inductor" if device == "cuda" else "aot_eager"
            self.losses = torch.compile(self.losses, dynamic=False, backend=backend)

    def gradients(self, x):
        """As TorchVAEGAN's, but of images (N, 3, S, S) on the device, with noise of its own."""
        noise, z_p = torch.randn(2, len(x), self.model.z_size, device=self.device)
        with torch.autocast(self.device, torch.bfloat16, enabled=self.precision == "bf16"):
            losses = self.losses(x, noise, z_p)
        self.backward(losses)


def _images(x):                     # (N, H, W, C) -> channels last (N, C, H, W), the same memory
    return x.permute(0, 3, 1, 2) if x.ndim == 4 else x


def _filters(w, like):              # (k, k, C, K) -> (K, C, k, k) of like's type
    return w.permute(3, 2, 0, 1).to(like.dtype, memory_format=torch.channels_last)


def _ours(y):
    return y.permute(0, 2, 3, 1) if y.ndim == 4 else y


def conv2d(x, w, stride, bias, activation, **_):
    x, w, act = _images(x), _filters(w, x), ACTIVATIONS[activation]
    bias = None if bias is None else bias.to(x.dtype)
    return lambda: [_ours(act(F.conv2d(x, w, bias, stride, padding=w.shape[-1] // 2)))]


def conv2d_input_grad(dy, w, stride, **_):
    dy, w, pad = _images(dy), _filters(w, dy), w.shape[0] // 2
    return lambda: [_ours(F.conv_transpose2d(dy, w, None, stride, pad, output_padding=stride - 1))]


def conv2d_weight_grad(x, dy, dw, stride, **_):
    x, dy, w, pad = _images(x), _images(dy), _filters(dw, x), [dw.shape[0] // 2] * 2

    def call():
        _, gradient, _ = torch.ops.aten.convolution_backward(
            dy, x, w, None, [stride] * 2, pad, [1, 1], False, [0, 0], 1, [False, True, False])
        return [gradient.permute(2, 3, 1, 0)]
    return call


def dense(x, w, bias, activation, **_):
    w, act, bias = w.to(x.dtype), ACTIVATIONS[activation], None if bias is None else bias.to(x.dtype)
    return lambda: [act(x @ w if bias is None else torch.addmm(bias, x, w))]


def dense_input_grad(dy, w, **_):
    w = w.to(dy.dtype)
    return lambda: [dy @ w.T]


def dense_weight_grad(x, dy, **_):
    return lambda: [x.T @ dy]


def batchnorm(x, gamma, beta, eps, **_):
    x, running = _images(x), (torch.zeros_like(gamma), torch.ones_like(gamma))
    return lambda: [_ours(F.relu(F.batch_norm(x, *running, gamma, beta, True, 0.1, eps)))]


def batchnorm_grad(dy, x, gamma, beta, statistics, **_):
    eps = 1e-6 if x.ndim == 4 else 1e-5                     # of nets.layers; ours takes the statistics
    x, gamma, beta = (tensor.detach().requires_grad_() for tensor in (_images(x), gamma, beta))
    dy, y = _images(dy), F.relu(F.batch_norm(x, None, None, gamma, beta, True, 0.1, eps))

    def call():
        dx, dgamma, dbeta = torch.autograd.grad(y, (x, gamma, beta), dy, retain_graph=True)
        return [_ours(dx), dgamma, dbeta]
    return call


def bias_activation_grad(dy, y, activation, **_):
    def call():
        da = GRADIENTS[activation](dy, y)
        return [da, da.sum(tuple(range(da.ndim - 1)), dtype=torch.float32)]
    return call


def feature_loss(a, b):
    def call():
        d = a - b
        return [0.5 * torch.sum(torch.square(d), dtype=torch.float32).reshape(1), d]
    return call


def rmsprop_step(p, g, ms, lr, decay, eps, **_):
    def call():
        ms.mul_(decay).addcmul_(g, g, value=1 - decay)
        p.sub_(g.div_(ms.sqrt().add_(eps)).mul_(lr))
        g.zero_()
        return []
    return call


def concatenate(arrays, axis=0):
    return lambda: [torch.cat(arrays, axis)]


def cast(x, dtype):
    return lambda: [x.to(getattr(torch, str(dtype)))]
