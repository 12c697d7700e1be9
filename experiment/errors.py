"""How a run can end badly. Every message is one line: what is wrong, where, what to do."""


class UsageError(ValueError):
    """Wrong use: a flag, a folder or a file that cannot be used. Exit status 2."""


class Diverged(RuntimeError):
    """A loss or a parameter is no longer a finite number. Exit status 1."""


class Interrupted(Exception):
    """A signal ended the run; its state is saved if training had begun. Exit status 128 + signal number."""

    def __init__(self, signal_number, message="interrupted"):
        super().__init__(message)
        self.signal_number = signal_number
