"""What a launcher asks of its arguments before a kernel may trust them; where not, ArgumentError."""
from math import prod
from types import SimpleNamespace

from gpuarray.cuda.runtime import runtime_of
from gpuarray.errors import ArgumentError

MAX_ELEMENTS = 2 ** 31 - 1           # kernels index with 32 bits
FLOATING = ("float32", "bfloat16")   # what activations are made of


def check_arrays(operation, axes=None, **arrays):
    """Hold arrays to their shapes and types; the sizes and types that were met, by letter.

        axes = check_arrays("conv2d", x=(x, "N H W C", "T"), w=(w, "k k C K", "float32"))
        axes.N, axes.T                  # 64, 'float32'

    Each array comes with the names of its axes, one size each wherever a name stands; '...' stands for any
    number of leading axes, a number for itself. The type is a name, or 'T': float32 or bfloat16, the same for
    all. None, an absent optional array, passes. `axes`, from an earlier call, are sizes that are known
    already. Arrays must be C-contiguous, not empty, of at most 2^31 - 1 elements, and all on one device.
    """
    axes = axes or SimpleNamespace()
    devices = {}
    for name, (array, shape, dtype) in arrays.items():
        if array is None:
            continue
        try:
            runtime = runtime_of(array)
        except ArgumentError as error:
            raise ArgumentError(f"{operation}: {name}: {error}") from error
        devices.setdefault((id(runtime), str(array.device)), (name, str(array.device)))
        _check_shape(operation, name, array.shape, shape.split(), axes)
        _check_type(operation, name, array.dtype.name, dtype, axes)
        check_size(operation, name, array.shape)
        if not array.flags.c_contiguous:
            raise ArgumentError(f"{operation}: {name}, shape {array.shape}, is not C-contiguous: copy it")
    if len(devices) > 1:
        places = ", ".join(f"{name} on {device}" for name, device in devices.values())
        raise ArgumentError(f"{operation}: arrays on different devices ({places}): move them to one")
    return axes


def check_size(operation, name, shape):
    """Can kernels index an array of this shape? Asked of what an operation returns before it is made."""
    size = prod(shape)
    if not 0 < size <= MAX_ELEMENTS:
        raise ArgumentError(f"{operation}: {name} has {size:,} elements, expected 1 to {MAX_ELEMENTS:,}: "
                            "use another batch size")


def check_choice(operation, name, value, choices):
    """value, if it is one of `choices`."""
    if value not in choices:
        expected = ", ".join(map(repr, choices))
        raise ArgumentError(f"{operation}: {name} is {value!r}, expected one of {expected}")
    return value


def check_range(operation, name, value, low, high=MAX_ELEMENTS):
    """value, if it is a whole number from low to high."""
    if isinstance(value, bool) or int(value) != value or not low <= value <= high:
        raise ArgumentError(f"{operation}: {name} is {value!r}, expected a whole number from {low} to {high}")
    return int(value)


def check_capability(operation, like, lowest, what):
    """Does the card of `like` have compute capability `lowest`, (major, minor), which `what` needs?"""
    has = runtime_of(like).capability
    if has < lowest:
        raise ArgumentError(f"{operation}: {what} needs compute capability {lowest[0]}.{lowest[1]}, "
                            f"this card has {has[0]}.{has[1]}: use fp32")


def _check_shape(operation, name, got, wanted, axes):
    known = dict(vars(axes))                    # before this array
    names, sizes = list(wanted), list(got)
    if wanted[0] == "...":
        leading = max(0, len(got) - len(wanted) + 1)
        sizes = [tuple(got[:leading]), *got[leading:]]
        names[0] = "leading"
    fits = len(sizes) == len(names) and all(
        int(axis) == size if axis.isdigit() else vars(axes).setdefault(axis, size) == size
        for axis, size in zip(names, sizes))
    if not fits:
        shown = dict(zip(names, wanted))
        given = [f"{shown[axis]} = {known[axis]}" for axis in shown if axis in known]
        raise ArgumentError(f"{operation}: {name} has shape {tuple(got)}, expected ({', '.join(wanted)})"
                            + (f" with {', '.join(given)}" if given else ""))


def _check_type(operation, name, got, wanted, axes):
    allowed = (getattr(axes, wanted),) if hasattr(axes, wanted) else FLOATING if wanted == "T" else (wanted,)
    if got not in allowed:
        raise ArgumentError(f"{operation}: {name} is {got}, expected {' or '.join(allowed)}: convert it")
    if wanted == "T":
        axes.T = got
