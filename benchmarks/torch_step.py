"""The training step of nets.VAEGAN in PyTorch, the peer of benchmarks/train_step.py: the same networks,
weights and noise.

Two forms. Idiomatic: three losses, a gradient for each network, in PyTorch's own layout (N, C, H, W). Tuned:
channels last, one backward pass in which the gradients are scaled on their way (gamma, the sign of the game),
foreach optimisers.
"""
import torch
from torch import nn

from nets.layers import Conv, Dense, UpConv
from nets.model import POSTERIOR, PRIOR


class Scale(torch.autograd.Function):
    """The identity, whose gradient is multiplied with `factor` on its way back."""

    @staticmethod
    def forward(ctx, x, factor):
        ctx.factor = factor
        return x.view_as(x)

    @staticmethod
    def backward(ctx, dy):
        return dy * ctx.factor, None


class TorchVAEGAN:
    """The twin of a nets.VAEGAN (fakes from the prior, minimax game, no gate), built on its weights.

    size: side of the images. tuned: which of the two forms. Gradients stay in `.grad` of the modules'
    parameters until `update`; `gradient(name)` gives those of a network as one array in the order and layout
    of the nets.Network.
    """

    def __init__(self, model, size, tuned):
        self.model, self.tuned = model, tuned
        self.dtype = torch.float64 if model.dtype == "float64" else torch.float32
        shapes = {"encoder": (size, size, 3), "decoder": (model.z_size,), "discriminator": (size, size, 3)}
        self.pairs, self.modules = {}, {}
        for name, network in model.networks.items():
            modules, self.pairs[name] = _modules(network, shapes[name])
            self.modules[name] = nn.Sequential(*modules).to(self.dtype)
            for layer, module, norm, shape in self.pairs[name]:
                _load(layer, module, norm, shape)
        discriminator = model.networks["discriminator"]
        feature_layer = next(pair for pair in self.pairs["discriminator"]
                             if pair[0].name == discriminator.feature_layer)
        modules = list(self.modules["discriminator"])
        self.features = nn.Sequential(*modules[:modules.index(feature_layer[1]) + 1])
        if tuned:
            for module in self.modules.values():
                module.to(memory_format=torch.channels_last)
        self.optimisers = [
            torch.optim.RMSprop(module.parameters(), lr=model.learning_rate, alpha=0.9, eps=1e-8,
                                foreach=tuned)
            for module in self.modules.values()]

    def step(self, x):
        """One training step on x (N, S, S, 3), a NumPy array."""
        self.gradients(x)
        for optimiser in self.optimisers:
            optimiser.step()
            optimiser.zero_grad()

    def gradients(self, x):
        """Leave the gradients of Algorithm 1 in the parameters' `.grad`."""
        model, n = self.model, len(x)
        noise, z_p = (torch.from_numpy(model.noise(n, stream)) for stream in (POSTERIOR, PRIOR))
        x = torch.from_numpy(x).permute(0, 3, 1, 2)        # channels last as it comes
        if not self.tuned:
            x = x.contiguous()
        self.backward(self.losses(x, noise, z_p))

    def losses(self, x, noise, z_p):
        """What `backward` takes, of images x (N, 3, S, S) and noise (N, Z) twice: forwards alone."""
        return (self._one_loss if self.tuned else self._three_losses)(x, noise, z_p)

    def backward(self, losses):
        """Leave the gradients in the parameters' `.grad`."""
        if self.tuned:
            losses.backward()
            return
        for name, loss in losses.items():
            parameters = list(self.modules[name].parameters())
            gradients = torch.autograd.grad(loss, parameters, retain_graph=name != "discriminator")
            for parameter, gradient in zip(parameters, gradients):
                parameter.grad = gradient

    def _three_losses(self, x, noise, z_p):
        z, kl = self._encode(x, noise)
        decoder, gamma = self.modules["decoder"], self.model.gamma
        llike = self._feature_loss(self.features, decoder(z), x)
        gan = self._cost(x, decoder(z_p))
        return {"encoder": kl + llike,
                "decoder": gamma * llike - (1 - gamma) / (1 - self.model.real_weight) * gan,
                "discriminator": gan}

    def _one_loss(self, x, noise, z_p):
        z, kl = self._encode(x, noise)
        decoder, gamma = self.modules["decoder"], self.model.gamma
        x_rec = Scale.apply(decoder(Scale.apply(z, 1 / gamma)), gamma)       # Dec takes gamma of it, Enc all
        frozen = {name: value.detach() for name, value in self.features.named_parameters()}
        llike = self._feature_loss(lambda both: torch.func.functional_call(self.features, frozen, both),
                                   x_rec, x)
        # Dec climbs, by fakes without their weight.
        fakes = Scale.apply(decoder(z_p), (gamma - 1) / (1 - self.model.real_weight))
        return kl + llike + self._cost(x, fakes)

    def _encode(self, x, noise):
        mean, raw = self.modules["encoder"](x).chunk(2, dim=1)
        bound = self.model.log_var_bound
        log_var = raw if bound is None else bound * torch.tanh(raw / bound)
        kl = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum()
        return mean + (0.5 * log_var).exp() * noise, kl

    def _feature_loss(self, features, x_rec, x):
        found, wanted = features(torch.cat([x_rec, x])).chunk(2)
        return 0.5 * (found - wanted.detach()).square().sum()

    def _cost(self, x, fakes):
        """L_GAN of Dis, as a cost."""
        d = torch.sigmoid(self.modules["discriminator"](torch.cat([x, fakes])))
        eps, weight = self.model.eps, self.model.real_weight
        real, fake = torch.log(d[:len(x)] + eps), torch.log(1 - d[len(x):] + eps)
        return -weight * real.sum() - (1 - weight) * fake.sum()

    def gradient(self, name):
        """{layer: (gradient of the weights, of gamma or the bias)} of a network, in the layout of nets."""
        return {layer.name: (_weights_from_torch(layer, module.weight.grad, shape),
                             _units_from_torch(layer, (norm.weight if norm else module.bias).grad))
                for layer, module, norm, shape in self.pairs[name]}


