"""Contracts: what an operation asks of its arguments, checked in one call that also picks the backend.

    backend = checked("conv2d_weight_grad", stride=(stride, STRIDE), x=(x, "N H W C", "T"),
                      dy=(dy, "N H/stride W/stride K", "T"), dw=(dw, "k k C K", "P"), weight=(weight, FINITE))

An array comes with its axes and its type. An axis is
    N           a name: the same size wherever it stands in the call
    9           a size
    2Z          a multiple of a named size
    H/stride    a named size divided by another, rounded up
    ...         any number of axes: the same ones wherever '...' stands in the call
A type is a name of NumPy's, or
    T           the type of activations: float32, float64 (CPU) or bfloat16 (GPU), the same in the whole call
    P           the type of parameters, statistics and sums: float32 beside bfloat16, else the same as T
    W           the type of weights: P, or T where they are rounded already
    None        the array may be left out
or several of these with '|' in between. Arrays must also be C-contiguous, not empty, small enough for the
backend, and all on one device. A tuple of axes asks for a tuple of arrays.

Any other value comes with a rule of gpuarray.rules. Axes alone, as in y="N H/stride W/stride K", are the
shape of the result, which must be small enough too; a number alone is a size that is known.

A training step calls its operations with the same shapes, types and values over and over. What has passed
once is remembered, and passes from then on for the price of a look-up.
"""
import math

import numpy as np

from gpuarray.dispatch import backend_of_type
from gpuarray.errors import ArgumentError

_PARAMETER_TYPE = {"float32": "float32", "float64": "float64", "bfloat16": "float32"}     # T -> P
_MOST_REMEMBERED = 10_000
_passed = {}                # calls that were in order: all that checks look at -> backend


def checked(operation, **arguments):
    """The backend that serves the arrays. Raises ArgumentError for what breaks the contract, in one line."""
    key = [operation]
    for argument in arguments.values():
        if type(argument) is tuple:
            key.append(_facts(argument[0]))
            key += argument[1:]
        else:
            key.append(argument)
    key = tuple(key)
    try:
        return _passed[key]
    except (KeyError, TypeError):           # TypeError: a value without a hash, which no rule allows
        backend = _Call(operation).check(arguments)
    if len(_passed) >= _MOST_REMEMBERED:
        _passed.clear()
    _passed[key] = backend
    return backend


def check_value(operation, name, value, rule):
    """Does the rule allow the value?"""
    if not rule.allows(value):
        raise ArgumentError(f"{operation}: {name} is {_in_words(value)}, expected {rule}")


def check_size(operation, name, elements, backend):
    """Can the backend index an array of so many elements?"""
    if not 0 < elements <= backend.MOST_ELEMENTS:
        raise ArgumentError(f"{operation}: {name} has {elements:,} elements, expected 1 to "
                            f"{backend.MOST_ELEMENTS:,}: use another batch size")


def check_precision(operation, backend, x, tf32):
    """Can the backend multiply numbers of x's type, and round float32 ones to tf32 if asked?"""
    if tf32 or x.dtype.itemsize == 2:           # bfloat16
        reason = backend.why_not("tf32" if tf32 else "bf16", x)
        if reason:
            raise ArgumentError(f"{operation}: {reason}")


def _facts(value):
    """What checks look at in a value, in a form that can be looked up."""
    if type(value) is np.ndarray:
        return value.shape, value.dtype, value.flags.c_contiguous
    if isinstance(value, (tuple, list)):
        return tuple(map(_facts, value))
    if hasattr(value, "flags"):
        return type(value), value.shape, value.dtype, value.flags.c_contiguous, _device(value)
    return type(value), value


def _device(array):
    return str(getattr(array, "device", "cpu"))           # NumPy's arrays have it from 2.0 on


def _in_words(value):
    if getattr(value, "shape", ()):
        return f"an array of shape {tuple(value.shape)}"
    return repr(value).partition("\n")[0][:60]


