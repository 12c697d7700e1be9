"""What the data layer raises."""


class DataError(ValueError):
    """Images or lists that cannot be used. The message is one line: what is wrong, where, what to do."""
