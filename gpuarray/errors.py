"""What the array layer raises. Every message is one line: what was wrong, what was expected, what to do."""


class ArgumentError(ValueError):
    """An array or number that an operation does not take (shape, type, layout, size, mixed devices)."""


class DeviceError(RuntimeError):
    """A device that cannot be used: no driver, no CuPy, a card too old, out of memory."""


class ProcessError(RuntimeError):
    """Another process of the group has failed, so that nothing can be summed any more."""
