"""The PyTorch peer of benchmarks/torch_step.py on a GPU: noise made there, precisions, compiled or as a graph."""
import torch

from benchmarks.torch_step import TorchVAEGAN


class Twin(TorchVAEGAN):
    """variant: 'eager' is the idiomatic form; the others are the tuned one, 'compile...' through torch.compile.

    precision: 'bf16' is autocast, float32 weights; 'tf32' and 'fp32' are PyTorch's own switches. Where a step is
    to be recorded ('...graph') the optimisers keep their counters on the device.
    """

    def __init__(self, model, size, variant, precision, device):
        super().__init__(model, size, tuned=variant != "eager")
        self.device, self.precision = device, precision
        for module in self.modules.values():
            module.to(device)
        self.optimisers = [
            torch.optim.RMSprop(module.parameters(), lr=model.learning_rate, alpha=0.9, eps=1e-8, foreach=True,
                                capturable=device == "cuda" and variant.endswith("graph"))
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