def _modules(network, shape):
    """A nets.Network of inputs `shape` (no N) in PyTorch: modules, [(layer, module, norm, input shape)]."""
    modules, pairs = [], []
    for layer in network.layers:
        biased = layer.norm is None
        if isinstance(layer, Conv):
            side, _, c, channels = layer.weights.shape
            module = nn.Conv2d(c, channels, side, layer.stride, padding=(side - 1) // 2, bias=biased)
        elif isinstance(layer, UpConv):
            side, _, channels, c = layer.weights.shape
            module = nn.ConvTranspose2d(c, channels, side, layer.stride, padding=(side - 1) // 2,
                                        output_padding=layer.stride - 1, bias=biased)
        else:
            modules += [nn.Flatten()] if len(shape) > 1 else []
            module = nn.Linear(*layer.weights.shape, bias=biased)
        norm = None
        if layer.norm:
            kind = nn.BatchNorm1d if isinstance(layer, Dense) else nn.BatchNorm2d
            norm = kind(layer.norm.gamma.shape[0], layer.norm.eps)
        pairs.append((layer, module, norm, shape))
        activation = {"relu": [nn.ReLU(inplace=True)], "tanh": [nn.Tanh()], "linear": []}[layer.activation]
        modules += [module, *([norm] if norm else []), *activation]
        shape = layer.output_shape(shape)
        if isinstance(layer, Dense) and len(shape) > 1:
            modules.append(nn.Unflatten(1, (shape[2], *shape[:2])))
    return modules, pairs


def _load(layer, module, norm, shape):
    with torch.no_grad():
        weights = torch.from_numpy(layer.weights.value)
        if isinstance(layer, Dense):
            weights = _to_channels_first(_to_channels_first(weights, shape, 0), layer.out_shape, 1).T
        else:
            weights = weights.permute(3, 2, 0, 1)
        module.weight.copy_(weights)
        units = [(module.bias, layer.bias)]
        if norm is not None:
            units = [(norm.weight, layer.norm.gamma), (norm.bias, layer.norm.beta)]
        for target, source in units:
            values = torch.from_numpy(source.value)
            target.copy_(_to_channels_first(values, getattr(layer, "out_shape", ()), 0))


def _weights_from_torch(layer, gradient, shape):
    if isinstance(layer, Dense):
        return _to_channels_last(_to_channels_last(gradient.T, shape, 0), layer.out_shape, 1).numpy()
    return gradient.permute(2, 3, 1, 0).numpy()


def _units_from_torch(layer, gradient):
    return _to_channels_last(gradient, getattr(layer, "out_shape", ()), 0).numpy()


def _to_channels_first(array, shape, axis):
    """The axis of flattened images `shape` = (H, W, C) in the order (C, H, W); other shapes stay."""
    if len(shape) < 3:
        return array
    return array.unflatten(axis, shape).movedim(axis + 2, axis).flatten(axis, axis + 2)


def _to_channels_last(array, shape, axis):
    if len(shape) < 3:
        return array
    return array.unflatten(axis, (shape[2], *shape[:2])).movedim(axis, axis + 2).flatten(axis, axis + 2)
