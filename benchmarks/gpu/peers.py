"""What PyTorch has for each kernel of ours, cuDNN's and cuBLAS's underneath.

Each takes tensors in the layouts of gpuarray.operations, brings them once into the form that PyTorch is fastest with
(channels last), and returns the call to be timed, whose results are in our layouts again.
"""
import torch
import torch.nn.functional as F

ACTIVATIONS = {"linear": lambda y: y, "relu": torch.relu, "tanh": torch.tanh}


def _images(x):                     # (N, H, W, C) -> channels last (N, C, H, W), the same memory
    return x.permute(0, 3, 1, 2) if x.ndim == 4 else x


def _filters(w):                    # (k, k, C, K) -> (K, C, k, k)
    return w.permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)


def _back(y):
    return y.permute(0, 2, 3, 1) if y.ndim == 4 else y


def conv2d(stride, activation):
    def prepare(x, w, bias=None):
        x, w, act = _images(x), _filters(w), ACTIVATIONS[activation]
        bias = None if bias is None else bias.to(x.dtype)
        return lambda: [_back(act(F.conv2d(x, w, bias, stride, padding=w.shape[-1] // 2)))]
    return prepare


def conv2d_input_grad(stride):
    def prepare(dy, w):
        dy, w, half = _images(dy), _filters(w), w.shape[0] // 2
        return lambda: [_back(F.conv_transpose2d(dy, w, None, stride, half, output_padding=stride - 1))]
    return prepare


def conv2d_weight_grad(stride):
    def prepare(x, dy, dw):
        x, dy, w, half = _images(x), _images(dy), _filters(dw).to(x.dtype), [dw.shape[0] // 2] * 2

        def call():
            _, gradient, _ = torch.ops.aten.convolution_backward(
                dy, x, w, None, [stride] * 2, half, [1, 1], False, [0, 0], 1, [False, True, False])
            return [gradient.permute(2, 3, 1, 0)]
        return call
    return prepare


def dense(activation):
    def prepare(x, w, bias=None):
        act, bias = ACTIVATIONS[activation], None if bias is None else bias.to(x.dtype)
        return lambda: [act(x @ w if bias is None else torch.addmm(bias, x, w))]
    return prepare


def dense_input_grad(dy, w):
    return lambda: [dy @ w.T]


def dense_weight_grad(x, dy, dw):
    return lambda: [x.T @ dy]


def batchnorm(eps):
    def prepare(x, gamma, beta, mean, var):
        x, running = _images(x), (torch.zeros_like(gamma), torch.ones_like(gamma))
        return lambda: [_back(F.relu(F.batch_norm(x, *running, gamma, beta, True, 0.1, eps)))]
    return prepare


def batchnorm_grad(eps):
    def prepare(dy, x, gamma, beta, *others):
        x, gamma, beta = (tensor.detach().requires_grad_() for tensor in (_images(x), gamma, beta))
        dy, y = _images(dy), F.relu(F.batch_norm(x, None, None, gamma, beta, True, 0.1, eps))

        def call():
            dx, dgamma, dbeta = torch.autograd.grad(y, (x, gamma, beta), dy, retain_graph=True)
            return [_back(dx), dgamma, dbeta]
        return call
    return prepare


def bias_activation_grad(dy, y, dbias):
    def call():
        da = torch.ops.aten.threshold_backward(dy, y, 0)
        return [da, da.sum(tuple(range(da.ndim - 1)), dtype=torch.float32)]
    return call


def feature_loss(a, b):
    def call():
        d = a - b
        return [0.5 * torch.sum(torch.square(d), dtype=torch.float32).reshape(1), d]
    return call


def rmsprop_step(p, g, ms, lr):
    def call():
        ms.mul_(0.9).addcmul_(g, g, value=0.1)
        p.sub_(g.div_(ms.sqrt().add_(1e-8)).mul_(lr))
        g.zero_()
        return []
    return call


def concatenate(a, b):
    return lambda: [torch.cat([a, b])]


def cast(dtype):
    return lambda x: lambda: [x.to(getattr(torch, dtype))]