class _Call:
    """What the arguments have told so far: sizes and types by name, the first array, its place."""

    def __init__(self, operation):
        self.operation, self.sizes, self.types = operation, {}, {}
        self.first = self.backend = self.device = None

    def check(self, arguments):
        """The backend, if all arguments keep their contracts."""
        for name, argument in arguments.items():
            if isinstance(argument, str):
                shape = [self._size(axis) for axis in argument.split()]
                check_size(self.operation, name, math.prod(shape), self.backend)
            elif not isinstance(argument, tuple):
                self.sizes[name] = argument
            elif len(argument) == 2:
                check_value(self.operation, name, *argument)
                self.sizes[name] = argument[0]
            elif isinstance(argument[1], tuple):
                self._check_arrays(name, *argument)
            else:
                self._check_array(name, *argument)
        return self.backend

    def _refuse(self, what):
        raise ArgumentError(f"{self.operation}: {what}")

    def _check_arrays(self, name, arrays, axes_of_each, types):
        if arrays is None and types.endswith("|None"):
            return
        if not isinstance(arrays, (tuple, list)) or len(arrays) != len(axes_of_each):
            expected = f"a tuple of {len(axes_of_each)} arrays"
            self._refuse(f"{name} is a {type(arrays).__name__}, expected {expected}")
        for number, (array, axes) in enumerate(zip(arrays, axes_of_each)):
            self._check_array(f"{name}[{number}]", array, axes, types.removesuffix("|None"))

    def _check_array(self, name, array, axes, types):
        axes, types = axes.split(), types.split("|")
        if array is None and "None" in types:
            return
        self._check_device(name, array)
        shape, known = tuple(array.shape), dict(self.sizes)
        if not self._has_axes(shape, axes):
            self._refuse(f"{name} has shape {shape}, expected ({', '.join(axes)}){self._given(axes, known)}")
        dtype = array.dtype.name
        allowed = [name for word in types for name in self._allowed(word)]
        if dtype not in allowed:
            self._refuse(f"{name} is {dtype}, expected {' or '.join(dict.fromkeys(allowed))}: convert it")
        if "T" in types:
            self.types |= {"T": dtype, "P": _PARAMETER_TYPE.get(dtype)}
        elif "P" in types:
            self.types.setdefault("P", dtype)
        check_size(self.operation, name, array.size, self.backend)
        if not array.flags.c_contiguous:
            self._refuse(f"{name}, shape {shape}, is not C-contiguous: copy it")

    def _check_device(self, name, array):
        try:
            backend = backend_of_type(type(array))
        except ArgumentError as error:
            raise ArgumentError(f"{self.operation}: {name}: {error}") from error
        device = _device(array)
        if self.backend is None:
            self.first, self.backend, self.device = name, backend, device
        elif (backend, device) != (self.backend, self.device):
            self._refuse(f"arrays on different devices ({self.first} on {self.device}, {name} on {device}): "
                         "move them to one")

    def _has_axes(self, shape, axes):
        if "..." in axes:
            at, count = axes.index("..."), len(shape) - len(axes) + 1
            if count < 0:
                return False
            shape = *shape[:at], shape[at:at + count], *shape[at + count:]
        return len(shape) == len(axes) and all(
            self._size(axis, found) == found for axis, found in zip(axes, shape))

    def _size(self, axis, found=None):
        """What an axis must be; a name that is new takes the size that was found."""
        if axis.isidentifier() or axis == "...":
            return self.sizes.setdefault(axis, found)
        if axis.isdecimal():
            return int(axis)
        if "/" in axis:
            size, divisor = map(self.sizes.__getitem__, axis.split("/"))
            return -(-size // divisor)
        times, name = int(axis[0]), axis[1:]
        if name not in self.sizes:
            self.sizes[name] = found // times
        return times * self.sizes[name]

    def _given(self, axes, known):
        """The sizes that these axes had to have, from what was known before, in words."""
        self.sizes = known
        given = [f"{axis} = {self._size(axis)}" for axis in dict.fromkeys(axes)
                 if axis in known or axis[1:] in known or "/" in axis]
        return f" with {', '.join(given)}" if given else ""

    def _allowed(self, word):
        """The types that a word stands for, as far as is known."""
        if word in self.types:
            return [self.types[word]]
        if word == "T":
            return self.backend.FLOATING
        if word == "W":
            return [*self._allowed("P"), *self._allowed("T")]
        if word == "P":
            return [_PARAMETER_TYPE[name] for name in self.backend.FLOATING]
        return [] if word == "None" else [word]
