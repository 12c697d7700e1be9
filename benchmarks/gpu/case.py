"""One kernel's work: what it takes and gives, our call, PyTorch's."""
from dataclasses import dataclass
from math import prod


@dataclass
class Case:
    """inputs, outputs: (kind, shape) each; kind 'x' is an activation in the precision's type, 'p' a float32 array,
    'v' one of numbers above 0, '0' one of zeros, 'u8' of bytes.

    ours(*arrays, tf32) -> outputs that are compared with PyTorch's. peer: name in benchmarks.gpu.peers and its
    options; None: a few small kernels have none. flop: of a product, counted plainly; 0: bound by memory.
    settle(arrays) -> arrays, where some follow from others.
    """
    operation: str
    layer: str
    inputs: list
    outputs: list
    ours: object
    peer: tuple = None
    flop: int = 0
    settle: object = list

    @property
    def shapes(self):
        return " ".join("x".join(map(str, shape)) for _, shape in self.inputs[:2])

    def runs_in(self, precision):
        """Is this another kernel in that precision?"""
        if precision == "tf32":
            return self.flop > 0
        half = any(kind == "x" for kind, _ in (*self.inputs, *self.outputs))
        return half if precision == "bf16" else self.operation != "cast"

    def nbytes(self, precision):
        """Each input read once and each output written once."""
        size = {"x": 2 if precision == "bf16" else 4, "p": 4, "v": 4, "0": 4, "u8": 1}
        return sum(prod(shape) * size[kind] for kind, shape in (*self.inputs, *self.outputs))
